"""The way in: what a file is, its first bytes say, never its name.

Belongs here: recognising formats, and which reader takes which. Does not belong here: reading them.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

import pyarrow as pa

from ingestion.readers import limits
from ingestion.readers.archive import limit
from ingestion.readers.limited import Answer, read_limited
from ingestion.readers.sheet import Book, TextSheet
from ingestion.readers.unreadable import UnreadableError, no_table
from ingestion.readers.written import read_written
from ingestion.rules import Note, RefusedError, note, refuse

CountTitles = Callable[[Sequence[Sequence[str]]], int]

_CHILD = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole",
    b"\x1f\x8b": "gzip",
    b"PAR1": "parquet",
}
# What is certainly no table, by its first bytes: (zh, en).
_KNOWN = {
    b"%PDF": ("PDF 文件", "a PDF"),
    b"Rar!": ("RAR 压缩包", "a RAR archive"),
    b"7z\xbc\xaf": ("7z 压缩包", "a 7z archive"),
    b"\x89PNG": ("图片", "an image"),
    b"\xff\xd8\xff": ("图片", "an image"),
    b"GIF8": ("图片", "an image"),
    b"BZh": ("bzip2 压缩文件", "a bzip2 archive"),
    b"\xfd7zXZ": ("xz 压缩文件", "an xz archive"),
    b"SQLite": ("数据库文件", "a database"),
    b"{\\rtf": ("RTF 文档", "an RTF document"),
    b"MIME-Version:": ("单一网页文件（MHTML）", "a web archive (MHTML)"),
    b"PK00PK": ("分卷压缩包", "a part of a split archive"),
}
_MARKUP = (
    b"<!doctype",
    b"<html",
    b"<head",
    b"<meta",
    b"<table",
    b"<style",
    b"<script",
    b"<body",
    b"<!--",
    b"<div",
    b"<title",
)
_START = 4096


def open_book(path: Path, count_titles: CountTitles, scratch: Path) -> Book:
    """Open a file as what it is; raises RefusedError in words where it is nothing that can be read.

    The sheets may lie in the folder `scratch` until the last of them is read: it is the caller's to delete.
    """
    try:
        book = _open(path, count_titles, scratch, packed=False)
        for sheet in book.sheets:
            widest = max((_width(row) for row in sheet.head), default=0)
            limit("列数", "columns", widest, limits.TITLES)
        return replace(book, sheets=list(_told_apart(book.sheets)))
    except UnreadableError as error:
        raise refuse(error.code, **error.facts) from None


def _told_apart(sheets: Iterable[TextSheet]) -> Iterator[TextSheet]:
    """The sheets, each under a name of its own: rows are known by it, and an archive may hold one name twice."""
    taken = set[str]()
    for sheet in sheets:
        names = chain([sheet.name], (f"{sheet.name} ({number})" for number in count(2)))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        yield replace(sheet, name=name)


def _width(row: Sequence[str]) -> int:
    """Fields up to the last that is not blank."""
    return next((i for i in range(len(row), 0, -1) if row[i - 1].strip()), 0)


def _open(path: Path, count_titles: CountTitles, scratch: Path, *, packed: bool) -> Book:
    kind = _kind(path)
    if kind == "text":
        from ingestion.readers.csv_reader import read_text

        return read_text(path, count_titles, scratch)
    if packed and kind == "gzip":
        raise UnreadableError("archive_nested")
    answer = read_limited(kind, path, scratch)
    if answer.members:
        if packed:
            raise UnreadableError("archive_nested")
        return _unpacked(answer, count_titles, scratch)
    notes = [
        note("hidden_cells", sheet=f"“{sheet.name}”", rows=sheet.hidden_rows, columns=sheet.hidden_columns)
        for sheet in answer.sheets
        if sheet.hidden_rows or sheet.hidden_columns
    ]
    return Book([read_written(sheet, scratch) for sheet in answer.sheets], notes)


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(_START)
    for magic, kind in _CHILD.items():
        if start.startswith(magic):
            return kind
    for magic, (zh, en) in _KNOWN.items():
        if start.startswith(magic):
            raise no_table(zh, en)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        start = start.decode("utf-16", "ignore").encode()
    text = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if text.startswith(_MARKUP) or (text.startswith(b"<?xml") and b"<html" in text):
        return "html"
    if text.startswith(b"<?xml"):
        raise no_table("XML 文件（或“XML 表格 2003”）", "XML, or an “XML spreadsheet 2003”")
    if text.startswith(b"{"):
        return "jsonl"
    if text.startswith((b"[{", b"[\n", b"[ ")):
        raise no_table("JSON 文件（不是每行一个对象）", "JSON, but not an object a line")
    if not text and not _has_more(path):
        raise UnreadableError("empty_file")
    return "text"


def _has_more(path: Path) -> bool:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if chunk.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
                return True
    return False


def _unpacked(answer: Answer, count_titles: CountTitles, scratch: Path) -> Book:
    """The members of an archive as one book; a single table in it is as if it had not been packed."""
    books: list[tuple[str, Book]] = []
    notes: list[Note] = []
    other: UnreadableError | None = None
    for name, file in answer.members:
        try:
            books.append((name, _open(scratch / file, count_titles, scratch / f"{file}.d", packed=True)))
        except UnreadableError as error:
            # A scan or a letter beside the table is passed over, as is a sheet of instructions; a table that
            # cannot be read is not.
            if error.code not in ("not_a_table", "empty_file") or len(answer.members) == 1:
                raise _of_member(name, error) from None
            other = _of_member(name, error)
            reason = refuse(error.code, **error.facts).reason
            notes.append(note("member_passed_over", member=name, reason_zh=reason.zh, reason_en=reason.en))
        except RefusedError as error:
            raise refuse(
                "in_member", member=name, reason_zh=error.reason.zh, reason_en=error.reason.en
            ) from None
    if len(books) == 1:
        _, book = books[0]
        return Book(book.sheets, [*notes, *book.notes], book.no_final_line_end)
    if other and not books:
        raise other
    sheets = [_sheet_of(name, sheet) for name, book in books for sheet in book.sheets]
    for name, book in books:
        notes += [Note(f"{name}：{said.zh}", f"{name}: {said.en}") for said in book.notes]
        if book.no_final_line_end:
            notes.append(note("member_maybe_cut", member=name))
    return Book(sheets, notes)


def _sheet_of(member: str, sheet: TextSheet) -> TextSheet:
    """The sheet under its member's name, which a refusal while it is read tells too."""

    def batches(skip: int, width: int) -> Iterator[pa.RecordBatch]:
        try:
            yield from sheet.batches(skip, width)
        except RefusedError as error:
            reason = error.reason
            raise refuse("in_member", member=member, reason_zh=reason.zh, reason_en=reason.en) from None

    return replace(sheet, name=f"{member}/{sheet.name}" if sheet.name else member, batches=batches)


def _of_member(name: str, error: UnreadableError) -> UnreadableError:
    if not name:
        return error
    reason = refuse(error.code, **error.facts).reason
    return UnreadableError("in_member", member=name, reason_zh=reason.zh, reason_en=reason.en)
