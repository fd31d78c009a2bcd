"""The rows of one sheet on their way into the statement that types them: cells trimmed, beside what differs between files.

Belongs here: the columns of the stream, what Arrow does to cells before SQL. Does not belong here: reading files
(`readers`), the statement (`rowsql`), running it (`typist`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pyarrow as pa

from ingestion.cell_text import (
    figures,
    is_suspicious,
    nfkc,
    said,
    trimmed,
    words_as_digits,
)
from ingestion.cells import is_nfkc
from ingestion.codes import sound_codes
from ingestion.contract import Column
from ingestion.plain_numbers import PLAIN, plain_numbers
from ingestion.readers.sheet import TextSheet, schema
from ingestion.row_kind import Cells, with_kinds
from ingestion.rowsql import Job
from ingestion.rules import RefusedError

_DATED = ("date", "month", "period", "year")
_FIGURES = (*_DATED, "money", "int", "decimal", "area", "industry", "bool")


class SuspiciousError(Exception):
    """A cell of the batch is worth a look that the statement under way does not take."""


@dataclass
class Incoming:
    """One sheet for one statement. What stopped its stream cannot pass through the engine as what it is: it is kept here."""

    sheet: TextSheet
    job: Job
    delivered_on: date
    stopped: list[Exception] = field(default_factory=list)
    last_row: int = 0  # where the last row stands that was taken so far

    @cached_property
    def schema(self) -> pa.Schema:
        """The cells as delivered (`c0` …), the sheet's own, constants (`k:`), what cells say, NULL for nothing (`n:`), sound
        codes (`s:`), plain numbers (`v:`)."""
        added = [("_sheet", pa.string()), ("_delivered_on", pa.date32()), ("_kind", pa.string())]
        added += [(f"k:{name}", pa.string()) for name in self.job.constants]
        added += [(f"n:{column.name}", pa.string()) for column in self._delivered]
        added += [(f"s:{column.name}", pa.bool_()) for column in self._codes]
        added += [(f"v:{name}", kind) for name, kind in self._numbers.items()]
        return pa.schema([*schema(self.job.layout.width), *(pa.field(*one) for one in added)])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows below the header, as `schema` says."""
        layout = self.job.layout
        try:
            for batch in self.sheet.batches(layout.data, layout.width):
                cells = {name: trimmed(batch.column(name)) for name in batch.schema.names}
                if not self.job.suspicious and any(is_suspicious(cells[raw]) for raw in self._looked_at):
                    raise SuspiciousError
                rows, kinds = with_kinds(cells, layout)
                self.last_row = rows["_row"][-1].as_py() if len(kinds) else self.last_row
                yield pa.RecordBatch.from_arrays(
                    [*rows.values(), *self._added(rows, kinds)], schema=self.schema
                )
        except (RefusedError, SuspiciousError) as error:
            self.stopped.append(error)
            raise

    def _added(self, cells: Cells, kinds: pa.Array) -> Iterator[pa.Array]:
        rows = len(kinds)
        yield pa.repeat(self.sheet.name, rows)
        yield pa.repeat(pa.scalar(self.delivered_on), rows)
        yield kinds
        constants = {f"k:{name}": pa.repeat(value, rows) for name, value in self.job.constants.items()}
        yield from constants.values()
        given = {**cells, **constants}
        normal = {column.name: _normal(column, given[self._raw(column)]) for column in self._delivered}
        numbers = {name: plain_numbers(normal[name], kind) for name, kind in self._numbers.items()}
        for column in self._delivered:
            yield said(normal[column.name], wide=not is_nfkc(column), number=numbers.get(column.name))
        yield from (sound_codes(normal[column.name]) for column in self._codes)
        yield from numbers.values()

    @cached_property
    def _delivered(self) -> list[Column]:
        return [column for column in self.job.source.columns.values() if self.job.raw(column)]

    @cached_property
    def _codes(self) -> list[Column]:
        return [column for column in self._delivered if column.type == "uscc"]

    @cached_property
    def _numbers(self) -> dict[str, pa.DataType]:
        return {column.name: PLAIN[column.type] for column in self._delivered if column.type in PLAIN}

    @cached_property
    def _looked_at(self) -> list[str]:
        return [self._raw(column) for column in self._delivered if column.name not in self.job.constants]

    def _raw(self, column: Column) -> str:
        return str(self.job.raw(column)).strip('"')


def _normal(column: Column, cells: pa.Array) -> pa.Array:
    if not is_nfkc(column):
        return cells
    normal = (figures if column.type in _FIGURES else nfkc)(cells)
    return words_as_digits(normal) if column.type in _DATED else normal
