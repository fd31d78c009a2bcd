"""Workbooks as sheets of text, through calamine: .xlsx, .xlsb, .xls (also WPS's .et) and .ods.

Belongs here: opening them, also under the password that Excel itself knows, and their rows as text. Does not
belong here: archives (`archive`), what a cell means. Runs in the limited child: calamine aborts the whole
process on a workbook of two far cells, and ignores the archive's checksums, which are proved here before a cell is used.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_calamine as calamine

from ingestion.readers import archive, biff, limits, ods_xml
from ingestion.readers.as_text import KEPT, as_text
from ingestion.readers.seen import Seen
from ingestion.readers.sheet_xml import SheetXml, sheet_parts
from ingestion.readers.unreadable import UnreadableError, damaged, no_table
from ingestion.readers.writing import Written, write_sheet

# The password under which Excel keeps a workbook that is only protected against changes, and opens it itself.
_DEFAULT_PASSWORD = "VelvetSweatshop"
_OLE = b"\xd0\xcf\x11\xe0"
_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # a stream of a workbook under a password
_BOOKS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))  # the stream that an .xls has
# By an entry that only this kind of archive has.
_KINDS = {"xl/workbook.xml": ".xlsx", "content.xml": ".ods"}
_LEAST = 1e-4  # below, Python shows a number with an exponent
_LARGE = 8 << 20  # bytes when unpacked: below, the proof takes no longer than a thread is worth
_DOCUMENTS = {
    "xl/workbook.bin": ("二进制工作簿（.xlsb）", "a binary workbook (.xlsb)"),
    "word/document.xml": ("Word 文档", "a Word document"),
    "ppt/presentation.xml": ("演示文稿", "a presentation"),
}


class _LockedError(UnreadableError):
    """A book under a password."""


@dataclass(frozen=True)
class _Loaded:
    """An open book and the first of its sheets, by name, until it is taken: one at a time is in memory."""

    workbook: Any
    first: dict[str, Any]

    def take(self, name: str) -> Any:
        return self.first.pop(name, None) or self.workbook.get_sheet_by_name(name)


def read_zip(path: Path, out: Path) -> list[Written] | list[archive.Member]:
    """The sheets of a workbook, or the unpacked members of any other archive."""
    with archive.opened(path) as opened:
        names = set(opened.namelist())
        kind = next((kind for entry, kind in _KINDS.items() if entry in names), None)
        if kind == ".ods" and ("mimetype" not in names or b"spreadsheet" not in opened.read("mimetype")):
            raise no_table("文字文档", "a text document")
        for entry, (zh, en) in _DOCUMENTS.items():
            if entry in names:
                raise no_table(zh, en)
        if kind is None:
            return archive.unpack_zip(opened, out)
        archive.check_size(opened, limits.INFLATED)
        loaded, seen = _loaded_and_seen(opened, path, kind, out)
    return _sheets(loaded, out, seen)


def read_ole(path: Path, out: Path) -> list[Written]:
    """The sheets of a binary workbook, or of a workbook under the password that Excel itself knows."""
    with path.open("rb") as file:
        content = file.read()
    if _PACKAGE not in content:
        if not any(book in content for book in _BOOKS):
            raise no_table("旧版 Office 文档", "an Office document that is no workbook")
        with suppress(_LockedError):
            return _sheets(_load(path, ".xls", out), out, {}, biff.look_into(path))
    plain = out / "decrypted"
    _decrypt(path, plain)
    with plain.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        return _sheets(_load(plain, ".xls", out), out, {}, biff.look_into(plain))
    sheets = read_zip(plain, out)
    if not all(isinstance(sheet, Written) for sheet in sheets):
        raise damaged("no workbook under the password")
    return [sheet for sheet in sheets if isinstance(sheet, Written)]


def _decrypt(path: Path, plain: Path) -> None:
    import msoffcrypto  # and with it cryptography: for such files only
    from msoffcrypto import exceptions

    try:
        with path.open("rb") as file, plain.open("wb") as out:
            locked = msoffcrypto.OfficeFile(file)
            locked.load_key(password=_DEFAULT_PASSWORD)
            locked.decrypt(out)
    except exceptions.InvalidKeyError:
        raise UnreadableError("workbook_protected") from None
    except (exceptions.DecryptionError, exceptions.FileFormatError, exceptions.ParseError) as error:
        if "password" in str(error).lower() or "key" in str(error).lower():
            raise UnreadableError("workbook_protected") from None
        raise damaged(error) from None


def _loaded_and_seen(
    opened: zipfile.ZipFile, path: Path, kind: str, out: Path
) -> tuple[_Loaded, dict[str, Seen]]:
    if archive.inflated(opened) < _LARGE:
        seen = _look_into(opened, kind)
        return _load(path, kind, out), seen
    # Not at the child's start, of which it would take a tenth.
    from concurrent.futures import ThreadPoolExecutor

    # calamine leaves the interpreter to the proof. What it says of a file that is not sound is nobody's concern.
    with ThreadPoolExecutor(1) as beside:
        loading = beside.submit(_load, path, kind, out)
        seen = _look_into(opened, kind)
    return loading.result(), seen


def _look_into(opened: zipfile.ZipFile, kind: str) -> dict[str, Seen]:
    """Prove the checksum of every entry; see on the way what calamine does not pass on, for each sheet."""
    looks: dict[str, SheetXml] = {}
    for entry in opened.infolist():
        feeds: list[archive.Feed] = []
        if entry.filename.endswith((".xml", ".rels")):
            feeds.append(archive.well_formed())
        if kind == ".xlsx" and entry.filename.startswith("xl/worksheets/"):
            looks[entry.filename] = SheetXml()
            feeds.append(looks[entry.filename].feed)
        archive.read_whole(opened, entry, feeds)
    if kind == ".ods":
        with opened.open("content.xml") as content:
            return ods_xml.look(content)
    relations = opened.read("xl/_rels/workbook.xml.rels")
    parts = sheet_parts(opened.read("xl/workbook.xml"), relations)
    return {name: looks[part].seen for name, part in parts.items() if part in looks}


def _load(path: Path, kind: str, out: Path) -> _Loaded:
    # calamine goes by the name's ending first, and a raw copy has none.
    link = out / f"book{kind}"
    link.unlink(missing_ok=True)  # of a child that died
    link.symlink_to(path.resolve())
    try:
        with _told():
            workbook = calamine.CalamineWorkbook.from_path(str(link))
            names = [m.name for m in workbook.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
            if len(set(names)) < len(
                names
            ):  # which no spreadsheet writes: the first would be read for all of them
                raise damaged("two sheets of one name")
            return _Loaded(workbook, {name: workbook.get_sheet_by_name(name) for name in names[:1]})
    finally:
        link.unlink()


def _sheets(loaded: _Loaded, out: Path, seen: dict[str, Seen], binary: Sequence[Seen] = ()) -> list[Written]:
    in_turn = iter(binary)
    written = []
    with _told():
        for i, meta in enumerate(loaded.workbook.sheets_metadata):
            if meta.typ == calamine.SheetTypeEnum.WorkSheet:
                looked = seen.get(meta.name) or next(in_turn, Seen())
                written.append(_written(loaded.take(meta.name), meta, looked, out, i))
    return written


@contextmanager
def _told() -> Iterator[None]:
    """What calamine says of a book, in our words."""
    try:
        yield
    except calamine.PasswordError:
        raise _LockedError("workbook_protected") from None
    except calamine.CalamineError as error:
        raise damaged(error) from None


def _written(sheet: Any, meta: Any, seen: Seen, out: Path, index: int) -> Written:
    # calamine gives the blank rows above the first used cell, but not the blank columns to its left.
    left = (sheet.start or (0, 0))[1]
    width = max([left + sheet.width, *(max(row) + 1 for row in seen.flaws.values())])
    file = out / f"sheet{index}.csv"
    write_sheet(file, _rows(sheet, left, width, seen.flaws))
    hidden = meta.visible != calamine.SheetVisibleEnum.Visible
    return Written(meta.name, file.name, width, hidden, 1, seen.hidden_rows, seen.hidden_columns(width))


def _rows(sheet: Any, left: int, width: int, flaws: dict[int, dict[int, str]]) -> Iterator[list[Any]]:
    before, after = [""] * left, [""] * (width - left - sheet.width)
    number = 0
    for cells in sheet.iter_rows():
        for column, cell in enumerate(cells):
            if type(cell) is str:
                continue
            if (
                type(cell) is float and _LEAST <= abs(cell) < KEPT
            ):  # nearly all others: written as `as_text` would
                if cell.is_integer():
                    cells[column] = int(cell)
            else:
                cells[column] = as_text(cell)
        if before or after:
            cells = before + cells + after
        yield _mended(cells, flaws[number]) if number in flaws else cells
        number += 1
    # Rows that hold nothing but flaws are empty to calamine.
    for below in range(number, max(flaws, default=-1) + 1):
        yield _mended([""] * width, flaws.get(below, {}))


def _mended(cells: list[Any], flaws: dict[int, str]) -> list[Any]:
    for column, text in flaws.items():
        cells[column] = text
    return cells
