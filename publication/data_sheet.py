"""Long tables in a workbook: head, frozen header, filter, and rows rendered straight into the sheet's file.

Belongs here: a table as a sheet to filter. Does not: pages to read, formats (workbook.py), which table.

xlsxwriter's own cells cost some 8 µs each, and it takes a text "<r>…</r>" for its own markup.
So it writes the head, and the rows are rendered here: text as inline strings, which nothing runs, and numbers
as numbers, in batches, so that memory doesn't grow with the table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from itertools import chain
from typing import Any

import pyarrow as pa
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from publication.workbook import Book, Column, Head, fitting

# Of a row, the columns that look different from their column, with their styles.
StylesOf = Callable[[Sequence[Any]], Mapping[int, str]]

_SHEET_ROWS = 1_048_576
_HEADER = 3
_FIRST = _HEADER + 1
_BATCH = 10_000
_ROW_HEIGHT = 17
_LINE_HEIGHT = 14.5
# The workbook format's escape of characters that XML can't hold, and of texts that look like that escape.
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class _RowSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types
    """A sheet whose rows are rendered while it is written to its file."""

    rendered: Iterable[str] = ()

    def expect(self, last_row: int, last_column: int) -> None:
        """Says how far the rows will reach: readers trust a sheet's stated dimension."""
        self._check_dimensions(last_row, last_column)

    def _write_rows(self) -> None:
        super()._write_rows()
        self.fh.writelines(self.rendered)


def data_sheet(
    book: Book,
    name: str,
    head: Head,
    columns: Sequence[Column],
    table: pa.Table,
    styles_of: StylesOf = lambda row: {},
    *,
    wrapped: bool = False,
) -> None:
    """A table as a sheet, continued on further ones when full; `wrapped` rows are as high as their text.

    `styles_of(row)` overrides the columns' styles for one row.
    """
    capacity = _SHEET_ROWS - _FIRST
    for start in range(0, max(table.num_rows, 1), capacity):
        part = table.slice(start, capacity)
        sheet_name = name if start == 0 else f"{name} ({start // capacity + 1})"
        sheet = book.workbook.add_worksheet(sheet_name, worksheet_class=_RowSheet)
        book.lay_out(sheet, [column.width for column in columns])
        sheet.set_default_row(_ROW_HEIGHT)
        _write_head(book, sheet, head, columns)
        last = max(_HEADER + part.num_rows, _FIRST)
        sheet.autofilter(_HEADER, 0, last, len(columns) - 1)
        sheet.expect(last, len(columns) - 1)
        sheet.rendered = _rows(book, columns, part, styles_of, wrapped)


def _write_head(book: Book, sheet: Worksheet, head: Head, columns: Sequence[Column]) -> None:
    book.put(sheet, 0, 0, head.title_zh, "title_left")
    sheet.set_row(0, 24)
    book.put(sheet, 1, 0, head.title_en, "subtitle_left")
    book.put(sheet, 2, 0, "　　".join(filter(None, (*head.left, *head.right, head.remark))), "head_left")
    for index, column in enumerate(columns):
        book.put(sheet, _HEADER, index, column.title, "header")
    sheet.set_row(_HEADER, 44)
    sheet.freeze_panes(_FIRST, 0)
    sheet.repeat_rows(_HEADER)


def _rows(
    book: Book, columns: Sequence[Column], table: pa.Table, styles_of: StylesOf, wrapped: bool
) -> Iterator[str]:
    letters = [xl_col_to_name(index) for index in range(len(columns))]
    plain = [column.style for column in columns]
    words = [column.words for column in columns]
    batches = table.to_batches(max_chunksize=_BATCH)
    rows = (zip(*(column.to_pylist() for column in batch.columns), strict=True) for batch in batches)
    # Formats have their index in the file from the moment that the workbook is being closed, when this runs.
    index_of = book.style_indices()
    for number, row in enumerate(chain.from_iterable(rows), start=_FIRST + 1):
        styles = styles_of(row)
        cells = [f'<row r="{number}"{_height(row, columns) if wrapped else ""}>']
        for at, value in enumerate(row):
            shown = words[at].get(value, value) if words[at] else value
            style = index_of[styles.get(at, plain[at])]
            cells.append(f'<c r="{letters[at]}{number}" s="{style}"{_content(shown)}')
        cells.append("</row>")
        yield "".join(cells)


def _height(row: Sequence[Any], columns: Sequence[Column]) -> str:
    """The height of the row's longest text; not every program works it out when it opens the file."""
    lines = max(
        -(-_width(str(value)) // int(column.width)) for value, column in zip(row, columns, strict=True)
    )
    return f' ht="{lines * _LINE_HEIGHT + 3}" customHeight="1"'


def _width(text: str) -> int:
    """Columns on a page: a Chinese character takes two."""
    return sum(2 if character >= "\u2e80" else 1 for character in text)


def _content(value: Any) -> str:
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return "/>"
    if type(value) is str:
        return _text(value)
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return _text(str(value))
    return f"><v>{value}</v></c>"


@lru_cache(maxsize=65_536)
def _text(text: str) -> str:
    escaped = escape(_LOOKS_ESCAPED.sub("_x005F_", fitting(text)), quote=False)
    written = _UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", escaped)
    return f' t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'
