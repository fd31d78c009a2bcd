"""The process that puts checks to great-expectations: import, read one request, answer, end.

What belongs here: the only code that imports great-expectations (3 s and more, which is why it runs beside the
rest of a run). What does not: which checks there are (checks.yml), what their answers mean (evidence.py),
starting this process (gx.py).

great-expectations fails open: an empty table, an all-null column and an empty suite succeed. So this module
counts what was looked at by itself or from the counts of nulls, and hands on exceptions as exceptions, never
as findings. Anything not foreseen ends this process, and the asker reports checks that did not run.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

_EXAMPLES = 5
# What great-expectations imports for expectations that no check uses takes a quarter of its import.
RARELY_USED = "scipy.stats"


def main() -> None:
    """Answers the one request on standard input; none means that the run ended without asking."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # great-expectations prints; standard output belongs to the answer
    gc.disable()  # one request and no more: looking for garbage took 0.6 of the 3 s of the import
    postpone(RARELY_USED)
    import great_expectations  # noqa: F401  here, while nobody is waiting yet, and not at the first question

    request = sys.stdin.buffer.read()
    if request:
        asked = json.loads(request)
        json.dump(answers(asked["database"], asked["checks"], asked["engine"]), answer, ensure_ascii=False)
    answer.close()


def postpone(module: str) -> None:
    """Have this module loaded at its first use, if there ever is one."""
    package, _, name = module.rpartition(".")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    sys.modules[module] = lazy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lazy)
    setattr(sys.modules[package], name, lazy)


def answers(
    database: str, checks: Iterable[Mapping[str, Any]], engine: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One answer a check: name, evaluated, failed, error, examples; the engine keeps to the limits `engine`."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from quality.duckdb_dialect import url

    by_asset: dict[str, list[Mapping[str, Any]]] = {}
    for check in checks:
        by_asset.setdefault(check["asset"], []).append(check)

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql("build", connection_string=url(database))
    found: list[dict[str, Any]] = []
    with duckdb.connect(database, read_only=True) as con:
        # One process has one engine for a file: the connections of great-expectations keep to this too.
        for name, limit in engine.items():
            con.execute(f"SET GLOBAL {name} = '{limit}'")
        for asset, of_asset in by_asset.items():
            if not _exists(con, asset):
                found.extend(_answer(check, error=f"there is no table {asset}") for check in of_asset)
                continue
            results = _validated(source, asset, of_asset)
            found.extend(_judged(con, check, results.get(check["name"])) for check in of_asset)
    source.get_engine().dispose()
    return found


def _exists(con: duckdb.DuckDBPyConnection, asset: str) -> bool:
    schema, table = asset.split(".")
    query = "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
    return con.execute(query, [schema, table]).fetchone() is not None


def _validated(source: Any, asset: str, checks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The results of one table's suite in one batch, by check: they come in an order of their own."""
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    schema, table = asset.split(".")
    batch = (
        source.add_table_asset(asset, table_name=table, schema_name=schema)
        .add_batch_definition_whole_table("whole")
        .get_batch()
    )
    expectations = [
        ExpectationConfiguration(
            type=check["expect"], kwargs=_arguments(check), meta={"check": check["name"]}
        )
        for check in checks
    ]
    suite = gx.ExpectationSuite(name=asset, expectations=expectations)
    return {
        r.expectation_config.meta["check"]: r for r in batch.validate(suite, result_format="BASIC").results
    }


def _arguments(check: Mapping[str, Any]) -> dict[str, Any]:
    """The expectation's arguments; great-expectations formats a query, so its braces are doubled."""
    return {
        name: value.replace("{", "{{").replace("}", "}}") if name == "unexpected_rows_query" else value
        for name, value in check["with"].items()
    }


def _judged(con: duckdb.DuckDBPyConnection, check: Mapping[str, Any], result: Any) -> dict[str, Any]:
    if result is None:
        return _answer(check, error="great-expectations gave no result")
    if raised := _raised(result.exception_info):
        return _answer(check, error=raised)
    found = result.result
    try:
        evaluated = _evaluated(con, check, found)
        examples = _examples(con, check, found) if not result.success else []
    except duckdb.Error as error:
        return _answer(check, error=str(error))
    failed = found.get("unexpected_count") or found.get("observed_value")
    if not isinstance(failed, int) or check["expect"].startswith("expect_table_"):
        failed = 1  # about the table as a whole: there is nothing to count
    return _answer(
        check, evaluated=evaluated, failed=0 if result.success else max(failed, 1), examples=examples
    )


def _raised(info: Mapping[str, Any]) -> str:
    """The first exception of an expectation: told plainly, or one for each metric it asked for."""
    for told in (info, *info.values()):
        if isinstance(told, Mapping) and told.get("raised_exception"):
            return str(told.get("exception_message") or "great-expectations raised without a message")
    return ""


def _evaluated(con: duckdb.DuckDBPyConnection, check: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """How much the expectation really looked at: rows with a value, columns, or rows of the asset."""
    if not check["evaluated"] and "element_count" in found:
        return int(found["element_count"] - (found.get("missing_count") or 0))
    if check["expect"].startswith("expect_table_columns_"):
        return len(found["observed_value"])
    schema, table = check["asset"].split(".")
    counted = con.execute(check["evaluated"] or f'SELECT count(*) FROM "{schema}"."{table}"').fetchone()
    return int(counted[0]) if counted else 0


def _examples(
    con: duckdb.DuckDBPyConnection, check: Mapping[str, Any], found: Mapping[str, Any]
) -> list[str]:
    if "unexpected_rows_query" in check["with"]:
        rows = con.execute(f"SELECT * FROM ({check['with']['unexpected_rows_query']}) LIMIT {_EXAMPLES}")
        names = [column[0] for column in rows.description]
        return [", ".join(f"{n}={v}" for n, v in zip(names, row, strict=True)) for row in rows.fetchall()]
    listed = (
        found.get("partial_unexpected_list")
        or found.get("details", {}).get("mismatched")
        or [found["observed_value"]]
    )
    return [str(example) for example in listed[:_EXAMPLES]]


def _answer(
    check: Mapping[str, Any],
    *,
    evaluated: int = 0,
    failed: int = 0,
    error: str | None = None,
    examples: Iterable[str] = (),
) -> dict[str, Any]:
    return {
        "name": check["name"],
        "evaluated": evaluated,
        "failed": failed,
        "error": error,
        "examples": list(examples),
    }


if __name__ == "__main__":
    main()
