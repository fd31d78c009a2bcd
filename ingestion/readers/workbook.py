"""Workbooks as sheets of text, through calamine: .xlsx, .xlsb, .xls (also WPS's .et) and .ods.

Belongs here: opening them, also under the password that Excel itself knows, and their rows as text. Does not
belong here: archives (`archive`), what a cell means. Runs in the limited child: calamine aborts the whole
process on a workbook of two far cells, and ignores the archive's checksums, which are proved here first.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import python_calamine as calamine

from ingestion.readers import archive, biff, limits, ods_xml
from ingestion.readers.as_text import as_text, float_text
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
_DOCUMENTS = {
    "xl/workbook.bin": ("二进制工作簿（.xlsb）", "a binary workbook (.xlsb)"),
    "word/document.xml": ("Word 文档", "a Word document"),
    "ppt/presentation.xml": ("演示文稿", "a presentation"),
}


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
        seen = _look_into(opened, kind)
    return _sheets(path, kind, out, seen)


def read_ole(path: Path, out: Path) -> list[Written]:
    """The sheets of a binary workbook, or of a workbook under the password that Excel itself knows."""
    with path.open("rb") as file:
        content = file.read()
    if _PACKAGE not in content:
        if not any(book in content for book in _BOOKS):
            raise no_table("旧版 Office 文档", "an Office document that is no workbook")
        with suppress(calamine.PasswordError):
            return _sheets(path, ".xls", out, {})
    plain = out / "decrypted"
    _decrypt(path, plain)
    with plain.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        return _sheets(plain, ".xls", out, {})
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


def _sheets(path: Path, kind: str, out: Path, seen: dict[str, Seen]) -> list[Written]:
    # calamine goes by the name's ending first, and a raw copy has none.
    link = out / f"book{kind}"
    link.unlink(missing_ok=True)  # of a child that died
    link.symlink_to(path.resolve())
    try:
        binary = iter(biff.look_into(path) if kind == ".xls" else [])
        workbook = calamine.CalamineWorkbook.from_path(str(link))
        return [
            _written(
                workbook.get_sheet_by_name(meta.name),
                meta,
                seen.get(meta.name) or next(binary, Seen()),
                out,
                i,
            )
            for i, meta in enumerate(workbook.sheets_metadata)
            if meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]
    except calamine.PasswordError:
        if kind == ".xls":
            raise
        raise UnreadableError("workbook_protected") from None
    except calamine.CalamineError as error:
        raise damaged(error) from None
    finally:
        link.unlink()


def _written(sheet: Any, meta: Any, seen: Seen, out: Path, index: int) -> Written:
    # calamine gives the blank rows above the first used cell, but not the blank columns to its left.
    left = (sheet.start or (0, 0))[1]
    width = max([left + sheet.width, *(max(row) + 1 for row in seen.flaws.values())])
    file = out / f"sheet{index}.csv"
    write_sheet(file, _rows(sheet, left, width, seen.flaws))
    hidden = meta.visible != calamine.SheetVisibleEnum.Visible
    return Written(meta.name, file.name, width, hidden, 1, seen.hidden_rows, seen.hidden_columns(width))


def _rows(sheet: Any, left: int, width: int, flaws: dict[int, dict[int, str]]) -> Iterator[Sequence[str]]:
    before, after = [""] * left, [""] * (width - left - sheet.width)
    number = 0
    for row in sheet.iter_rows():
        # Nearly all cells are one of two kinds, and asking for these first halves the time.
        cells = [
            cell if type(cell) is str else float_text(cell) if type(cell) is float else as_text(cell)
            for cell in row
        ]
        if before or after:
            cells = before + cells + after
        yield _mended(cells, flaws[number]) if number in flaws else cells
        number += 1
    # Rows that hold nothing but flaws are empty to calamine.
    for below in range(number, max(flaws, default=-1) + 1):
        yield _mended([""] * width, flaws.get(below, {}))


def _mended(cells: list[str], flaws: dict[int, str]) -> list[str]:
    for column, text in flaws.items():
        cells[column] = text
    return cells
