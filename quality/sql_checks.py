"""Asks the checks of engine sql: what a source delivered, and what changed against the previous release.

What belongs here: the connection on which they are asked and the small tables they find there. What does not:
the questions (checks.yml), the limits (limits.py), reading inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from quality.checks import Check
from quality.evidence import Outcome, described
from quality.limits import GateLimits

#  Rows and filled cells that hold in each source: source → scope → column → filled. Scope `*` is the whole
# source, column `*` its rows. A release's manifest keeps it, so that the next one can be compared without
# opening raw data.
Settled = dict[str, dict[str, dict[str, int]]]

_PARAMETER = re.compile(r"\$(\w+)")
_EXAMPLES = 5

# The year that a period counts for; a week belongs to the year of its Sunday.
YEAR_OF_PERIOD = """CASE
  WHEN period LIKE '____-W__' THEN year(strptime(period || '-7', '%G-W%V-%u'))
  ELSE CAST("left"(period, 4) AS INTEGER)
END"""

_SETUP = f"""
CREATE TEMP MACRO year_of(period) AS {YEAR_OF_PERIOD};
CREATE TEMP TABLE settled_now (source VARCHAR, scope VARCHAR, column_name VARCHAR, n BIGINT, n_rows BIGINT);
CREATE TEMP TABLE settled_then (source VARCHAR, scope VARCHAR, column_name VARCHAR, n BIGINT, n_rows BIGINT);
CREATE TEMP TABLE required_source (requirement VARCHAR, source VARCHAR);
CREATE TEMP TABLE previous_delivery (
  source VARCHAR, name VARCHAR, sha256 VARCHAR, rows_accepted BIGINT, rows_quarantined BIGINT
);
-- Each scope with itself; a new latest scope (the register of a new year) with the previous release's latest.
CREATE TEMP VIEW settled_pair AS
WITH latest AS (
  SELECT source,
    max(scope) FILTER (WHERE side = 'now') AS scope_now,
    max(scope) FILTER (WHERE side = 'then') AS scope_then
  FROM (
    SELECT source, scope, 'now' AS side FROM settled_now
    UNION ALL
    SELECT source, scope, 'then' AS side FROM settled_then
  )
  WHERE scope <> '*'
  GROUP BY source
),
scopes AS (
  SELECT DISTINCT source, scope AS scope_then, scope AS scope_now FROM settled_then
  UNION
  SELECT source, scope_then, scope_now FROM latest WHERE scope_now > scope_then
)
SELECT
  scopes.source, scopes.scope_then, scopes.scope_now, before.column_name,
  before.n AS n_then, before.n_rows AS rows_then,
  coalesce(now.n, 0) AS n_now, -- a source, scope or column that is gone holds nothing
  coalesce(now.n_rows, 0) AS rows_now
FROM scopes
INNER JOIN settled_then AS before ON scopes.source = before.source AND scopes.scope_then = before.scope
LEFT JOIN settled_now AS now
  ON scopes.source = now.source AND scopes.scope_now = now.scope AND before.column_name = now.column_name;
"""


@dataclass(frozen=True)
class Previous:
    """The release that the candidate would follow: its warehouse.duckdb, and `settled` of its manifest."""

    warehouse: Path
    settled: Settled


def settled_counts(database: Path, scopes: Mapping[str, str], engine: Mapping[str, Any]) -> Settled:
    """Rows and filled cells of every source; `scopes` names the column of those delivered scope by scope."""
    with _attached(database, None, engine) as con:
        return _settled(con, scopes)


def run_sql_checks(
    checks: Iterable[Check],
    database: Path,
    previous: Previous | None,
    limits: GateLimits,
    scopes: Mapping[str, str],
    engine: Mapping[str, Any],
) -> list[Outcome]:
    """The outcomes of the sql checks that are due; one that can't be asked leaves its error, not silence.

    `engine` says how much memory and how many threads the engine may take.
    """
    with _attached(database, previous.warehouse if previous else None, engine) as con:
        con.execute(_SETUP)
        _fill(con, "settled_now", _flat(_settled(con, scopes)))
        _fill(con, "settled_then", _flat(previous.settled if previous else {}))
        _fill(
            con,
            "required_source",
            [
                (requirement, source.strip())
                for requirement in limits.required
                for source in requirement.split("|")
            ],
        )
        if previous:
            con.execute(
                "INSERT INTO previous_delivery"
                " SELECT source, name, sha256, rows_accepted, rows_quarantined FROM previous.main.delivery"
            )
        return [
            _ask(con, check, asdict(limits))
            for check in checks
            if check.engine == "sql" and (previous or not check.drift)
        ]


def _ask(con: duckdb.DuckDBPyConnection, check: Check, limits: Mapping[str, Any]) -> Outcome:
    try:
        evaluated = _query(con, check.evaluated, limits).fetchall()[0][0]
        failures = _query(
            con, f"SELECT count(*) OVER (), * FROM ({check.failures}) LIMIT {_EXAMPLES}", limits
        )
        names = [column[0] for column in failures.description][1:]
        rows = failures.fetchall()
    except (duckdb.Error, KeyError) as error:
        return check.outcome(error=f"{type(error).__name__}: {error}")
    return check.outcome(
        evaluated=evaluated,
        failed=rows[0][0] if rows else 0,
        examples=described(dict(zip(names, row[1:], strict=True)) for row in rows),
    )


def _query(
    con: duckdb.DuckDBPyConnection, query: str, limits: Mapping[str, Any]
) -> duckdb.DuckDBPyConnection:
    # DuckDB refuses parameters that a query doesn't use.
    return con.execute(query, {name: limits[name] for name in set(_PARAMETER.findall(query))})


@contextmanager
def _attached(
    database: Path, warehouse: Path | None, engine: Mapping[str, Any]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory with both databases attached read-only; nothing it makes outlives it."""
    with duckdb.connect(config={**engine, "temp_directory": f"{database}.asked"}) as con:
        for alias, path in (("candidate", database), ("previous", warehouse)):
            if path is not None:
                con.execute(f"ATTACH {_literal(str(path))} AS {alias} (READ_ONLY)")
        yield con


def _settled(con: duckdb.DuckDBPyConnection, scopes: Mapping[str, str]) -> Settled:
    """One pass a source: rows and filled cells of the contract's columns, whole and by scope."""
    columns = con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
        " WHERE database_name = 'candidate' AND schema_name = 'raw' AND NOT starts_with(column_name, '_')"
        # Only the tables of sources carry the marks that settling leaves.
        " AND table_name IN (SELECT table_name FROM duckdb_columns() WHERE database_name = 'candidate'"
        "   AND schema_name = 'raw' AND column_name = '_delivery_id')"
        " GROUP BY table_name ORDER BY table_name"
    ).fetchall()
    found: Settled = {}
    for source, names in columns:
        scope, groups = "'*'", ""
        if source in scopes:
            column = _identifier(scopes[source])
            scope = f"if(grouping({column}) = 1, '*', coalesce(CAST({column} AS VARCHAR), ''))"
            # Single rows that came before the whole of their scope are no scope to compare.
            groups = f"""GROUP BY GROUPING SETS ((), ({column}))
                HAVING grouping({column}) = 1 OR {scope} IN (
                    SELECT scope FROM candidate.raw.whole_delivery WHERE source = {_literal(source)})
                ORDER BY 1"""
        counts = ", ".join(f"count({_identifier(name)})" for name in names)
        rows = con.execute(
            f"SELECT {scope}, count(*), {counts} FROM candidate.raw.{_identifier(source)} {groups}"
        ).fetchall()
        found[source] = {row[0]: dict(zip(["*", *names], row[1:], strict=True)) for row in rows}
    return found


def _flat(settled: Settled) -> list[tuple[str, str, str, int, int]]:
    return [
        (source, scope, column, n, counts["*"])
        for source, by_scope in settled.items()
        for scope, counts in by_scope.items()
        for column, n in counts.items()
    ]


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: list[Any]) -> None:
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
