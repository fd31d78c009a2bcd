"""Long tables in a workbook: head, frozen header, filter, and rows rendered straight into the sheet's file.

Belongs here: a table as a sheet to filter. Does not: pages to read, formats (workbook.py), which table.

xlsxwriter's own cells cost some 8 µs each, and it takes a text "<r>…</r>" for its own markup.
So it writes the head, and the rows are rendered here, by the engine and column by column, in batches, so that memory
doesn't grow with the table: numbers as numbers, texts that keep coming back as shared strings, all others in their place.
Nothing runs either of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from publication.databases import identifier, literal
from publication.workbook import MAX_TEXT, Book, Column, Head, fitting

# Of a column, the SQL expression over the table's columns that gives a cell's style; NULL is the column's own.
Styles = Mapping[str, str]

_SHEET_ROWS = 1_048_576
_HEADER = 3
_FIRST = _HEADER + 1
_BATCH = 10_000
_SHARED = 1_000  # texts of a column at most, for them to be written once and cells to have their numbers
_ROW_HEIGHT = 17
_LINE_HEIGHT = 14.5
# The workbook format's escape of characters that XML can't hold, and of texts that look like that escape.
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_XML_SPACE = "(' ', chr(9), chr(10), chr(13))"
_RARE = r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]"


class _RowSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types
    """A sheet whose rows are rendered while it is written to its file."""

    rendered: Iterable[pa.Buffer] = ()

    def expect(self, last_row: int, last_column: int) -> None:
        """Says how far the rows will reach: readers trust a sheet's stated dimension."""
        self._check_dimensions(last_row, last_column)

    def _write_rows(self) -> None:
        super()._write_rows()
        self.fh.flush()
        for rows in self.rendered:
            self.fh.buffer.write(rows)


def data_sheet(
    book: Book,
    name: str,
    head: Head,
    columns: Sequence[Column],
    table: pa.Table,
    styles: Styles | None = None,
    *,
    wrapped: bool = False,
) -> None:
    """A table as a sheet, continued on further ones when full; `wrapped` rows are as high as their text."""
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
        sheet.rendered = _rows(book, columns, part, _sharing(book, columns, part), styles or {}, wrapped)


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


def _sharing(book: Book, columns: Sequence[Column], table: pa.Table) -> dict[int, pa.Array]:
    """By the place of a column whose texts keep coming back, their numbers in the workbook; none for an empty text."""
    shared = {}
    for at, column in enumerate(columns):
        if not pa.types.is_string(table.schema.types[at]):
            continue
        coded = table.column(at).combine_chunks().dictionary_encode()
        if len(coded.dictionary) <= min(_SHARED, len(table) // 2) and _is_plain(coded.dictionary):
            texts = (column.words.get(text, text) for text in coded.dictionary.to_pylist())
            numbers = pa.array([book.shared(text) if text else None for text in texts], pa.int64())
            shared[at] = numbers.take(coded.indices)
    return shared


def _is_plain(texts: pa.Array) -> bool:
    """Whether xlsxwriter writes them all as they are: none is rare, none ends like its own markup."""
    return not pc.any(pc.or_(_is_rare(texts), pc.ends_with(texts, "</r>"))).as_py()


def _rows(
    book: Book,
    columns: Sequence[Column],
    table: pa.Table,
    shared: Mapping[int, pa.Array],
    styles: Styles,
    wrapped: bool,
) -> Iterator[pa.Buffer]:
    # Formats have their index in the file from the moment that the workbook is being closed, when this runs.
    index_of = book.style_indices()
    numbered = table.append_column("_number", pa.array(np.arange(_FIRST + 1, _FIRST + 1 + len(table))))
    cells = []
    for at, (field, column) in enumerate(zip(table.schema, columns, strict=True)):
        own = index_of[column.style]
        style = f"'{own}'"
        if field.name in styles:
            cases = " ".join(f"WHEN {literal(name)} THEN '{index}'" for name, index in index_of.items())
            style = f"CASE {styles[field.name]} {cases} ELSE '{own}' END"
        if at in shared:
            numbered = numbered.append_column(f"_shared{at}", shared[at])
            content = f"""coalesce(' t="s"><v>' || _shared{at} || '</v></c>', '/>')"""
        else:
            numbered = numbered.append_column(f"_rare{at}", _rare(table.column(at)))
            content = _content(field, column.words, f"_rare{at}")
        cells.append(f"""'<c r="{xl_col_to_name(at)}', _number, '" s="', {style}, '"', {content}""")
    height = _height(table.schema, columns) if wrapped else "''"
    query = (
        f"""SELECT concat('<row r="', _number, '"', {height}, '>', {", ".join(cells)}, '</row>') FROM given"""
    )
    with duckdb.connect() as con:
        con.register("given", numbered)
        for batch in con.sql(query).to_arrow_reader(_BATCH):
            yield _joined(batch.column(0))


def _joined(texts: pa.Array) -> pa.Buffer:
    """Texts one after another, without a Python object for each."""
    all_of_them = pa.ListArray.from_arrays(np.array([0, len(texts)]), texts)
    return pc.binary_join(all_of_them, "")[0].as_buffer()


def _content(field: pa.Field, words: Mapping[str, str], rare: str) -> str:
    """What follows a cell's style: its value, or that it has none."""
    name, kind = identifier(field.name), field.type
    if pa.types.is_floating(kind):
        return f"if(coalesce(isfinite({name}), false), concat('><v>', {name}, '</v></c>'), '/>')"
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return f"coalesce('><v>' || {name} || '</v></c>', '/>')"
    text = f"CAST({name} AS VARCHAR)"
    if pa.types.is_boolean(kind):
        text = f"CASE WHEN {name} THEN 'True' WHEN NOT {name} THEN 'False' END"
    if words:
        cases = " ".join(f"WHEN {literal(code)} THEN {literal(word)}" for code, word in words.items())
        text = f"CASE {text} {cases} ELSE {text} END"
    escaped = f"replace(replace(replace({text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    shown = f"coalesce({rare}, {escaped})"
    # A reader takes white space off both ends unless told not to; said of every cell it is a third of the file.
    ends = f"left({text}, 1) IN {_XML_SPACE} OR right({text}, 1) IN {_XML_SPACE}"
    kept = f"""if({ends}, ' xml:space="preserve"', '')"""
    start, end = f"""' t="inlineStr"><is><t', {kept}, '>'""", "'</t></is></c>'"
    return f"if(coalesce({text}, '') = '', '/>', concat({start}, {shown}, {end}))"


def _rare(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts, ready for the file, that need more than the three signs of XML; NULL for all others."""
    none = pa.chunked_array([pa.nulls(len(column), pa.string())])
    if not pa.types.is_string(column.type):
        return none
    needed = pc.fill_null(_is_rare(column), False)
    if not pc.any(needed).as_py():
        return none
    return pc.replace_with_mask(
        none.combine_chunks(),
        needed.combine_chunks(),
        pa.array([_rare_text(text) for text in column.filter(needed).to_pylist()], pa.string()),
    )


def _is_rare(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.or_(pc.greater(pc.utf8_length(column), MAX_TEXT), pc.match_substring_regex(column, _RARE))


def _rare_text(text: str) -> str:
    escaped = escape(_LOOKS_ESCAPED.sub("_x005F_", fitting(text)), quote=False)
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", escaped)


def _height(schema: pa.Schema, columns: Sequence[Column]) -> str:
    """The height of the row's longest text; not every program works it out when it opens the file."""
    lines = [
        # Columns on a page: a Chinese character takes two.
        f"ceil((length({text}) + length(regexp_replace({text}, '[^\\x{{2e80}}-\\x{{10ffff}}]', '', 'g')))"
        f" / {int(column.width)})"
        for field, column in zip(schema, columns, strict=True)
        for text in [f"coalesce(CAST({identifier(field.name)} AS VARCHAR), '')"]
    ]
    return f"""' ht="', greatest(1, {", ".join(lines)}) * {_LINE_HEIGHT} + 3, '" customHeight="1"'"""
