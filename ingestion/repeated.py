"""A head that a sheet repeats further down, as printed tables do on each page: which rows it takes, what it says.

Belongs here: the few rows around a row of titles. Does not belong here: finding the first head (`header`),
finding its titles again among the rows (`rowsql`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

import duckdb
import pyarrow as pa

from ingestion.header import Grid, Layout, Titles, is_numbers, label, plain
from ingestion.readers.sheet import TextSheet, schema
from ingestion.rules import refuse
from ingestion.units import UNITS, is_row_of_units, said_alone, said_in_brackets, said_in_line

_REACH = 8  # rows of a head further from its titles than this are not looked for
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

_Rows = Mapping[int, Sequence[str]]  # row → its cells, blank rows left out


def skip_repeated_heads(
    con: duckdb.DuckDBPyConnection, sheet: TextSheet, layout: Layout, titles: Titles, rows: str
) -> None:
    """Take the rows of repeated heads out of the data (a relation); refuse a file of which a head says another unit."""
    query = "SELECT _row FROM remarked WHERE _sheet = ? AND _kind = 'head' ORDER BY _row"
    found = [row for (row,) in con.execute(query, [sheet.name]).fetchall()]
    if not found:
        return
    near = _around(con, sheet, layout, found)
    first = sheet.head[layout.first : layout.data]
    own = {plain(cell) for line in first for cell in line}
    titled = sum(any(map(str.strip, line)) for line in sheet.head[: layout.first])
    taken: set[int] = set(found)
    for head in found:
        below = list(takewhile(lambda row: _is_below(near.get(row), own), range(head + 1, head + _REACH)))
        above = _above(near, head, own, titled)
        _agree([near[row] for row in above if row in near], layout, titles, sheet.name, general=True)
        block = [near[row] for row in (head, *below) if row in near]
        _agree(block, layout, titles, sheet.name, general=False)
        taken |= {*above, *below}
    given = [sheet.name, sorted(taken)]
    con.execute("DELETE FROM remarked WHERE _sheet = ? AND _row IN (SELECT unnest(?::BIGINT[]))", given)
    con.execute(
        "INSERT INTO remarked (_sheet, _row, _kind, _out)"
        f" SELECT _sheet, _row, 'skipped', true FROM {rows} WHERE _sheet = ? AND _row IN (SELECT unnest(?::BIGINT[]))",
        given,
    )


def _around(con: duckdb.DuckDBPyConnection, sheet: TextSheet, layout: Layout, heads: Sequence[int]) -> _Rows:
    """The rows that may belong to the heads. The sheet is read once more for them, which few sheets need."""
    near = sorted({row + step for row in heads for step in range(-_REACH, _REACH + 1)})
    batches = sheet.batches(layout.data, layout.width)
    con.register("incoming", pa.RecordBatchReader.from_batches(schema(layout.width), batches))
    try:
        cells = ", ".join(f"c{i}" for i in range(layout.width))
        query = f"SELECT _row, {cells}, _beyond FROM incoming WHERE _row IN (SELECT unnest(?::BIGINT[]))"
        rows = {row: [cell or "" for cell in line] for row, *line in con.execute(query, [near]).fetchall()}
    finally:
        con.unregister("incoming")
    return {row: line for row, line in rows.items() if any(map(str.strip, line))}


def _is_below(line: Sequence[str] | None, own: set[str]) -> bool:
    """Whether a row under titles is of the head: what the first head says, column numbers, units."""
    if line is None:
        return False
    return _is_own(line, own) or is_numbers(line, 2) or is_row_of_units(list(line))


def _is_own(line: Sequence[str], own: set[str]) -> bool:
    return all(plain(cell) in own for cell in line if cell.strip())


def _above(rows: _Rows, head: int, own: set[str], titled: int) -> list[int]:
    """Upper rows of a merged head, then titles: as many as the first head stands under, and no row of data."""
    above: list[int] = []
    for row in range(head - 1, head - _REACH, -1):
        line = rows.get(row)
        if line is None or _is_own(line, own):
            above.append(row)
        elif titled and _is_title(line):
            above.append(row)
            titled -= 1
        else:
            break
    return above


def _is_title(line: Sequence[str]) -> bool:
    filled = [cell for cell in line if cell.strip()]
    says_unit = any(said_in_line(cell) for cell in filled)
    return says_unit or (len(filled) == 1 and bool(_CHINESE.search(filled[0])))


def _agree(lines: Grid, layout: Layout, titles: Titles, sheet: str, *, general: bool) -> None:
    """What titles say holds for each column, what a head's own cells say for the column under them."""
    for name, power in layout.powers.items():
        index = layout.columns.get(name)
        cells = [cell for line in lines for i, cell in enumerate(line) if general or i == index]
        said = [unit for cell in cells for unit in (*said_in_line(cell), *said_in_brackets(cell))]
        said += [unit for cell in cells if not general for unit in said_alone(cell)]
        if any(UNITS.get(unit) != power for unit in said):
            before = next(unit for unit, known in UNITS.items() if known == power)
            units = "、".join(dict.fromkeys([before, *said]))
            place, column = f"“{sheet}”" if sheet else "", label(titles.source, name)
            raise refuse("unit_contradiction", sheet=place, column=column, units=units)
