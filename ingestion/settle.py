"""What holds at a date: from the typed files of all deliveries to one table a source in schema `raw`.

Belongs here: the order of the steps. Does not belong here: which deliveries count (`settle_files`), the queries of one
source (`settle_rows`, `settle_sql`), the fixed ones (`settle_tables`), names (`links`), typing (`typed`). Nothing is decided in
Python row by row, and nothing is kept between runs: the same deliveries, decisions and date give the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion import doubts, links, targets, unit_ratio
from ingestion import settle_tables as tables
from ingestion.contract import Source
from ingestion.correcting import Correcting
from ingestion.corrections import read_corrections
from ingestion.intake import Taken
from ingestion.reference import Reference
from ingestion.rules import row_rules
from ingestion.settle_files import delivered
from ingestion.settle_sql import CONFLICT, SourceSql

if TYPE_CHECKING:
    import duckdb

REGISTER = "enterprise_register"
# The build database lives for one run, and writing it compressed takes twice as long (0.42 s against 0.19 s
# for 287,000 rows). Beyond this many rows the disk is worth more: uncompressed needs 2.8 times the space.
UNCOMPRESSED_ROWS = 5_000_000
# Sources settled at once: most of their statements are planning, which the engine does on one core.
_AT_ONCE = 2


class ConservationError(RuntimeError):
    """A file's rows do not add up: a fault of the program, never of the data. Nothing may be built on it."""


@dataclass(frozen=True)
class RunSetting:
    """What a run is told besides the data."""

    run_id: str
    run_seq: int
    as_of: date
    first_year: int
    policy_version: str
    complete: Mapping[str, Sequence[int]] = field(default_factory=dict)


def settle(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    contracts: Mapping[str, Source],
    taken: Iterable[Taken],
    run: RunSetting,
    progress: Callable[[str], None] | None = None,
    reference: Reference | None = None,
) -> None:
    """Fill schema `raw` of the open build database with all that holds at the run's as-of date.

    `taken` are all deliveries on record; those after the as-of date are passed over. `reference` has the code lists,
    against which a corrected value is read like a delivered one.
    """
    taken = list(taken)
    linked = [name for name, source in contracts.items() if source.links]
    decisions = links.read_decisions(home / "decisions" / "links.csv", linked, run.as_of)
    decided_targets = targets.read_targets(home / "decisions" / "targets.csv")
    corrected = read_corrections(home / "decisions" / "corrections.csv", contracts, run.as_of)
    files = delivered(contracts, taken, run.as_of)
    correcting = Correcting(home, taken, reference)
    hits = correcting.apply(corrected, contracts, files)
    if sum(file["accepted"] for file in files) <= UNCOMPRESSED_ROWS:
        con.execute("SET force_compression = 'uncompressed'")
    settling = _Settling(con, files, correcting)
    settling.begin()
    correcting.register(con, hits)
    settling.run_tables(run)
    targets.fill(con, decided_targets)
    tell = progress or (lambda name: None)
    with links.sql_functions(con):
        # The register first: the other sources are linked through its names.
        if (register := contracts.get(REGISTER)) is not None:
            settling.source(register)
            links.prepare(con, decisions)
            settling.known_enterprises(register)
            tell(REGISTER)
        for name in settling.sources([source for source in contracts.values() if source is not register]):
            tell(name)
        settling.unlinked_rows()
    correcting.conclude(con, corrected)
    settling.issues()
    settling.deliveries()


class _Settling:
    """The steps on one connection to the build database; settling.file says of each delivery what it was."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, files: list[dict[str, Any]], correcting: Correcting
    ) -> None:
        self._con = con
        self._files = files
        self._correcting = correcting

    def begin(self) -> None:
        """Make the tables that all sources fill, and those that say what is known of files and rules."""
        for statement in (*tables.TABLES, unit_ratio.TABLE, unit_ratio.PEER_TABLE):
            self._con.execute(statement)
        self._table("file", self._files, tables.FILE)
        self._table(
            "rule",
            [
                {"rule": r.name, "zh": r.zh, "en": r.en, "advice_zh": r.advice_zh, "advice_en": r.advice_en}
                for r in row_rules().values()
            ],
            tables.RULE,
        )

    def run_tables(self, run: RunSetting) -> None:
        """What the run was told, for the models to read."""
        self._con.execute(
            "INSERT INTO raw.run_setting VALUES (?, ?, ?, ?, ?)",
            [run.run_id, run.run_seq, run.as_of, run.first_year, run.policy_version],
        )
        for obligation, years in sorted(run.complete.items()):
            for year in sorted(set(years)):
                self._con.execute("INSERT INTO raw.complete_register VALUES (?, ?)", [obligation, year])

    def sources(self, sources: Iterable[Source]) -> Iterator[str]:
        """Settle these, some at once and each on a connection of its own; gives the name of each that is done."""
        idle = SimpleQueue[_Settling]()

        def settle_one(source: Source) -> str:
            one = idle.get()
            try:
                one.source(source)
            finally:
                idle.put(one)
            return source.name

        with ExitStack() as stack:
            for _ in range(_AT_ONCE):
                con = stack.enter_context(closing(self._con.cursor()))
                idle.put(_Settling(con, self._files, self._correcting))
            pool = ThreadPoolExecutor(_AT_ONCE)
            stack.callback(pool.shutdown, cancel_futures=True)
            # What is most is begun first, so that none is left alone with it at the end.
            ordered = sorted(sources, key=lambda source: -sum(file["accepted"] for file in self._of(source)))
            for done in as_completed([pool.submit(settle_one, source) for source in ordered]):
                yield done.result()

    def _of(self, source: Source) -> list[dict[str, Any]]:
        """The files of a source that have rows."""
        return [file for file in self._files if file["source"] == source.name and file["accepted"]]

    def source(self, source: Source) -> None:
        """Settle one source into its table."""
        files = self._of(source)
        sql = SourceSql(
            source,
            moments=len({file["moment"] for file in files}),
            replaced=any(file["is_full"] for file in files),
            deletes=any(file["is_delete"] for file in files),
        )
        self._con.execute(sql.empty())
        if not files:
            return
        parameters = {"files": [file["path"] for file in files], "source": source.name}
        if (names := sql.names_without_code()) is not None:
            self._run(links.LINK.format(waiting=names), parameters)
        for statement in (*sql.resolve_places(), sql.clash()):
            self._run(statement, parameters)
        clashing = self._con.execute("SELECT count(*) FROM temp.clash").fetchall()[0][0] > 0
        conflicts = (tables.CONFLICTS, tables.TWINS) if clashing else ()
        self._con.execute(tables.NO_TWINS)
        for statement in (*sql.steps(clashing=clashing), *conflicts, *sql.waiting()):
            self._run(statement, parameters)
        if source.name != REGISTER:
            self._doubts(source)
        self._correcting.see_what_holds(self._con, source)

    def _doubts(self, source: Source) -> None:
        """Warn of rows that hold and yet are unlikely beside last year's figures, other files or the register."""
        figures, beside_register = unit_ratio.figures_sql(source), doubts.doubts_sql(source)
        compared = (unit_ratio.PAIRS, unit_ratio.RATIOS, unit_ratio.PEERS, doubts.UNITS) if figures else ()
        for statement in (figures, *compared, beside_register):
            if statement is not None:
                self._run(statement, {})

    def known_enterprises(self, register: Source) -> None:
        """Note what the register says of each enterprise, for the doubts about other rows and its own."""
        self._run(doubts.REGISTER, {})
        self._doubts(register)

    def unlinked_rows(self) -> None:
        """The rows that wait for a code, with the enterprises that their names resemble."""
        links.suggest(self._con)
        self._run(tables.UNLINKED, {})

    def issues(self) -> None:
        """The rows that typing did not accept, and those that it warned of."""
        found = [file["issues"] for file in self._files if file["rows_read"]]
        if found:
            self._run(tables.ISSUES, {"issues": found})
            self._run(doubts.PARENTS, {})
        self._run(tables.CONFLICT_ROWS, {"rule": row_rules()[CONFLICT].name})
        self._run(tables.ISSUE_ROWS.format(table="quarantined_row"), {"severity": "quarantine"})
        self._run(tables.ISSUE_ROWS.format(table="warned_row"), {"severity": "warning"})

    def deliveries(self) -> None:
        """What became of each file; every row that was read must be accounted for."""
        typed = [file["path"] for file in self._files if file["accepted"]]
        if typed:
            self._run(tables.TYPED_COUNT, {"files": typed})
        self._run(tables.DELIVERY, {})
        wrong = [text for (text,) in self._con.execute(tables.NOT_CONSERVED).fetchall()]
        if wrong:
            raise ConservationError("\n".join(wrong))

    def _table(self, name: str, rows: list[dict[str, Any]], fields: list[tuple[str, pa.DataType]]) -> None:
        self._con.register("given", pa.Table.from_pylist(rows, pa.schema(fields)))
        self._con.execute(f"CREATE OR REPLACE TABLE settling.{name} AS SELECT * FROM given")
        self._con.unregister("given")

    def _run(self, statement: str, parameters: dict[str, Any]) -> None:
        """Run one statement with those of the parameters that it has a place for."""
        self._con.execute(statement, {name: v for name, v in parameters.items() if f"${name}" in statement})
