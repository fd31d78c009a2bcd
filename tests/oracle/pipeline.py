"""The real pipeline on a province, run by run, in this process: inbox → raw store → settled rows → dbt.

Here: the calls that a cycle makes up to the build, and reading its tables. Not here: gate and release (they add no
cell), what the tables should hold (tables.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingestion import intake
from ingestion.contract import load_contracts
from ingestion.inbox import scan
from ingestion.reference import Reference
from ingestion.settle import RunSetting, settle
from orchestration import dbt_runner
from orchestration.environment import SEEDS
from orchestration.home import Home
from orchestration.settings import Settings, load_settings
from tests.oracle.deliveries import Province
from tests.oracle.replay import Replay

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Built:
    """The build database of one run, closed, and what went wrong on the way."""

    database: Path
    problems: list[str]

    def tables(self, queries: dict[str, str]) -> dict[str, Rows]:
        """The rows of some queries, as plain values."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            found = {}
            for name, query in queries.items():
                relation = con.sql(query)
                found[name] = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
            return found


class Workshop:
    """dbt for all provinces of a session: parsed once; of twenty builds one is dbt's, the others replay it."""

    def __init__(self, folder: Path) -> None:
        self._home = Home(folder)
        self._home.manifests.mkdir(parents=True, exist_ok=True)
        self._builds = 0
        self._replay: Replay | None = None

    def build(self, database: Path) -> list[str]:
        """All tables into a settled database; what dbt complains of."""
        self._builds += 1
        if self._replay and self._builds % 20:
            self._replay.build(database)
            return []
        results = dbt_runner.build(self._home, database, 2, "1GB", lambda name, status, seconds: None)
        if not self._replay:
            built = self._home.root / "built" / database.name
            built.parent.mkdir()
            shutil.copy(database, built)
            self._replay = Replay(built, self._home)
        return [
            f"{one.unique_id}: {one.status}: {one.message}"
            for one in results
            if one.status not in ("success", "pass")
        ]


class Pipeline:
    """A data home below `folder` that takes a province's runs one after the other."""

    def __init__(self, province: Province, folder: Path, workshop: Workshop) -> None:
        self._province = province
        self._home = folder / "home"
        self._folder = folder
        self._workshop = workshop
        province.write_home(self._home)
        self._settings: Settings = load_settings(self._home / "innostat.toml")

    def runs(self) -> Iterator[Built]:
        """Each run in its order; one whose as-of date is earlier than the latest loads nothing new."""
        contracts, reference = load_contracts(), Reference(SEEDS)
        for run, as_of in enumerate(self._province.as_ofs):
            backwards = any(as_of < earlier for earlier in self._province.as_ofs[:run])
            for file in self._province.files:
                if file.run == run:
                    file.write(self._home / "inbox")
            seen = scan(self._home, contracts)
            problems = [f"{one.code}: {one.path}" for one in seen.problems]
            run_id = f"r{run + 1:06d}"
            taken = intake.take_in(
                self._home, contracts, reference, [] if backwards else seen.files,
                run_id=run_id, run_seq=run + 1, as_of=as_of,
            )  # fmt: skip
            problems += [
                f"{one.delivery.source}/{one.delivery.name} refused: {one.receipt.refused}"
                for one in taken.taken
                if one.receipt.refused
            ]
            database = self._folder / run_id / "innostat.duckdb"
            database.parent.mkdir(parents=True)
            setting = RunSetting(
                run_id, run + 1, as_of, self._settings.coverage.first_year, self._settings.policy.version,
                self._settings.complete.model_dump(),
            )  # fmt: skip
            with duckdb.connect(str(database)) as con:
                settle(con, self._home, contracts, taken.taken, setting)
            problems += self._workshop.build(database)
            yield Built(database, problems)


def plain(value: Any) -> Any:
    """A value for a message."""
    return json.dumps(value, default=str, ensure_ascii=False)
