"""What every reader gives: sheets of text.

Belongs here: the shape of a book, its sheets and their batches. Not here: types, titles, rules; any one format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.rules import Note

Row = Sequence[str]


@dataclass(frozen=True)
class TextSheet:
    """One sheet: its first rows to find the header in, and all rows below as batches.

    `batches(skip, width)` starts below the first `skip` rows and gives the columns `_row` (from 1, as a
    spreadsheet counts), `_fields` (how many fields the row has, NULL where a grid has no such notion),
    `_beyond` (the first non-blank field to the right of `width`, or NULL) and `c0` to `c{width-1}`.
    """

    name: str
    hidden: bool
    head: Sequence[Row]
    batches: Callable[[int, int], Iterator[pa.RecordBatch]]


@dataclass
class Book:
    """One file."""

    sheets: Sequence[TextSheet]
    notes: Sequence[Note] = ()
    no_final_line_end: bool = False


def schema(width: int) -> pa.Schema:
    """The columns of a batch."""
    fixed = [("_row", pa.int64()), ("_fields", pa.int32()), ("_beyond", pa.string())]
    return pa.schema([*fixed, *((f"c{i}", pa.string()) for i in range(width))])


def batch(rows: Sequence[Row], first_row: int, width: int, *, ragged: bool) -> pa.RecordBatch:
    """Rows of text as a batch; `ragged` where a row's number of fields means something."""
    numbers = pa.array(np.arange(first_row, first_row + len(rows)))
    lengths = {len(row) for row in rows}
    if lengths == {width}:
        columns: Iterable[Sequence[str]] = zip(*rows, strict=True)
        fields = pa.repeat(pa.scalar(width, pa.int32()), len(rows))
        beyond = pa.nulls(len(rows), pa.string())
    else:
        fields = pa.array([len(row) for row in rows], pa.int32())
        beyond = pa.array(
            [next((cell for cell in row[width:] if cell.strip()), None) for row in rows], pa.string()
        )
        blank = ("",) * width
        columns = (
            zip(*((*row[:width], *blank[len(row) :]) for row in rows), strict=True) if rows else [()] * width
        )
    if not ragged:
        fields = pa.nulls(len(rows), pa.int32())
    arrays = [numbers, fields, beyond, *(pa.array(column, pa.string()) for column in columns)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema(width))
