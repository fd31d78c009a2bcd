"""What a receipt remarks about the titles of a file, beside what keeps it out.

Belongs here: columns that go by another title, and what was seen where no header was found. Does not belong
here: finding the header (`header`), the words themselves (`rules.yml`).
"""

from __future__ import annotations

from ingestion.contract import Source
from ingestion.header import Layout, plain
from ingestion.readers.sheet import Book
from ingestion.rules import Note, RefusedError, note, refuse


def renamed(source: Source, layout: Layout, sheet: str) -> list[Note]:
    """The columns that were found by a synonym, or by the sidecar's word, not by their first title."""
    notes = []
    for name, cells in layout.titles.items():
        column = source.columns[name]
        if cells and not {plain(cell) for cell in cells} & {plain(column.headers[0]), name, f"{name}_yuan"}:
            place = f"“{sheet}”" if sheet else ""
            notes.append(note("synonym", sheet=place, title=cells[-1], column=column.headers[0]))
    return notes


def no_header(source: Source, book: Book) -> RefusedError:
    """What was expected and what was seen instead."""
    expected = "、".join(
        column.headers[0] for column in source.columns.values() if column.required or column.key
    )
    rows = [
        [cell.strip() for cell in row if cell.strip()] for sheet in book.sheets for row in sheet.head[:20]
    ]
    seen = "、".join(cell[:30] for cell in max(rows, key=len, default=[])[:12])
    zh, en = (f"文件中看到的是：{seen}。", f"Seen instead: {seen}.") if seen else ("", "")
    return refuse("no_header", expected=expected, seen_zh=zh, seen_en=en)
