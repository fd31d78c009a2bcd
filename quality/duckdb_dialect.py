"""A read-only SQLAlchemy dialect for DuckDB: just what great-expectations asks of one.

What belongs here: the translation between SQLAlchemy's view of a driver and duckdb's own API. What does not:
any check, and writing.

Why not duckdb-engine: with it every expectation ends in ``list index out of range``, because
great-expectations closes the connection before it has fetched the rows (its issues 10738 and 11579). Here a
cursor takes all rows at once when it executes; the questions asked are set-based and their answers small.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import duckdb
from sqlalchemy import types
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL, default

_NAME = "innostat_duckdb"


class _Cursor:
    """A DB-API cursor that holds its rows, so that they outlive the connection."""

    arraysize = 1
    rowcount = -1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._cursor = connection.cursor()
        self._rows: list[tuple[Any, ...]] = []
        self.description: Any = None

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self._cursor.execute(statement, list(parameters))
        self.description = self._cursor.description
        self._rows = self._cursor.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = arraysize) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        self._cursor.close()


class _Connection:
    """A DB-API connection on a database that nobody can write through it."""

    def __init__(self, path: str) -> None:
        self._duckdb = duckdb.connect(path, read_only=True)

    def cursor(self) -> _Cursor:
        return _Cursor(self._duckdb)

    def commit(self) -> None:
        """Nothing is ever written."""

    def rollback(self) -> None:
        """Nothing is ever written."""

    def close(self) -> None:
        self._duckdb.close()


class DuckDBDialect(default.DefaultDialect):
    """DuckDB, opened read-only, with the reflection that a table asset needs."""

    name = _NAME
    driver = "duckdb"
    supports_statement_cache = False
    default_paramstyle = "qmark"

    @classmethod
    def import_dbapi(cls) -> Any:
        """The driver as SQLAlchemy wants to see it."""
        return SimpleNamespace(paramstyle="qmark", connect=_Connection, Error=duckdb.Error)

    def create_connect_args(self, url: URL) -> Any:
        """The path, from the URL's query: a URL's database part is not unquoted."""
        return [url.query["path"]], {}

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        """Whether a schema has a table or view of this name."""
        return bool(self.get_columns(connection, table_name, schema))

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        """Columns of a table, in order."""
        rows = connection.exec_driver_sql(
            "SELECT column_name, is_nullable FROM information_schema.columns"
            " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
            (schema or "main", table_name),
        )
        # No expectation here asks for a type, and a wrong one would convert values.
        return [
            {"name": n, "type": types.NullType(), "nullable": y == "YES", "default": None} for n, y in rows
        ]


def url(path: str) -> str:
    """The connection URL of a database file; quoted, so that a `$` in it isn't taken for a setting of GX."""
    registry.register(_NAME, __name__, DuckDBDialect.__name__)
    return f"{_NAME}://?path={quote(path, safe='')}"
