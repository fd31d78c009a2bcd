"""SQL over a release, as an analyst asks it: read-only, inside that one file, within memory, time and size.

Belongs here: the locked connection and its limits. Does not: formats for the screen (orchestration),
CSV and Parquet (tables.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
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
        try:
            # The limit keeps the result in bounds too: memory_limit ends where rows leave DuckDB.
            rows = _watched(con, lambda: con.sql(sql).limit(limits.rows + 1).to_arrow_table(), limits.seconds)
        except TimeoutError as error:
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
    if rows.num_rows > limits.rows:
        raise QueryError(
            "query_too_many_rows",
            f"结果超过 {limits.rows:,} 行；请加条件、汇总或 LIMIT。",
            f"the result has more than {limits.rows:,} rows; add conditions, aggregate, or LIMIT.",
        )
    return rows


def _watched(con: duckdb.DuckDBPyConnection, ask: Callable[[], pa.Table], seconds: float) -> pa.Table:
    """The answer, asked for in a thread of its own: within DuckDB the main thread hears neither clock nor Ctrl-C."""
    with ThreadPoolExecutor(1) as beside:
        answer = beside.submit(ask)
        try:
            return answer.result(timeout=seconds)
        finally:
            while not answer.done():  # an interruption before the query has begun is lost
                con.interrupt()
                wait([answer], 0.1)


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
        sql.encode()
        statements = con.extract_statements(sql)
    except UnicodeEncodeError as error:
        raise QueryError(
            "query_failed", "查询不是有效的 UTF-8 文字。", "the query is no text in UTF-8."
        ) from error
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
