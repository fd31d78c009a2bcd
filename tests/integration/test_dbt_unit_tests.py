"""The unit tests of the dbt models: the rules of the statistics, each on a handful of rows.

Here: running them on real DuckDB. Not here: the tests, which stand beside the models that they are about.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from ingestion.contract import load_contracts
from ingestion.settle import RunSetting, settle


@pytest.mark.slow
def test_every_unit_test_of_the_models_passes(tmp_path: Path, repo_root: Path) -> None:
    database = tmp_path / "innostat.duckdb"
    con = duckdb.connect(str(database))
    settle(
        con,
        tmp_path,
        load_contracts(),
        [],
        RunSetting("r000001", 1, date(2026, 6, 30), 2024, "2025-05-15-draft"),
    )
    con.close()

    def dbt(*command: str) -> str:
        places = ["--project-dir", repo_root / "dbt_project", "--profiles-dir", repo_root / "dbt_project"]
        places += ["--target-path", tmp_path / "target", "--log-path", tmp_path / "logs"]
        return subprocess.run(
            [Path(sys.executable).parent / "dbt", "--no-use-colors", *command, *places],
            env={**os.environ, "INNOSTAT_BUILD_DB": str(database)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    # Unit tests read their inputs' column types from the database: the models must stand there, empty.
    built = dbt("build", "--exclude-resource-type", "unit_test")
    assert "Completed successfully" in built, built
    tested = dbt("test", "--select", "test_type:unit")
    summary = re.search(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0", tested)
    assert summary and int(summary[1]) > 10, tested
