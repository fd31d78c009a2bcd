"""Each check of engine gx fires on its own poison; what great-expectations lets through does not pass."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from quality import gx, gx_worker
from quality.checks import Check, load_checks
from quality.evidence import Outcome

CHECKS = {check.name: check for check in load_checks() if check.engine == "gx"}

# For each check the damage it is there to see.
POISONS: dict[str, str] = {
    "coverage_columns": "ALTER TABLE main.coverage RENAME COLUMN n_met TO met",
    "coverage_cell_unique": "INSERT INTO main.coverage SELECT * FROM main.coverage LIMIT 1",
    "coverage_dimension_known": "UPDATE main.coverage SET dimension = 'owner' WHERE dimension = 'size'",
    "coverage_obs_status_known": "UPDATE main.coverage SET obs_status = 'Q' WHERE member_code = '340100'",
    "coverage_headline_complete": "DELETE FROM main.coverage WHERE reference_year = 2026",
    "coverage_counts_add_up": "UPDATE main.coverage SET n_unknown = NULL WHERE member_code = '340200'",
    "coverage_rate_range": "UPDATE main.coverage SET rate = 50 WHERE rate = 0.5",
    "coverage_rate_formula": "UPDATE main.coverage SET rate = 0 WHERE n_asked = 0",
    "coverage_tiers_nested": (
        "UPDATE main.coverage SET n_asked = 99 WHERE obligation = 'outcome' AND dimension = 'size'"
    ),
    "coverage_members_sum_to_province": "DELETE FROM main.coverage WHERE member_code = '340202'",
    "asked_answered_once": "DELETE FROM confidential.obligation_status WHERE obligation = 'outcome'",
    "coverage_counts_the_answers": (
        "UPDATE main.obligation_status SET status = 'MET' WHERE status = 'UNKNOWN'"
    ),
    "status_unique": "INSERT INTO main.obligation_status SELECT * FROM main.obligation_status LIMIT 1",
    "status_known": "UPDATE main.obligation_status SET status = 'MAYBE' WHERE status = 'UNKNOWN'",
    "status_has_its_reason": (
        "UPDATE confidential.obligation_status SET evidence_count = 0 WHERE obligation = 'outcome'"
    ),
    "purposes_kept_apart": (
        "UPDATE main.obligation_status SET evidence_source = 'survey_rd_activity' WHERE evidence_count > 0"
    ),
    "survey_values_stay_inside": "UPDATE main.warned_row SET value = '1' WHERE source = 'survey_finance'",
    "gap_list_exact": "DELETE FROM main.gap_list WHERE missing_outcome = 'unknown'",
    "indicator_catalogue_whole": "DELETE FROM main.indicator WHERE starts_with(indicator_id, 'X')",
    "indicator_unique": "INSERT INTO main.indicator (indicator_id) VALUES ('H1')",
    "indicator_value_columns": "ALTER TABLE main.indicator_value DROP COLUMN note",
    "indicator_value_unique": "INSERT INTO main.indicator_value SELECT * FROM main.indicator_value LIMIT 1",
    "indicator_value_agrees": "DELETE FROM main.indicator WHERE indicator_id = 'H5'",
    "enterprise_unique": "INSERT INTO main.enterprise SELECT * FROM main.enterprise LIMIT 1",
    "enterprise_code_wellformed": (
        "UPDATE main.enterprise SET uscc = '91340100MA0000000O' WHERE uscc LIKE '%07'"
    ),
    "delivery_conserved": "UPDATE main.delivery SET rows_skipped = 0 WHERE name = '2025.csv'",
}


def ask(database: Path, *checks: Check, **engine: Any) -> list[Outcome]:
    """What the worker answers, asked in this process."""
    asked: list[dict[str, Any]] = [
        {"name": c.name, "asset": c.asset, "expect": c.expect, "with": c.arguments, "evaluated": c.evaluated}
        for c in checks
    ]
    return gx._outcomes(checks, gx_worker.answers(str(database), asked, engine))


def check(expect: str, asset: str = "main.t", **arguments: Any) -> Check:
    return Check.model_validate(
        {
            "name": "asked",
            "asset": asset,
            "engine": "gx",
            "severity": "error",
            "question_zh": "？",
            "question_en": "?",
            "because": "",
            "expect": expect,
            "with": arguments,
        }
    )


def test_a_sound_build_passes_every_check(build: Callable[..., Path]) -> None:
    outcomes = ask(build(), *CHECKS.values())
    assert [(o.check, o.error, o.examples) for o in outcomes if not o.passed] == []
    assert all(o.evaluated > 0 for o in outcomes)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_each_check_sees_its_own_damage(name: str, build: Callable[..., Path]) -> None:
    (outcome,) = ask(build(POISONS[name]), CHECKS[name])
    assert outcome.error is None
    assert outcome.failed > 0
    assert not outcome.passed
    assert bool(outcome.examples) != outcome.asset.startswith("confidential.")


def test_the_engine_that_answers_keeps_to_its_limits(build: Callable[..., Path]) -> None:
    asked = check(
        "unexpected_rows_expectation",
        "main.indicator",
        unexpected_rows_query="SELECT indicator_id FROM main.indicator"
        " WHERE current_setting('memory_limit') <> '572.2 MiB' OR current_setting('threads') <> 1",
    )
    assert ask(build(), asked, memory_limit="600MB", threads=1)[0].passed
    assert not ask(build(), asked, memory_limit="700MB", threads=1)[0].passed


def test_a_survey_enterprise_is_never_an_example(build: Callable[..., Path]) -> None:
    database = build(
        "UPDATE confidential.obligation_status"
        " SET uscc = 'bad', reason_code = 'x', evidence_source = 'survey_x'"
    )
    for outcome in ask(database, *CHECKS.values()):
        assert not any("bad" in example for example in outcome.examples)


def test_empty_tables_fail_unless_a_reason_is_given(build: Callable[..., Path]) -> None:
    tables = ["main.coverage", "main.obligation_status", "confidential.obligation_status", "main.gap_list",
              "main.indicator", "main.indicator_value", "main.enterprise", "main.delivery",
              "main.quarantined_row", "main.warned_row", "main.unlinked_row",
              "intermediate.int_tier"]  # fmt: skip
    outcomes = ask(build(*(f"DELETE FROM {table}" for table in tables)), *CHECKS.values())
    passed = {o.check for o in outcomes if o.passed}
    assert passed == {name for name, c in CHECKS.items() if c.empty_ok} | {
        "coverage_columns",
        "indicator_value_columns",
    }


def test_all_null_columns_empty_tables_and_missing_ones_do_not_pass(tmp_path: Path) -> None:
    database = tmp_path / "nulls.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE TABLE t AS SELECT NULL::INTEGER AS n FROM range(5); CREATE TABLE e (n INTEGER)")
    for asset in ("main.t", "main.e"):
        for asked in (
            check("expect_column_values_to_be_between", asset, column="n", min_value=0),
            check("expect_column_values_to_be_in_set", asset, column="n", value_set=[1]),
            check("expect_column_values_to_be_unique", asset, column="n"),
        ):
            (outcome,) = ask(database, asked)
            assert (outcome.evaluated, outcome.passed) == (0, False)
    (outcome,) = ask(database, check("expect_column_values_to_be_unique", "main.nowhere", column="n"))
    assert outcome.error == "there is no table main.nowhere"


def test_what_raises_is_an_error_and_no_finding(tmp_path: Path) -> None:
    database = tmp_path / "raises.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE TABLE t AS SELECT 'a' AS n")
    for asked in (
        check("expect_column_values_to_be_between", column="n", min_value=0, max_value=1),
        check("expect_column_values_to_be_in_set", column="gone", value_set=[1]),
        check("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM gone"),
    ):
        (outcome,) = ask(database, asked)
        assert outcome.error
        assert not outcome.passed


def test_braces_dollars_and_quotes_in_query_and_path_are_only_text(tmp_path: Path) -> None:
    database = tmp_path / "安 $HOME ${x} %41 'q'.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE TABLE t AS SELECT 'aa' AS n")
    query = "SELECT n FROM t WHERE NOT regexp_full_match(n, 'a{2}') OR n = '{batch}$x'"
    (outcome,) = ask(database, check("unexpected_rows_expectation", unexpected_rows_query=query))
    assert (outcome.error, outcome.evaluated, outcome.failed) == (None, 1, 0)


def test_no_check_to_ask_is_no_pass(tmp_path: Path) -> None:
    with gx.start(command=("-c", "pass")) as worker, pytest.raises(ValueError, match="empty suite"):
        worker.ask(tmp_path / "none.duckdb", [], {})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.stderr.write('out of memory'); sys.exit(3)", "ended with 3: out of memory"),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9"),
        ("import time; time.sleep(60)", "did not answer within 0.5 s"),
        ("print('hello')", "no readable answer"),
        ("print('[]')", "no answer to this check"),
        ('print(\'[{"name": "asked"}]\')', "no readable answer"),
    ],
)
def test_a_worker_that_dies_hangs_or_babbles_leaves_checks_that_did_not_run(
    code: str, said: str, tmp_path: Path
) -> None:
    asked = check("expect_column_values_to_be_unique", column="n")
    with gx.start(command=("-c", code)) as worker:
        (outcome,) = worker.ask(tmp_path / "x.duckdb", [asked], {}, timeout=0.5 if "sleep" in code else 60)
    assert said in (outcome.error or "")
    assert not outcome.passed


def test_the_process_answers_and_writes_nothing_where_it_stands(
    build: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = build("DELETE FROM main.coverage WHERE reference_year = 2026")
    folder = tmp_path / "cwd"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('a file of the user was imported')")
    monkeypatch.chdir(folder)
    with gx.start(log=tmp_path / "gx.log") as worker:
        outcomes = {o.check: o for o in worker.ask(database, CHECKS.values(), {})}
    assert set(outcomes) == set(CHECKS)
    assert outcomes["coverage_headline_complete"].failed > 0
    assert outcomes["coverage_cell_unique"].passed
    assert [p.name for p in folder.iterdir()] == ["json.py"]


def test_closing_ends_a_worker_that_was_never_asked() -> None:
    worker = gx.start()
    worker.close()
    assert worker._process.poll() is not None


def test_what_no_check_uses_is_loaded_at_its_first_use() -> None:
    program = """
import sys
from quality import gx_worker
gx_worker.postpone(gx_worker.RARELY_USED)
import great_expectations
print("scipy.stats._stats_py" in sys.modules)
from scipy import stats
print(stats.norm.cdf(0), "scipy.stats._stats_py" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "0.5", "True"]


def test_closing_ends_a_worker_whose_answer_another_thread_awaits(tmp_path: Path) -> None:
    asked = check("expect_column_values_to_be_unique", column="n")
    worker = gx.start(
        command=(
            "-c",
            "import sys, time; sys.stdin.read(); open(sys.argv[1], 'w'); time.sleep(60)",
            str(tmp_path / "asked"),
        )
    )
    with ThreadPoolExecutor(1) as beside:
        answer = beside.submit(worker.ask, tmp_path / "x.duckdb", [asked], {})
        while not (tmp_path / "asked").exists():
            time.sleep(0.01)
        worker.close()
        assert worker._process.poll() is not None
        with suppress(ValueError):  # the log may be closed before it is looked at
            assert not answer.result()[0].passed
