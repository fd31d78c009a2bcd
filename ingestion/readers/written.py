"""A sheet that the limited child wrote, read again as batches of text.

Belongs here: its strict delimited text to columns. Does not belong here: delimited text as people send it
(`csv_reader`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ingestion.header import HEAD_ROWS
from ingestion.readers import limits
from ingestion.readers.sheet import TextSheet, schema
from ingestion.readers.unreadable import UnreadableError
from ingestion.readers.writing import Written
from ingestion.rules import refuse


def read_written(sheet: Written, folder: Path) -> TextSheet:
    """The sheet as the rest of the program knows sheets."""
    path = folder / sheet.file

    def batches(skip: int, width: int) -> Iterator[pa.RecordBatch]:
        try:
            yield from _batches(path, sheet, skip, width)
        except pa.ArrowInvalid:  # a row that no block holds
            raise refuse("row_too_long", sheet=f"“{sheet.name}”", limit=limits.BLOCK >> 20) from None

    return TextSheet(sheet.name, sheet.hidden, _head(path), batches)


def _head(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return list(islice(csv.reader(file), HEAD_ROWS))
        except csv.Error:
            limit = limits.CELL_CHARACTERS
            raise UnreadableError("cell_too_long", line=1, limit=limit) from None


def _batches(path: Path, sheet: Written, skip: int, width: int) -> Iterator[pa.RecordBatch]:
    if not path.stat().st_size or not sheet.width:
        return
    names = [f"c{i}" for i in range(sheet.width)]
    reader = arrow_csv.open_csv(
        str(path),
        arrow_csv.ReadOptions(column_names=names, skip_rows_after_names=skip, block_size=limits.BLOCK),
        arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    row = skip + sheet.first_row
    for found in reader:
        fixed = [
            pa.array(np.arange(row, row + len(found))),
            pa.nulls(len(found), pa.int32()),
            _beyond(found.columns[width:], len(found)),
        ]
        row += len(found)
        yield pa.RecordBatch.from_arrays([*fixed, *found.columns[:width]], schema=schema(width))


def _beyond(columns: list[pa.Array], rows: int) -> pa.Array:
    """The first cell to the right of the header that is not blank."""
    if not columns:
        return pa.nulls(rows, pa.string())
    blank = pa.scalar(None, pa.string())
    return pc.coalesce(*(pc.if_else(pc.equal(pc.utf8_trim_whitespace(c), ""), blank, c) for c in columns))
