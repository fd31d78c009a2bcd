"""The yardstick measures nothing where it says something else than a release: the comparison sees one cell.

Here: tables that differ in one place. Not here: the script against a whole release (tests/integration/test_yardstick.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.same import ELSEWHERE, TABLES, differences

ROWS = (
    "create table {} as from (values ('H1', 0.1::double + 0.2, 3, 'met'), ('H2', null, 0, 'unknown')) "
    "t (indicator_id, rate, n_asked, status)"
)


def write(home: Path, script: Path) -> None:
    """Both sides with the same rows in every table."""
    release = home / "releases" / "current"
    release.mkdir(parents=True)
    script.mkdir()
    for database in ("warehouse", "confidential"):
        with duckdb.connect(str(release / f"{database}.duckdb")) as con:
            for table in TABLES:
                place = ELSEWHERE.get(table, f"warehouse.main.{table}")
                if place.startswith(database):
                    con.execute(ROWS.format(place.rpartition(".")[2]))
    with duckdb.connect(str(script / "warehouse.duckdb")) as con:
        con.execute("create table left_out as select 'Q-5' as indicator_id")
        for table in TABLES:
            con.execute(ROWS.format(table))


@pytest.mark.parametrize(
    "change",
    [
        "update {} set rate = 0.300001 where indicator_id = 'H1'",
        "update {} set rate = 0 where indicator_id = 'H2'",
        "update {} set status = null where indicator_id = 'H1'",
        "delete from {} where indicator_id = 'H2'",
        "insert into {} from {} where indicator_id = 'H2'",
        "delete from {}",
    ],
)
def test_one_cell_that_differs_is_seen(tmp_path: Path, change: str) -> None:
    home, script = tmp_path / "home", tmp_path / "script"
    write(home, script)
    with duckdb.connect(str(script / "warehouse.duckdb")) as con:
        con.execute(change.format("indicator_value", "indicator_value"))
    found = differences(home, script)
    assert "indicator_value: " in found and "coverage: " not in found


def test_every_table_is_compared(tmp_path: Path) -> None:
    home, script = tmp_path / "home", tmp_path / "script"
    write(home, script)
    assert differences(home, script) == ""
    with duckdb.connect(str(script / "warehouse.duckdb")) as con:
        for table in TABLES:
            con.execute(f"update {table} set n_asked = 4 where indicator_id = 'H1'")
    found = differences(home, script)
    assert [table for table in TABLES if f"\n  {table}: 2 rows of 2" not in found] == []


def test_the_last_digit_of_a_sum_is_no_difference(tmp_path: Path) -> None:
    home, script = tmp_path / "home", tmp_path / "script"
    write(home, script)
    with duckdb.connect(str(script / "warehouse.duckdb")) as con:
        con.execute("update coverage set rate = 0.3 where indicator_id = 'H1'")
    assert differences(home, script) == ""


def test_two_empty_tables_are_no_agreement(tmp_path: Path) -> None:
    home, script = tmp_path / "home", tmp_path / "script"
    write(home, script)
    for database in (home / "releases" / "current" / "warehouse.duckdb", script / "warehouse.duckdb"):
        with duckdb.connect(str(database)) as con:
            con.execute("delete from coverage")
    assert "coverage: " in differences(home, script)
