"""Published DuckDB files: copied from the build in order, commented in both languages, read back whole.

Belongs here: ATTACH, copy, COMMENT ON, comparison with the build. Does not: which
tables (catalogue.py), the release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from publication.catalogue import Table, bilingual
from publication.errors import CandidateError, CatalogueError

# Analysts' clients are older than ours; this format is opened by every DuckDB since 1.0.
STORAGE_VERSION = "v1.0.0"


@dataclass(frozen=True)
class Copy:
    """One table to publish: the catalogue's words, and where this connection holds its rows."""

    table: Table
    database: str
    schema: str

    @property
    def relation(self) -> str:
        """The quoted name under which the source table is read."""
        return ".".join(identifier(part) for part in (self.database, self.schema, self.table.name))


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a quoted SQL literal, for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def attach_build(build_db: Path, limits: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
    """A connection in memory with the run's build attached as `build`, read-only, within these limits of the engine.

    What its memory does not hold goes beside the build: the engine's own choice is the folder that somebody stands in.
    """
    con = duckdb.connect(config={**(limits or {}), "temp_directory": str(build_db.parent / ".spill")})
    con.execute(f"ATTACH {literal(str(build_db))} AS build (READ_ONLY)")
    return con


def described(con: duckdb.DuckDBPyConnection, copy: Copy) -> dict[str, str]:
    """Each column of the source with its bilingual description; refuses either without the other.

    The description is the catalogue's; one that disclosure control added has a comment in the build.
    """
    found = con.execute(
        "SELECT column_name, comment FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [copy.database, copy.schema, copy.table.name],
    ).fetchall()
    if not found:
        raise CatalogueError(
            "table_missing",
            f"构建库中没有应发布的表 {copy.schema}.{copy.table.name}；请检查该模型是否已运行。",
            f"the build has no table {copy.schema}.{copy.table.name} to publish: did its model run?",
        )
    texts = {name: copy.table.columns.get(name) or comment or "" for name, comment in found}
    offenders = sorted(name for name, text in texts.items() if not bilingual(text))
    # Disclosure control may drop a column, so only the build's own tables must have every described one.
    if copy.schema != "public":
        offenders += sorted(set(copy.table.columns) - set(texts))
    if offenders:
        listed = ", ".join(offenders)
        raise CatalogueError(
            "column_undescribed",
            f"{copy.table.name} 的列与说明不符（缺列，或缺中英文说明“中文。 | English.”）：{listed}",
            f"columns and descriptions of {copy.table.name} differ "
            f"(no column, or no “中文。 | English.”): {listed}",
        )
    return texts


def write_database(con: duckdb.DuckDBPyConnection, path: Path, copies: Sequence[Copy]) -> dict[str, int]:
    """Writes these tables into schema main of a database file, new or not; gives rows per table, as read back."""
    con.execute(f"ATTACH {literal(str(path))} AS target (STORAGE_VERSION {literal(STORAGE_VERSION)})")
    # One transaction: alone, each of some hundred comments would wait for the disk.
    con.begin()
    for copy in copies:
        texts = described(con, copy)
        target = f"target.main.{identifier(copy.table.name)}"
        con.execute(f"CREATE TABLE {target} AS SELECT * FROM {copy.relation} ORDER BY ALL")
        con.execute(f"COMMENT ON TABLE {target} IS {literal(copy.table.description)}")
        for name, text in texts.items():
            con.execute(f"COMMENT ON COLUMN {target}.{identifier(name)} IS {literal(text)}")
    con.commit()
    con.execute("DETACH target")
    return _read_back(con, path, copies)


def _read_back(con: duckdb.DuckDBPyConnection, path: Path, copies: Sequence[Copy]) -> dict[str, int]:
    """Row counts, after every value in the file was read again from the disk and compared with its source."""
    rows: dict[str, int] = {}
    with duckdb.connect(str(path), read_only=True) as written:
        for copy in copies:
            copied = _fingerprint(written, f"main.{identifier(copy.table.name)}")
            if copied != _fingerprint(con, copy.relation):
                raise CandidateError(
                    "copy_differs",
                    f"{path.name} 中的表 {copy.table.name} 与构建库不一致；请检查磁盘后重新运行。",
                    f"{copy.table.name} in {path.name} differs from the build: check the disk and run again.",
                )
            rows[copy.table.name] = copied[0]
    return rows


def _fingerprint(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int | None]:
    """Rows, and a sum over the hashes of whole rows: equal for equal bags of rows in any order."""
    [(rows, total)] = con.sql(
        f"SELECT count(*), sum(hash(fingerprinted)::HUGEINT) FROM {relation} AS fingerprinted"
    ).fetchall()
    return rows, total
