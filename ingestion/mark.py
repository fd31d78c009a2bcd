"""The mark by which a returned sheet is known when it comes back: a column of row numbers that only we give out.

Belongs here: the mark's title and form, finding its column, the SQL over typed rows for what is returned and what is
answered. Not here: the sheet
itself (`returned`), reading files (`typed`), what a corrected sheet supersedes (`settle`).

A mark tells the use to which the row's first delivery was restricted (s, statistical; a, administrative) and, as a
hash, which row of which delivery it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.contract import Column, Source
from ingestion.header import Layout, plain
from ingestion.macros import FORMULA, identifier, literal
from ingestion.rules import Note, note

MARK = "退回编号"
REASON = "退回原因"
CELL = 16_000  # characters of a cell that are kept for its provider; a spreadsheet holds twice as many
_FORM = "[as]-[0-9a-f]{16}"


def mark_column(head: Sequence[Sequence[str]], layout: Layout) -> int | None:
    """The column of marks in a sheet with this header."""
    for row in head[: layout.data]:
        for index, cell in enumerate(row[: layout.width]):
            if plain(cell) == MARK:
                return index
    return None


def own_columns(sheet: str) -> list[Note]:
    """The notes that would call our own two columns of a returned sheet unknown."""
    place = f"“{sheet}”" if sheet else ""
    return [note("extra_column", sheet=place, title=title) for title in (MARK, REASON)]


def mark_sql(delivery_id: str, administrative: str, sheet: str, row: str) -> str:
    """The mark of a row, out of the expressions that identify it."""
    number = f"left(md5(concat_ws('/', {delivery_id}, {sheet}, {row})), 16)"
    return f"(CASE WHEN {administrative} THEN 'a-' ELSE 's-' END || {number})"


# Which of the rows in `remarked` answer earlier ones.
ANSWERS = f"""
SELECT DISTINCT trim(_mark) AS mark FROM remarked
WHERE _kind IN ('data', 'ragged') AND regexp_full_match(trim(_mark), {literal(_FORM)})"""


def returned_sql(source: Source) -> str:
    """The cells of the rows that are kept out, as delivered, for their provider to mend; reads the view `said`.

    A row whose fields do not fit the header has no cells that could be told apart, one with a cell longer than `CELL`
    could come back without the cell's end: they are mended in the provider's own file.
    """
    n = len(source.columns)
    cells = [
        f"CASE WHEN NOT starts_with(_cells[{i}], {literal(FORMULA[0])}) THEN _cells[{i}] END AS {identifier(name)}"
        for i, name in enumerate(source.columns, start=1)
    ]
    return f"""
SELECT _sheet, _row, said.units AS _units, {", ".join(cells)}
FROM remarked LEFT JOIN said ON said.sheet = remarked._sheet
WHERE _kind = 'data' AND _out
    AND NOT coalesce(list_bool_or(list_transform(_cells[1:{n}], lambda cell: length(cell) >= {CELL})), false)
ORDER BY _sheet, _row"""


def shown_sql(column: Column) -> str:
    """A typed cell (of a relation `typed`) as text that is read as the same value."""
    cell = f"typed.{identifier(column.name)}"
    if column.type == "bool":
        return f"CASE WHEN {cell} THEN '是' ELSE '否' END"
    if column.type == "month":
        return f"strftime({cell}, '%Y-%m')"
    if column.type == "list":
        return f"array_to_string(list_transform({cell}, lambda place: coalesce(place, '')), '；')"
    if column.type in ("money", "decimal"):
        text = f"CAST(CAST({cell} AS DECIMAL(24,6)) AS VARCHAR)"
        return f"rtrim(rtrim({text}, '0'), '.')"
    return f"CAST({cell} AS VARCHAR)"
