"""What each row below a header is: data, a total, a footer, the header once more; told for a block of rows at once.

Belongs here: telling rows apart before their cells are read. Does not belong here: what a cell says (`cell_text`), which
rules a row breaks (`rowsql`), whether a repeated header says something else (`repeated`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.cell_text import bytes_of
from ingestion.header import Layout

# Total rows and footers, by the first cell that is text; those of the first pattern sum up their sheet.
_TOTAL = "^(合计|总计)"
_NOT_DATA = "^(小计|其中|单位负责人|填表人|制表人|注[:：])"
_INITIALS = pa.array("合小总其单填制注")
_SPACE = r"[\s\p{Z}]"
# A short number before the first text is a serial number or a year, not what tells a total row.
_SERIAL_DIGITS = 7
_SERIAL = rf"^([0-9]{{1,{_SERIAL_DIGITS}}}(\.0*)?)?$"
_NONE = pa.scalar(None, pa.string())

Cells = Mapping[str, pa.Array]


def with_kinds(cells: Cells, layout: Layout) -> tuple[Cells, pa.Array]:
    """The rows that are not blank, trimmed cells by the names of `readers.sheet.schema`, and what each of them is."""
    text = _first_text([*(cells[f"c{i}"] for i in range(layout.width)), cells["_beyond"]])
    if text.null_count and (blank := _blank(cells, layout.width)).true_count:
        kept = pc.invert(blank)
        cells = {name: column.filter(kept) for name, column in cells.items()}
        text = text.filter(kept)
    ragged = pc.or_(pc.is_valid(cells["_beyond"]), pc.less(cells["_fields"], layout.width))
    kinds = pc.if_else(ragged, "ragged", "data") if ragged.true_count else pa.repeat("data", len(text))
    if (head := _repeats_head(cells, layout, len(text))).true_count:
        kinds = pc.if_else(head, "head", kinds)
    return cells, _without_footers(kinds, text)


def _first_text(columns: list[pa.Array]) -> pa.Array:
    """Of each row the first cell that is no blank and no serial number."""
    found = None
    for column in columns:
        text = column if _is_text(column) else _unless_serial(column)
        found = text if found is None else pc.coalesce(found, text)
        if not found.null_count:
            break
    return found


def _is_text(column: pa.Array) -> bool:
    """Whether each cell is longer than a serial number: nearly every column of codes and names."""
    shortest = pc.min(pc.binary_length(column)).as_py()
    if shortest is None or shortest <= _SERIAL_DIGITS:
        return False
    return not (bytes_of(column) == ord(".")).any()


def _unless_serial(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(column, _SERIAL), _NONE, column)


def _blank(cells: Cells, width: int) -> pa.BooleanArray:
    empty = [pc.equal(cells[f"c{i}"], "") for i in range(width)]
    return reduce(pc.and_, empty, pc.is_null(cells["_beyond"]))


def _repeats_head(cells: Cells, layout: Layout, rows: int) -> pa.BooleanArray:
    """Rows of which two cells say what the header says above them."""
    same = pa.repeat(pa.scalar(0, pa.int8()), rows)
    for name, titles in layout.titles.items():
        cell = cells[f"c{layout.columns[name]}"]
        if found := [pc.equal(cell, title) for title in titles]:
            same = pc.add(same, reduce(pc.or_, found).cast(pa.int8()))
    return pc.greater_equal(same, min(2, len(layout.titles)))


def _without_footers(kinds: pa.Array, text: pa.Array) -> pa.Array:
    """The kinds, with those of total rows and footers; a first character in question is rare."""
    if pc.all(pc.string_is_ascii(text)).as_py() is not False:
        return kinds
    perhaps = pc.fill_null(pc.is_in(pc.utf8_slice_codeunits(text, 0, 1), _INITIALS), False)
    if not perhaps.true_count:
        return kinds
    bare = pc.replace_substring_regex(text.filter(perhaps), _SPACE, "")
    told = pc.if_else(pc.match_substring_regex(bare, _NOT_DATA), "skipped", kinds.filter(perhaps))
    told = pc.if_else(pc.match_substring_regex(bare, _TOTAL), "total", told)
    return pc.replace_with_mask(kinds, perhaps, told)
