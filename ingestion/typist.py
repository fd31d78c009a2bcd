"""What types the files of one source: an engine of its own, the files it writes, and statements that are planned once.

Belongs here: the connection, streams of rows under a name, plans kept from file to file. Does not belong here: which
statements there are (`rowsql`, `mark`), what a delivery is (`typed`).

Planning is most of what a small file costs: of 30 ms of CPU for the statement that types its rows 9 went into parsing and
17 into binding, measured. A plan that is kept may have no parameters, which the engine would bind anew each time: what
differs between files comes as a column of a stream.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.arrow import leave_pandas_out
from ingestion.contract import Source
from ingestion.incoming import Incoming
from ingestion.macros import literal
from ingestion.reference import Reference
from ingestion.rowsql import OUT, REMARKED, REMARKS, columns_sql, no_rows_sql, rows_sql, rulebook
from ingestion.totals import LINES

if TYPE_CHECKING:
    import duckdb

# What is told beside the rows: the units of a sheet, facts of the delivery (and its last row, where that may have been
# cut), totals that its rows do not come to.
SAID = pa.schema([("sheet", pa.string()), ("units", pa.string())])
DELIVERED = pa.schema([("delivered_on", pa.date32()), ("cut_sheet", pa.string()), ("cut_row", pa.int64())])
# Typed rows as they are read back, where there is something to say of some; the names of lists' elements are the file's.
_PLACE = [("_sheet", pa.string()), ("_row", pa.int64())]
_TEXTS = pa.list_(pa.field("element", pa.string()))
REMARK = pa.schema([*_PLACE, ("_out", pa.bool_()), ("_remark", pa.list_(pa.field("element", _TEXTS)))])
_FEEDS = {"said": SAID, "delivered": DELIVERED, "mismatch": LINES, "remark": REMARK}
# Names and codes are nearly all different: no need to look for long whether they repeat. Groups of rows of half the usual
# size keep two cores busy to the end. (500,000 rows: 0.38 → 0.33 s; the file is not larger.)
_LAYOUT = "(FORMAT parquet, ROW_GROUP_SIZE 61440, DICTIONARY_SIZE_LIMIT 4096)"
_COUNTED = _LAYOUT.replace(")", ", RETURN_STATS)")
_FORMS = 16  # whose plans are kept at once: a source's files have a few


class Feed:
    """Rows under a name in SQL: a statement reads, each time it runs, what was given last."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._given: Iterable[pa.RecordBatch] | None = None

    def give(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Let statements read these; a stream is there once."""
        self._given = batches

    # The names are Arrow's (its PyCapsule interface): the engine asks for the columns once, for the rows each time.
    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        if self._given is None:
            raise RuntimeError("a stream was read twice")
        reader = pa.RecordBatchReader.from_batches(self.schema, self._given)
        if isinstance(self._given, Iterator):
            self._given = None
        return reader.__arrow_c_stream__(requested_schema)


@dataclass(frozen=True)
class TypedSheet:
    """The typed rows of a sheet, as `rowsql.rows_sql` says; how many there are, are accepted, and have a remark."""

    path: Path
    rows: int
    accepted: int
    remarks: int

    @property
    def sql(self) -> str:
        """The rows, as a relation; a plan that is kept would hold what it once found at the path."""
        return f"read_parquet({literal(str(self.path))})"

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, for a statement that is planned once."""
        with pq.ParquetFile(self.path) as file:
            yield from file.iter_batches(columns=columns)


class Typist:
    """A connection with the empty table `remarked` of a source; for one file at a time, in one thread.

    It needs a place of its own in `folder`, and the engine one for what memory does not hold. With `one_core` it leaves
    the others to those who work beside it.
    """

    def __init__(self, source: Source, reference: Reference, folder: Path, *, one_core: bool = False) -> None:
        leave_pandas_out()
        self.source = source
        folder.mkdir(parents=True, exist_ok=True)
        self._aside = Path(mkdtemp(prefix=".typist-", dir=folder))
        self.con: duckdb.DuckDBPyConnection = reference.connect(folder / ".spill", one_core=one_core)
        self.con.execute(REMARKED)
        self._sheets: list[TypedSheet] = []
        self._plans: dict[str, str] = {}
        self._forms: dict[tuple[str, pa.Schema], tuple[str, str]] = {}  # → its stream's name, its statement
        self.con.register("rulebook", pa.Table.from_pylist(rulebook(source)))
        # All at the beginning: a new name makes the engine plan anew what it has planned.
        self._feeds = {name: self._registered(name, schema) for name, schema in _FEEDS.items()}

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()
        shutil.rmtree(self._aside)

    def tell(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Give the rows of `said`, `delivered` or `mismatch`."""
        feed = self._feeds[name]
        feed.give(pa.Table.from_pylist(rows, feed.schema).to_batches())

    def type_sheet(self, incoming: Incoming) -> TypedSheet:
        """Type the rows of a sheet into a file; sheets of one form share a stream's name, and so a plan."""
        # The statement names columns, the engine reads a stream by place: constants come in their sidecar's order.
        form = (rows_sql(incoming.job, "incoming"), incoming.schema)
        if form not in self._forms:
            if len(self._forms) == _FORMS:
                self._forget()
            name = f"incoming_{len(self._forms)}"
            self._feeds[name] = self._registered(name, incoming.schema)
            self._forms[form] = name, rows_sql(incoming.job, name)
        name, statement = self._forms[form]
        self._feeds[name].give(incoming.batches())
        path = self._aside / f"sheet{len(self._sheets)}.parquet"
        _, rows, _, _, columns, *_ = self._copy(statement, path, _COUNTED)
        accepted, silent = (rows and int(columns[f'"{name}"']["null_count"]) for name in ("_out", "_remark"))
        sheet = TypedSheet(path, rows, accepted, rows - silent)
        self._sheets.append(sheet)
        if sheet.remarks:
            self._feeds["remark"].give(sheet.batches(REMARK.names))
            self.run(REMARKS)
        return sheet

    def write_rows(self, path: Path, accepted: int) -> int:
        """Leave the typed rows of all sheets, in their order, where `accepted` of them are to be; how many are."""
        if [sheet.accepted for sheet in self._sheets] == [accepted]:
            self._sheets[0].path.replace(path)
            return accepted
        if not self._sheets:
            self.write(no_rows_sql(self.source), path)
            return 0
        columns = columns_sql(self.source)
        sheets = " UNION ALL ".join(f"SELECT {columns} FROM {sheet.sql}" for sheet in self._sheets)
        rows = f"SELECT *, NULL::BOOLEAN AS _out FROM ({sheets}) ANTI JOIN ({OUT}) USING (_sheet, _row)"
        return int(self.con.execute(f"COPY ({rows}) TO {literal(str(path))} {_LAYOUT}").fetchall()[0][0])

    def write(self, sql: str, path: Path) -> None:
        """Write the result of a query, in its order."""
        self._copy(sql, path, _LAYOUT)

    def _copy(self, sql: str, path: Path, layout: str) -> tuple[Any, ...]:
        # A plan writes to one place; from there it is moved.
        aside = self._aside / "written.parquet"
        done = self.run(f"COPY ({sql}) TO {literal(str(aside))} {layout}").fetchall()
        aside.replace(path)
        return done[0]

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run a statement without parameters by its plan, which is made when it is first seen."""
        if sql not in self._plans:
            name = f"plan_{len(self._plans)}"
            self.con.execute(f"PREPARE {name} AS {sql}")
            self._plans[sql] = name
        return self.con.execute(f"EXECUTE {self._plans[sql]}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The result of a small query."""
        return self.run(sql).fetchall()

    def _forget(self) -> None:
        for plan in self._plans.values():
            self.con.execute(f"DEALLOCATE {plan}")
        for name, _ in self._forms.values():
            self.con.unregister(name)
            del self._feeds[name]
        self._plans.clear()
        self._forms.clear()

    def _registered(self, name: str, schema: pa.Schema) -> Feed:
        feed = Feed(schema)
        self.con.register(name, feed)
        return feed

    def clear(self) -> None:
        """Forget the rows of the file before."""
        self.con.execute("DELETE FROM remarked")
        for sheet in self._sheets:
            sheet.path.unlink(missing_ok=True)
        self._sheets.clear()
