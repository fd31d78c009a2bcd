"""The final figures of a year come out of the release that holds them, or the run is refused in words."""

from __future__ import annotations

import json
import shutil
from datetime import date

import duckdb
import pytest

from ingestion.decisions import DecisionError
from ingestion.settle_tables import TABLES
from orchestration import frozen
from orchestration.acts import Act
from orchestration.home import Home
from publication.durable import sha256_file, to_json

RELEASE = "r000001-2026-03-31"


@pytest.fixture
def final(home: Home) -> Act:
    """A release with figures of two years, and the act that made 2025 final."""
    folder = home.releases / RELEASE
    folder.mkdir()
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(
            """
            CREATE TABLE coverage AS
            SELECT year AS reference_year, 'CY' AS tier_basis, 'statistical' AS purpose, 'activity' AS obligation,
              'province' AS dimension, '340000' AS member_code, 9 AS n_asked, 4 AS n_met, 3 AS n_not_met,
              2 AS n_unknown, 1 AS n_tier_unknown, 'P' AS vintage
            FROM (VALUES (2024), (2025)) AS years (year);
            CREATE TABLE indicator_value AS
            SELECT 'T12-1' AS indicator_id, 'count' AS measure, 'main' AS reading, period, '340000' AS area_code,
              '' AS category, 1.5 AS value, NULL::DOUBLE AS numerator, 2.0 AS denominator, 'P' AS vintage
            FROM (VALUES ('2024'), ('2025'), ('2025-Q4'), ('2025-12'), ('2025-W52'), ('2024-W52'), ('2026-W01'), ('2026'))
              AS periods (period)
            """
        )
    database = folder / "warehouse.duckdb"
    files = {database.name: {"sha256": sha256_file(database), "size": database.stat().st_size}}
    (folder / "manifest.json").write_bytes(to_json({"files": files}))
    sha256 = sha256_file(folder / "manifest.json")
    return Act("freeze", "2025", sha256, RELEASE, date(2026, 3, 31), "张三", "审定", "2026-04-01")


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for table in TABLES:
        con.execute(table)
    return con


def test_the_final_figures_are_those_of_the_year_weeks_by_their_sunday(
    home: Home, final: Act, con: duckdb.DuckDBPyConnection
) -> None:
    frozen.fill(con, home, [final])
    assert con.execute("FROM raw.frozen_year").fetchall() == [(2025,)]
    assert con.execute("FROM raw.frozen_coverage").fetchall() == [
        (2025, "CY", "statistical", "activity", "province", "340000", 9, 4, 3, 2, 1)
    ]
    values = con.execute(
        "SELECT period, value, numerator, denominator FROM raw.frozen_value ORDER BY 1"
    ).fetchall()
    # The week 2024-W52 ends on 29 December 2024, 2025-W52 on 28 December 2025, 2026-W01 on 4 January 2026.
    assert values == [(period, 1.5, None, 2.0) for period in ("2025", "2025-12", "2025-Q4", "2025-W52")]


def test_without_a_freeze_the_tables_are_there_and_empty(home: Home, con: duckdb.DuckDBPyConnection) -> None:
    frozen.fill(con, home, [])
    for table in ("year", "coverage", "value"):
        assert con.execute(f"SELECT count(*) FROM raw.frozen_{table}").fetchall() == [(0,)]


def test_a_release_that_is_gone_is_refused_in_words(
    home: Home, final: Act, con: duckdb.DuckDBPyConnection
) -> None:
    shutil.rmtree(home.releases / RELEASE)
    with pytest.raises(DecisionError, match=f"2025 are in release {RELEASE}, which is gone") as refused:
        frozen.fill(con, home, [final])
    assert "备份" in refused.value.zh


@pytest.mark.parametrize("name", ["manifest.json", "warehouse.duckdb"])
def test_a_release_that_was_changed_is_refused_in_words(
    home: Home, final: Act, con: duckdb.DuckDBPyConnection, name: str
) -> None:
    path = home.releases / RELEASE / name
    if name == "manifest.json":
        path.write_bytes(to_json({**json.loads(path.read_bytes()), "as_of": "2025-01-01"}))
    else:
        with duckdb.connect(str(path)) as other:
            other.execute("UPDATE coverage SET n_met = 9")
    with pytest.raises(DecisionError, match="is not what it was"):
        frozen.fill(con, home, [final])
