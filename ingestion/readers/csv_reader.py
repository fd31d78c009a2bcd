"""Delimited text as a sheet: delimiter, line ends, quotes.

Belongs here: bytes to fields. Does not belong here: what a field means. Nothing is guessed quietly: an
encoding is proved over the whole file before its first row is used, and a file that ends inside quotes is
refused.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ingestion.header import HEAD_ROWS
from ingestion.readers.encoding import COPIED, SHOWN, examine
from ingestion.readers.limits import CELL_CHARACTERS
from ingestion.readers.proof import proved
from ingestion.readers.sheet import Book, Row, TextSheet, batch, schema
from ingestion.rules import note, refuse

DELIMITERS = {",": ",", "\t": "TAB", ";": ";", "|": "|"}
_BLOCK = 4 << 20
_ROWS = 100  # taken before the size of what is held is looked at
# Put after the last line as a second field: where a quote is still open, it ends up inside the first.
_END = "\x00end of file\x00"
# The module's own limit happens to be the same, and any other user of it may have raised it for the whole process.
csv.field_size_limit(CELL_CHARACTERS)


def read_text(path: Path, count_titles: Callable[[Sequence[Row]], int], scratch: Path) -> Book:
    """Open delimited text; the delimiter is the one with which the header names the most columns."""
    copy = scratch / "utf8"
    encoding, quoted = proved(path, copy) or examine(path, copy)
    text, form = (copy, "utf-8") if encoding in COPIED else (path, encoding)
    heads = {delimiter: _head(text, form, delimiter) for delimiter in DELIMITERS}
    if not any(heads.values()):
        raise refuse("cell_too_long", line=1, limit=CELL_CHARACTERS)
    # max() keeps the first of equals: the comma, if nothing speaks for another.
    delimiter = max(heads, key=lambda d: count_titles(heads[d]))

    def batches(skip: int, width: int) -> Iterator[pa.RecordBatch]:
        row = skip + 1
        if not quoted:
            try:
                for found in _regular(text, delimiter, skip, width):
                    yield found
                    row += len(found)
                return
            except pa.ArrowInvalid:
                pass  # a row of another width: from its block on, record by record
        for rows in _records(text, form, delimiter, row - 1):
            yield batch(rows, row, width, ragged=True)
            row += len(rows)

    return Book(
        sheets=[TextSheet("", False, heads[delimiter], batches)],
        notes=[note("encoding", encoding=SHOWN[encoding], delimiter=DELIMITERS[delimiter])],
        no_final_line_end=not _ends_with_line_end(text),
    )


def _regular(path: Path, delimiter: str, skip: int, width: int) -> Iterator[pa.RecordBatch]:
    """Blocks of rows at once, where there are no quotes; raises ArrowInvalid at a row of another width."""
    names = [f"c{i}" for i in range(width)]
    reader = arrow_csv.open_csv(
        pa.OSFile(str(path)),  # a path by its name would be unpacked if it ends in .gz, whatever it holds
        arrow_csv.ReadOptions(
            skip_rows=skip,
            column_names=names,
            block_size=_BLOCK,
        ),
        arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    row = skip + 1
    for found in reader:
        _check_cells(found, row)
        fixed = [
            pa.array(np.arange(row, row + len(found))),
            pa.repeat(pa.scalar(width, pa.int32()), len(found)),
            pa.nulls(len(found), pa.string()),
        ]
        row += len(found)
        yield pa.RecordBatch.from_arrays([*fixed, *found.columns], schema=schema(width))


def _check_cells(found: pa.RecordBatch, row: int) -> None:
    """The limit of a cell, in bytes before it is looked at in characters."""
    for column in found.columns:
        if (pc.max(pc.binary_length(column)).as_py() or 0) > CELL_CHARACTERS:
            too_long = pc.greater(pc.utf8_length(column), CELL_CHARACTERS)
            if (place := pc.index(too_long, True).as_py()) >= 0:
                raise refuse("cell_too_long", line=row + place, limit=CELL_CHARACTERS)


def _open(path: Path, encoding: str) -> io.TextIOWrapper:
    return path.open("r", encoding=encoding, newline="")


def _head(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    """The first records, up to a cell that is too long: it is met again where rows are read, and refused."""
    rows: list[list[str]] = []
    with _open(path, encoding) as file, suppress(csv.Error):
        for row in islice(csv.reader(file, delimiter=delimiter), HEAD_ROWS):
            rows.append(row)
    return rows


def _records(path: Path, encoding: str, delimiter: str, skip: int) -> Iterator[list[list[str]]]:
    """The records below the first `skip`, a block of text at a time: rows may be wide and cells long."""
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding, newline="") as file:
        reader = csv.reader(chain(file, [delimiter + _END]), delimiter=delimiter)
        held: list[list[str]] = []
        try:
            for _ in islice(reader, skip):
                pass
            full = raw.tell() + _BLOCK
            while some := list(islice(reader, _ROWS)):
                if held and raw.tell() >= full:
                    yield held
                    held, full = [], raw.tell() + _BLOCK
                held += some
        except csv.Error:
            raise refuse("cell_too_long", line=reader.line_num, limit=CELL_CHARACTERS) from None
        if held[-1:] != [["", _END]]:
            raise refuse("cut_in_quotes", line=_quote_line(held, reader.line_num))
        yield held[:-1]


def _quote_line(rows: list[list[str]], last_line: int) -> int:
    """The line in which the record begins that swallowed the end."""
    swallowed = rows[-1][-1].removesuffix(_END)[:-1] if rows and rows[-1] else ""
    return max(1, last_line - max(1, len(swallowed.splitlines())))


def _ends_with_line_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        return file.read() in (b"\n", b"\r")
