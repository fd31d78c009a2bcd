"""What differs between two releases, cell by cell: their databases for analysts, table by table.

Belongs here: the comparison in SQL. Does not: why they differ (orchestration.comparison), the screen.

A table with a key is compared by it: a row that only one release has is added or removed, of a row that both have each
cell that differs is listed, up or down by however little. Of a table without one whole rows are added and removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from publication.databases import identifier, literal
from publication.errors import ReleaseError

# What a line says, in the order of the columns; all are text.
CELL = {
    "table_name": "表名。 | Table.",
    "change": "added 新增行，removed 去除行，changed 改动。 | Row added, row removed, cell changed.",
    "key": "该行的主键（JSON）；无主键的表为空。 | Key of the row, as JSON; empty for tables without one.",
    "column_name": "列名；为空则指整行。 | Column; empty for the row as a whole.",
    "old_value": "此前的值。 | Value before.",
    "new_value": "现在的值。 | Value now.",
}
NO_CELLS = pa.schema([(name, pa.string()) for name in CELL]).empty_table()
_DATABASE = "warehouse.duckdb"
_MEMORY = "2GB"
_TABLE = f"CREATE TEMP TABLE difference ({', '.join(f'{name} VARCHAR' for name in CELL)})"
_COLUMNS = """
SELECT table_name, list(column_name ORDER BY column_index)
FROM duckdb_columns() WHERE database_name = $database AND schema_name = 'main' GROUP BY table_name"""
_SUMMARY = """
SELECT
    table_name,
    count(*) FILTER (change = 'added' AND column_name IS NULL),
    count(*) FILTER (change = 'removed' AND column_name IS NULL),
    count(DISTINCT key) FILTER (change = 'changed'), count(*) FILTER (change = 'changed')
FROM difference GROUP BY table_name ORDER BY table_name"""


@dataclass(frozen=True)
class TableDifference:
    """How much of a table differs: rows that one release has alone, rows that both have, and their cells."""

    table: str
    rows_added: int
    rows_removed: int
    rows_changed: int
    cells_changed: int


class Differences:
    """Two releases side by side; `differing` opens and closes them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, keys: Mapping[str, Sequence[str]]) -> None:
        self._con = con
        old, new = (dict(con.execute(_COLUMNS, {"database": name}).fetchall()) for name in ("old", "new"))
        self.tables = sorted({*old, *new})
        con.execute(_TABLE)
        for table in self.tables:
            # A table or a column that one of them lacks has no values there.
            columns = list(dict.fromkeys([*new.get(table, []), *old.get(table, [])]))
            sides = [
                _side(side, table, columns, has.get(table)) for side, has in (("old", old), ("new", new))
            ]
            key = [name for name in keys.get(table, ()) if name in columns]
            con.execute(f"INSERT INTO difference {_compared(table, columns, key, *sides)}")

    def summary(self) -> list[TableDifference]:
        """The tables that differ at all."""
        return [TableDifference(*line) for line in self._con.execute(_SUMMARY).fetchall()]

    def cells(self, table: str | None = None) -> pa.Table:
        """Every difference, of one table or of all, in a fixed order; values are as text.

        A line without `column_name` stands for a whole row that is added or removed; its cells follow where it has a key,
        else it is a value itself. Keys and such rows are JSON.
        """
        query = "FROM difference WHERE table_name = coalesce($table, table_name) ORDER BY ALL NULLS FIRST"
        return self._con.sql(query, params={"table": table}).to_arrow_table()

    def told(self, old: str, new: str, made_of: Mapping[str, Any]) -> dict[str, Any]:
        """All but the cells, for a screen, a page or a program; `made_of` says what differs in the making of the two."""
        return {
            "old": old,
            "new": new,
            "made_of": made_of,
            "headline": self.headline(),
            "tables": [asdict(one) for one in self.summary()],
        }

    def headline(self) -> list[dict[str, object]]:
        """The province's rates that either release has, side by side; a rate's change is in points."""
        found = self._con.execute("""
            SELECT reference_year, tier_basis, purpose, obligation, old.rate AS old_rate, new.rate AS new_rate,
                100 * (new.rate - old.rate) AS points, old.n_met AS old_met, new.n_met AS new_met,
                old.n_asked AS old_asked, new.n_asked AS new_asked
            FROM (FROM old.main.coverage WHERE dimension = 'province') AS old
            FULL JOIN (FROM new.main.coverage WHERE dimension = 'province') AS new
                USING (reference_year, tier_basis, purpose, obligation)
            ORDER BY ALL""")
        names = [column[0] for column in found.description]
        return [dict(zip(names, line, strict=True)) for line in found.fetchall()]


@contextmanager
def differing(old: Path, new: Path, keys: Mapping[str, Sequence[str]]) -> Iterator[Differences]:
    """The differences from the release in folder `old` to that in `new`; `keys` names the columns that tell rows apart."""
    with TemporaryDirectory(prefix="innostat-") as spill, duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{_MEMORY}'; SET temp_directory = {literal(spill)}")
        for name, release in (("old", old), ("new", new)):
            try:
                con.execute(f"ATTACH {literal(str(release / _DATABASE))} AS {name} (READ_ONLY)")
            except duckdb.Error as error:
                raise ReleaseError(
                    "release_file_unreadable",
                    f"{release / _DATABASE} 打不开（{error}）；请用 innostat verify 核对该发布。",
                    f"{release / _DATABASE} can't be opened ({error}); check the release with innostat verify.",
                ) from error
        yield Differences(con, keys)


def _side(side: str, table: str, columns: Sequence[str], has: Sequence[str] | None) -> str:
    """A release's table with all columns that either has."""
    if has is None:
        nulls = ", ".join(f"NULL AS {identifier(name)}" for name in columns)
        return f"(SELECT {nulls}, true AS _there WHERE false)"
    cells = ", ".join(identifier(name) if name in has else f"NULL AS {identifier(name)}" for name in columns)
    return f"(SELECT {cells}, true AS _there FROM {side}.main.{identifier(table)})"


def _compared(table: str, columns: Sequence[str], key: Sequence[str], old: str, new: str) -> str:
    name = literal(table)
    if not key:
        row = f"to_json(struct_pack({', '.join(f'{identifier(c)} := {identifier(c)}::VARCHAR' for c in columns)}))::VARCHAR"
        return f"""
            SELECT {name}, 'removed', NULL, NULL, row, NULL
            FROM (SELECT {row} AS row FROM {old} EXCEPT ALL SELECT {row} FROM {new})
            UNION ALL
            SELECT {name}, 'added', NULL, NULL, NULL, row
            FROM (SELECT {row} AS row FROM {new} EXCEPT ALL SELECT {row} FROM {old})"""
    same = " AND ".join(f"old.{identifier(c)} IS NOT DISTINCT FROM new.{identifier(c)}" for c in key)
    told = ", ".join(f"{identifier(c)} := coalesce(new.{identifier(c)}, old.{identifier(c)})" for c in key)
    alone = "old._there IS NULL OR new._there IS NULL"
    row = f"CASE WHEN {alone} THEN struct_pack(name := NULL::VARCHAR, old := NULL::VARCHAR, new := NULL::VARCHAR) END"
    cells = ", ".join(
        f"CASE WHEN old.{c} IS DISTINCT FROM new.{c} THEN struct_pack("
        f"name := {literal(column)}, old := old.{c}::VARCHAR, new := new.{c}::VARCHAR) END"
        for column in columns
        if (c := identifier(column)) and column not in key
    )
    return f"""
        SELECT {name}, change, key, cell.name, cell.old, cell.new
        FROM (
            SELECT
                CASE WHEN old._there IS NULL THEN 'added' WHEN new._there IS NULL THEN 'removed' ELSE 'changed' END AS change,
                to_json(struct_pack({told}))::VARCHAR AS key, unnest([{", ".join(filter(None, [row, cells]))}]) AS cell
            FROM {old} AS old FULL JOIN {new} AS new ON {same}
        )
        WHERE cell IS NOT NULL"""
