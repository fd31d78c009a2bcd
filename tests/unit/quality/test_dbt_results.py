"""dbt's results as evidence: what passes on an empty table, was skipped or left out is no pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from quality.dbt_results import expected, from_dbt, row_counts
from quality.evidence import Outcome

MODEL = "model.innostat.coverage"
OTHER = "model.innostat.stg_patent"
TEST = "test.innostat.unique_coverage"


def manifest(
    *,
    attached: str | None = MODEL,
    depends: tuple[str, ...] = (MODEL,),
    meta: dict[str, Any] | None = None,
    model_meta: dict[str, Any] | None = None,
    severity: str = "ERROR",
    description: str = "",
) -> dict[str, Any]:
    def node(unique_id: str, kind: str, schema: str, **more: Any) -> dict[str, Any]:
        config = {"materialized": "table", "severity": severity, "meta": {}, **more.pop("config", {})}
        name = unique_id.split(".")[-1]
        return {"unique_id": unique_id, "resource_type": kind, "name": name, "schema": schema,
                "config": config, "meta": {}, "depends_on": {"nodes": []}, **more}  # fmt: skip

    inlined = "model.innostat.inlined"
    return {
        "nodes": {
            MODEL: node(MODEL, "model", "main", config={"meta": model_meta or {}}),
            OTHER: node(OTHER, "model", "staging", alias="patents"),
            inlined: node(inlined, "model", "x", config={"materialized": "ephemeral"}),
            "seed.innostat.area": node("seed.innostat.area", "seed", "reference"),
            TEST: node(TEST, "test", "audit", attached_node=attached, depends_on={"nodes": list(depends)},
                       config={"meta": meta or {}}, description=description),
        },
        "sources": {
            "source.innostat.raw.patent": {"schema": "raw", "identifier": "patent", "name": "patent"}
        },
    }  # fmt: skip


def result(
    status: str = "pass", failures: int | None = 0, unique_id: str = TEST, message: str = ""
) -> dict[str, Any]:
    return {"unique_id": unique_id, "status": status, "failures": failures, "message": message}


def outcome(run: dict[str, Any], project: dict[str, Any], rows: dict[str, int] | None = None) -> Outcome:
    _, (found,) = from_dbt([run], project, {MODEL: 5} if rows is None else rows)
    return found


def test_everything_built_is_expected_and_inlined_models_are_not() -> None:
    assert expected(manifest()) == ({MODEL, OTHER, "seed.innostat.area"}, {TEST})


def test_models_and_seeds_are_nodes() -> None:
    states, outcomes = from_dbt(
        [result("success", None, MODEL, "OK"), result("error", None, OTHER, "no such column")], manifest(), {}
    )
    assert [(s.node, s.succeeded, s.message) for s in states] == [
        (MODEL, True, ""),
        (OTHER, False, "no such column"),
    ]
    assert outcomes == []


@pytest.mark.parametrize(
    ("run", "severity", "passed", "evaluated", "failed"),
    [
        (result("pass"), "ERROR", True, 5, 0),
        (result("fail", 2), "ERROR", False, 5, 2),
        (result("warn", 2), "WARN", False, 5, 2),
        (result("error", None, message="died"), "ERROR", False, 0, 0),
        (result("skipped", None), "ERROR", False, 0, 0),
        (result("no-op", None), "ERROR", False, 0, 0),
    ],
)
def test_tests_are_checks(
    run: dict[str, Any], severity: str, passed: bool, evaluated: int, failed: int
) -> None:
    found = outcome(run, manifest(severity=severity))
    assert (found.passed, found.evaluated, found.failed) == (passed, evaluated, failed)
    assert found.severity == {"ERROR": "error", "WARN": "warning"}[severity]
    assert (found.error is not None) == (run["status"] not in {"pass", "fail", "warn"})


def test_a_pass_over_nothing_is_none_unless_test_or_model_says_why() -> None:
    assert not outcome(result(), manifest(), {MODEL: 0}).passed
    assert not outcome(result(), manifest(), {}).passed
    assert outcome(result(), manifest(meta={"empty_ok": "无。 | None."}), {MODEL: 0}).passed
    assert outcome(result(), manifest(model_meta={"empty_ok": "无。 | None."}), {MODEL: 0}).passed


def test_a_test_of_its_own_looks_at_all_that_its_query_names() -> None:
    project = manifest(attached=None, depends=(MODEL, "source.innostat.raw.patent"))
    assert outcome(result(), project, {MODEL: 2, "source.innostat.raw.patent": 3}).evaluated == 5
    assert not outcome(result(), manifest(attached=None, depends=())).passed


def test_question_reason_and_hold_come_from_the_project() -> None:
    meta = {"severity": "hold", "because": "故。 | So."}
    found = outcome(result(), manifest(description="唯一吗？ | Unique?", meta=meta))
    assert (found.question_zh, found.question_en, found.severity, found.because) == (
        "唯一吗？",
        "Unique?",
        "hold",
        "故。 | So.",
    )
    found = outcome(result(), manifest())
    assert "unique_coverage" in found.question_zh and "unique_coverage" in found.question_en


def test_a_result_of_a_node_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        from_dbt([result(unique_id="model.innostat.stranger")], manifest(), {})


def test_rows_are_counted_in_tables_and_views_and_missing_ones_left_out(tmp_path: Path) -> None:
    database = tmp_path / "innostat.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE SCHEMA raw; CREATE SCHEMA staging; CREATE TABLE raw.patent AS FROM range(3)")
        con.execute("CREATE VIEW staging.patents AS SELECT * FROM innostat.raw.patent")
    project = manifest(attached=None, depends=(OTHER, "source.innostat.raw.patent", MODEL))
    assert row_counts(database, project) == {OTHER: 3, "source.innostat.raw.patent": 3}
