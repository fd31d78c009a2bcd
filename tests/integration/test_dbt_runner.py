"""dbt in this process: the engine under it keeps to the settings of the home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from orchestration import dbt_runner
from orchestration.home import Home


def test_the_engine_under_dbt_keeps_to_the_limits_of_the_settings(tmp_path: Path) -> None:
    database = tmp_path / "innostat.duckdb"
    limits: dict[str, Any] = {"memory_limit": "600MB", "threads": "1"}
    ours = {"preserve_insertion_order": False, "force_compression": "uncompressed", "fsync_mode": "none"}
    found = []

    def finished(name: str, status: str, seconds: float) -> None:
        # The same engine: dbt has the file open in this process, and another configuration would be refused.
        with duckdb.connect(str(database), config=limits | ours) as con:
            found.extend(
                con.sql("SELECT current_setting('memory_limit'), current_setting('threads')").fetchall()
            )

    dbt_runner.build(Home(tmp_path / "home"), database, 1, "600MB", finished, only="area")
    assert found == [("572.2 MiB", 1)]
