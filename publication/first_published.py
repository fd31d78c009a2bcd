"""What was first published of each headline rate: handed on from release to release.

Belongs here: copying the table of one release into the build of the next, and keeping it of a release that is removed.
Does not: which figures are in it (dbt, first_published), what follows from them (dbt, ind_revision).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from publication.databases import literal

_TABLE = "first_published"


def keep(release: Path, target: Path) -> None:
    """Writes the table of a release into a small database of its own, from which it can be handed on."""
    with duckdb.connect(str(target)) as con:
        con.execute(f"ATTACH {literal(str(release / 'warehouse.duckdb'))} AS earlier (READ_ONLY)")
        known = con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'earlier' AND table_name = ?",
            [_TABLE],
        ).fetchall()
        if known[0][0]:
            con.execute(f"CREATE TABLE {_TABLE} AS FROM earlier.main.{_TABLE}")
        con.execute("DETACH earlier")


def hand_on(con: duckdb.DuckDBPyConnection, release: Path) -> int:
    """Fills raw.first_published of an open build from a release; gives the number of rows.

    A release that was made before the table existed hands nothing on.
    """
    con.execute(f"ATTACH {literal(str(release / 'warehouse.duckdb'))} AS earlier (READ_ONLY)")
    try:
        known = con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'earlier' AND table_name = ?",
            [_TABLE],
        ).fetchall()
        if not known[0][0]:
            return 0
        con.execute(f"INSERT INTO raw.{_TABLE} BY NAME SELECT * FROM earlier.main.{_TABLE}")
        rows = con.execute(f"SELECT count(*) FROM raw.{_TABLE}").fetchall()
        return int(rows[0][0])
    finally:
        con.execute("DETACH earlier")
