"""SQL over a release, as an analyst asks it: read-only, inside that one file, within memory, time and size.

Belongs here: the locked connection and its limits. Does not: formats for the screen (orchestration),
CSV and Parquet (tables.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from publication.errors import QueryError

_ALLOWED = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})


@dataclass(frozen=True)
class QueryLimits:
    """What one query may take."""

    memory: str = "2GB"
    seconds: float = 300.0
    rows: int = 5_000_000


def run_query(release: Path, sql: str, limits: QueryLimits | None = None) -> pa.Table:
    """The rows of one reading statement (SELECT, FROM, DESCRIBE, EXPLAIN …) over a release's warehouse."""
    limits = limits or QueryLimits()
    with _locked(release / "warehouse.duckdb", limits) as con:
        _allow(con, sql)
        timer = threading.Timer(limits.seconds, con.interrupt)
        timer.daemon = True
        timer.start()
        try:
            # The limit keeps the result in bounds too: memory_limit ends where rows leave DuckDB.
            rows = con.sql(sql).limit(limits.rows + 1).to_arrow_table()
        except duckdb.InterruptException as error:
            raise QueryError(
                "query_too_long",
                f"查询超过 {limits.seconds:g} 秒，已中止；请缩小范围或先汇总。",
                f"the query took over {limits.seconds:g} s and was stopped; narrow it, or aggregate first.",
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryError(
                "query_too_big",
                f"查询超过内存上限 {limits.memory}，已中止；请缩小范围或先汇总。",
                f"the query needed more than {limits.memory} of memory and was stopped; "
                "narrow it, or aggregate first.",
            ) from error
        except duckdb.PermissionException as error:
            raise _denied(str(error)) from error
        except duckdb.Error as error:
            raise _failed(error) from error
        finally:
            timer.cancel()
    if rows.num_rows > limits.rows:
        raise QueryError(
            "query_too_many_rows",
            f"结果超过 {limits.rows:,} 行；请加条件、汇总或 LIMIT。",
            f"the result has more than {limits.rows:,} rows; add conditions, aggregate, or LIMIT.",
        )
    return rows


@contextmanager
def _locked(database: Path, limits: QueryLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can read this file and nothing else, and whose settings can't be changed back."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "temp_directory": "",  # else a big query would spill beside the release
        "python_enable_replacements": False,  # else a table name could mean a variable of this program
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if not database.is_file():
        raise QueryError("release_file_missing", f"找不到 {database}", f"there is no {database}")
    try:
        con = duckdb.connect(str(database), read_only=True, config=config)
        # Last: without external access temp_directory can't be set; behind the lock nothing can.
        con.execute("SET enable_external_access = false").fetchall()
        con.execute("SET lock_configuration = true").fetchall()
    except duckdb.Error as error:
        raise QueryError(
            "release_file_unreadable",
            f"{database} 打不开（{error}）；请用 innostat verify 核对该发布。",
            f"{database} can't be opened ({error}); check the release with innostat verify.",
        ) from error
    with con:
        yield con


def _allow(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise _failed(error) from error
    if len(statements) != 1:
        raise QueryError("query_not_one", "一次只能执行一条查询语句。", "give exactly one statement.")
    if statements[0].type not in _ALLOWED:
        raise _denied(statements[0].type.name)


def _denied(what: str) -> QueryError:
    return QueryError(
        "query_denied",
        f"不允许：{what}。此处只能读取当前发布（SELECT），不能写入、改设置或访问文件与网络。",
        f"not allowed: {what}. Queries only read the release (SELECT): "
        "no writing, no settings, no files, no network.",
    )


def _failed(error: duckdb.Error) -> QueryError:
    return QueryError("query_failed", f"查询有误：{error}", f"the query failed: {error}")
