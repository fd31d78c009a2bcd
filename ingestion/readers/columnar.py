"""A Parquet file as a sheet of text: decimals and dates exactly, binary numbers as their shortest decimal.

Belongs here: columns to text. Does not belong here: what a value means. Runs in the limited child, which for
such a file alone imports the columnar library.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.readers import limits
from ingestion.readers.archive import limit
from ingestion.readers.as_text import float_text
from ingestion.readers.records import list_text
from ingestion.readers.unreadable import UnreadableError, damaged
from ingestion.readers.writing import Written

_SHEET = "sheet0.csv"
_ROWS = 20_000
_NARROW = {pa.float16(): np.float16, pa.float32(): np.float32}


def read_parquet(path: Path, out: Path) -> list[Written]:
    """One sheet; rows count from 1, and the titles are no row of the file."""
    try:
        with (
            pq.ParquetFile(path, memory_map=True) as file,
            (out / _SHEET).open("w", encoding="utf-8", newline="") as sheet,
        ):
            names = file.schema_arrow.names
            limit("列数", "columns", len(names), limits.COLUMNS)
            writer = csv.writer(sheet, lineterminator="\r\n")
            writer.writerow(names)
            row = 1
            for batch in file.iter_batches(_ROWS, use_threads=False):
                columns = [
                    _texts(name, column, row) for name, column in zip(names, batch.columns, strict=True)
                ]
                writer.writerows(zip(*columns, strict=True))
                row += len(batch)
    except pa.ArrowException as error:
        raise damaged(error) from None
    return [Written("", _SHEET, len(names), first_row=0)]


def _texts(name: str, column: Any, row: int) -> list[str]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_floating(kind):
        values = column.to_pylist()
        if narrow := _NARROW.get(kind):
            # The shortest decimal is that of the number as it is stored: in four bytes 0.1 is not what it is in eight.
            values = [None if value is None else float(str(narrow(value))) for value in values]
        return ["" if value is None else float_text(value) for value in values]
    if pa.types.is_decimal(kind):
        return ["" if value is None else format(value, "f") for value in column.to_pylist()]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        places = _texts(name, column.flatten(), row)
        ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(column), 0)).to_pylist()
        return [
            list_text(places[a:b], row + i) for i, (a, b) in enumerate(zip([0, *ends], ends, strict=False))
        ]
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_nested(kind):
        raise UnreadableError("column_type", column=name, type=str(kind))
    return [text or "" for text in column.cast(pa.string()).to_pylist()]


def _moments(column: Any) -> list[str]:
    """Days where the time is midnight, as everywhere; a zone's own clock."""
    if column.type.tz:
        column = pc.local_timestamp(column)
    texts = column.cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
    return ["" if text is None else text.removesuffix(".000000").removesuffix(" 00:00:00") for text in texts]
