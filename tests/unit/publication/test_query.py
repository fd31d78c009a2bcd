"""F65: an analyst's SQL reads the release and nothing else, within memory, time and size."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest

from publication.candidate import Candidate
from publication.errors import QueryError
from publication.query import QueryLimits, run_query

secret_table = pa.table({"a": [1]})  # a name in this program that no query may see


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM enterprise",
        "FROM coverage LIMIT 3",
        "WITH a AS (SELECT 1 AS b) SELECT b FROM a",
        "DESCRIBE coverage",
        "SHOW TABLES",
        "SUMMARIZE coverage",
        "EXPLAIN SELECT 1",
        "VALUES (1);",
        "SELECT suggestions FROM unlinked_row",
    ],
)
def test_reading_statements_are_answered(written: Candidate, sql: str) -> None:
    assert run_query(written.path, sql).num_rows > 0


def test_rows_come_in_the_order_asked_for(written: Candidate) -> None:
    rows = run_query(written.path, "SELECT uscc FROM enterprise ORDER BY uscc DESC")["uscc"].to_pylist()
    assert rows == sorted(rows, reverse=True)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY coverage TO '{out}'",
        "COPY (SELECT 1) TO '{out}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}' AS x",
        "ATTACH ':memory:' AS x",
        "DETACH warehouse",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET memory_limit",
        "PRAGMA threads = 8",
        "USE main",
        "CALL pragma_version()",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TEMP TABLE t AS SELECT 1",
        "CREATE SECRET s (TYPE s3)",
        "INSERT INTO coverage SELECT * FROM coverage",
        "DELETE FROM coverage",
        "UPDATE coverage SET rate = 1",
        "DROP TABLE coverage",
        "CHECKPOINT",
        "VACUUM",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1/x.parquet')",
        "SELECT * FROM secret_table",
        "SELECT * FROM sql",
        "SELECT getenv('HOME')",
        "SELECT no_such_column FROM coverage",
    ],
)
def test_f65_everything_else_is_refused_in_both_languages(
    written: Candidate, tmp_path: Path, sql: str
) -> None:
    before = sorted(written.path.rglob("*"))
    with pytest.raises(QueryError) as refused:
        run_query(written.path, sql.format(out=tmp_path / "out"))
    assert refused.value.code in {"query_denied", "query_not_one", "query_failed"}
    assert refused.value.zh and refused.value.en
    assert not (tmp_path / "out").exists()
    assert sorted(written.path.rglob("*")) == before


def test_f65_a_query_without_end_is_stopped_in_time(written: Candidate) -> None:
    bomb = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range, b.range) = 1"
    began = time.monotonic()
    with pytest.raises(QueryError, match="query_too_long"):
        run_query(written.path, bomb, QueryLimits(seconds=0.5))
    assert time.monotonic() - began < 5


def test_f65_a_query_that_wants_all_memory_is_stopped(written: Candidate) -> None:
    bomb = "SELECT list(a.range + b.range) FROM range(10000) a, range(10000) b"
    with pytest.raises(QueryError, match="query_too_big"):
        run_query(written.path, bomb, QueryLimits(memory="50MB"))


def test_f65_a_result_that_is_too_large_is_refused_and_never_cut(written: Candidate) -> None:
    with pytest.raises(QueryError, match="query_too_many_rows"):
        run_query(written.path, "SELECT * FROM range(1000000000)", QueryLimits(rows=1000))
    assert run_query(written.path, "SELECT * FROM range(1000)", QueryLimits(rows=1000)).num_rows == 1000


def test_a_release_without_a_warehouse_or_with_a_broken_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="release_file_missing"):
        run_query(tmp_path, "SELECT 1")
    (tmp_path / "warehouse.duckdb").write_bytes(b"x" * 10_000)
    with pytest.raises(QueryError, match="release_file_unreadable"):
        run_query(tmp_path, "SELECT 1")
