"""The gate's limits of interface 7: each side of each limit, on the first release and after one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from quality.checks import load_checks
from quality.evidence import Outcome
from quality.limits import GateLimits
from quality.sql_checks import Previous, run_sql_checks, settled_counts

CHECKS = load_checks()
SCOPES = {"enterprise_register": "frame_year"}
Build = Callable[..., Path]


def first(database: Path, limits: GateLimits | None = None) -> dict[str, Outcome]:
    outcomes = run_sql_checks(CHECKS, database, None, limits or GateLimits(), SCOPES, {})
    return {outcome.check: outcome for outcome in outcomes}


def after(previous: Path, database: Path) -> dict[str, Outcome]:
    before = Previous(previous, settled_counts(previous, SCOPES, {}))
    return {
        outcome.check: outcome
        for outcome in run_sql_checks(CHECKS, database, before, GateLimits(), SCOPES, {})
    }


def bad(outcomes: dict[str, Outcome]) -> set[str]:
    assert all(outcome.error is None for outcome in outcomes.values())
    return {name for name, outcome in outcomes.items() if not outcome.passed}


def test_a_first_release_is_asked_no_drift_check(build: Build) -> None:
    outcomes = first(build())
    assert set(outcomes) == {
        *("required_sources", "quarantined_share", "unit_suspected", "revenue_jumped", "frame_years_whole"),
        *("targets_have_figures", "unit_apart_from_peers"),
    }
    assert bad(outcomes) == set()


def test_the_same_again_drifts_nowhere_and_every_check_looks_at_something(build: Build) -> None:
    outcomes = after(build(name="before.duckdb"), build())
    assert set(outcomes) == {c.name for c in CHECKS if c.engine == "sql"}
    assert bad(outcomes) == set()
    assert all(outcome.evaluated > 0 for outcome in outcomes.values())


@pytest.mark.parametrize(
    ("poison", "missing"),
    [
        ("DELETE FROM raw.enterprise_register", "requirement=enterprise_register"),
        ("DROP TABLE raw.enterprise_register", "requirement=enterprise_register"),
        ("DELETE FROM raw.enterprise_revenue", "requirement=enterprise_revenue | survey_finance"),
    ],
)
def test_a_required_source_without_rows_is_told(poison: str, missing: str, build: Build) -> None:
    assert first(build(poison))["required_sources"].examples == (missing,)


def test_either_source_of_revenue_will_do(build: Build) -> None:
    only_survey = build(
        "INSERT INTO raw.survey_finance FROM raw.enterprise_revenue", "DELETE FROM raw.enterprise_revenue"
    )
    assert bad(first(only_survey)) == set()


def delivered(accepted: int, quarantined: int, run: str = "r000002", skipped: int = 0) -> str:
    read = accepted + quarantined + skipped
    row = f"'enterprise_revenue', 'x{run}', 'h{run}', '{run}', {read}, {accepted}, {quarantined}, {skipped}"
    return f"INSERT INTO raw.delivery VALUES ({row})"


@pytest.mark.parametrize(
    ("accepted", "quarantined", "skipped", "held"),
    [
        (95, 5, 0, False),  # 5 % of 100
        (94, 6, 0, True),
        (0, 99, 0, False),  # below 100 rows
        (0, 100, 0, True),
        (93, 6, 50, False),  # totals and footers are no rows of the source
        (1900, 100, 0, False),
        (1900, 101, 0, True),
    ],
)
def test_more_than_five_in_a_hundred_quarantined_is_held(
    accepted: int, quarantined: int, skipped: int, held: bool, build: Build
) -> None:
    database = build("DELETE FROM raw.delivery", delivered(accepted, quarantined, skipped=skipped))
    assert bad(first(database)) == ({"quarantined_share"} if held else set())


def test_old_good_rows_do_not_thin_out_new_bad_ones(build: Build) -> None:
    before = build(name="before.duckdb")
    history = (
        "INSERT INTO raw.delivery VALUES ('enterprise_revenue', 'old', 'o', 'r000001', 9000, 9000, 0, 0)"
    )
    known = "INSERT INTO main.delivery VALUES ('enterprise_revenue', 'old', 'o', 'r000001', 9000, 9000, 0, 0)"
    before = build(history, known, name="before.duckdb")
    assert bad(after(before, build(history, delivered(100, 20)))) == {"quarantined_share"}
    assert bad(first(build(history, delivered(100, 20)))) == set()


def test_a_published_delivery_is_not_held_again_but_one_whose_rows_changed_their_mind_is(
    build: Build,
) -> None:
    told = ", ".join(("'enterprise_revenue', 'xr000002', 'hr000002', 'r000002', 120, 100, 20, 0",))
    before = build(f"INSERT INTO main.delivery VALUES ({told})", name="before.duckdb")
    assert bad(after(before, build(delivered(100, 20)))) == set()
    assert bad(after(before, build(delivered(90, 30)))) == {"quarantined_share"}


def test_a_held_delivery_stays_held_until_rows_accepted_later_make_up_for_it(build: Build) -> None:
    before = build(name="before.duckdb")
    held = delivered(600, 400, "r000002")
    assert bad(after(before, build(held))) == {"quarantined_share"}
    assert bad(after(before, build(held, delivered(10, 0, "r000003")))) == {"quarantined_share"}
    assert bad(after(before, build(held, delivered(400, 0, "r000003")))) == set()
    # good rows of an earlier run make up for nothing
    assert bad(after(before, build(held, delivered(2000, 0, "r000001")))) == {"quarantined_share"}


@pytest.mark.parametrize(("kept", "held"), [(43, False), (42, True), (0, True)])
def test_a_source_that_lost_thirty_in_a_hundred_rows_is_held(kept: int, held: bool, build: Build) -> None:
    before = build("DELETE FROM raw.delivery", name="before.duckdb")
    delete = f"DELETE FROM raw.survey_finance WHERE rowid >= {kept}"
    grown = "INSERT INTO raw.survey_finance FROM raw.enterprise_revenue"
    before = build(grown, name="before.duckdb")
    outcomes = after(before, build(grown, delete))
    assert bad(outcomes) == ({"rows_down"} if held else set())
    if held:
        assert outcomes["rows_down"].examples == (
            f"source=survey_finance, scope=*, rows_then=60, rows_now={kept}",
        )


def test_a_smaller_register_of_a_new_year_is_held_though_the_whole_grows(build: Build) -> None:
    new = (
        "INSERT INTO raw.enterprise_register"
        " SELECT * REPLACE (2027 AS frame_year) FROM raw.enterprise_register WHERE frame_year = 2026"
    )
    new = (new, "INSERT INTO raw.whole_delivery VALUES ('enterprise_register', 'statistical', '2027')")
    before = build(name="before.duckdb")
    assert bad(after(before, build(*new))) == set()
    outcomes = after(
        before, build(*new, "DELETE FROM raw.enterprise_register WHERE frame_year = 2027 AND rowid % 2 = 0")
    )
    assert bad(outcomes) == {"rows_down"}
    assert outcomes["rows_down"].examples == (
        "source=enterprise_register, scope=2027, rows_then=120, rows_now=60",
    )


def test_single_rows_of_a_year_whose_register_is_still_to_come_are_told_and_hold_nothing(
    build: Build,
) -> None:
    news = (
        "INSERT INTO raw.enterprise_register"
        " SELECT * REPLACE (2027 AS frame_year) FROM raw.enterprise_register WHERE frame_year = 2026 LIMIT 1"
    )
    outcomes = after(build(name="before.duckdb"), build(news))
    assert bad(outcomes) == {"frame_years_whole"}
    assert outcomes["frame_years_whole"].examples == ("frame_year=2027, n_rows=1",)


@pytest.mark.parametrize(
    "of_nothing",
    [
        "indicator_id = 'H01'",
        "measure = 'count'",
        "reading = 'net'",
        "area_code = '350100'",
        "period_from = '2027-01'",
    ],
)
def test_a_target_of_no_figure_refuses_by_name(of_nothing: str, build: Build) -> None:
    outcomes = first(build(f"UPDATE raw.target_decision SET {of_nothing}"))
    assert bad(outcomes) == {"targets_have_figures"}
    (told,) = outcomes["targets_have_figures"].examples
    assert of_nothing.split(" = ")[1].strip("'") in told


def test_a_source_that_is_gone_is_held(build: Build) -> None:
    assert "rows_down" in bad(after(build(name="before.duckdb"), build("DROP TABLE raw.enterprise_revenue")))


def test_f50_a_column_that_became_empty_is_held_from_a_hundred_rows_on(build: Build) -> None:
    before = build(name="before.duckdb")
    outcomes = after(before, build("UPDATE raw.enterprise_register SET park_id = NULL"))
    assert bad(outcomes) == {"column_emptied"}
    assert "column_name=park_id" in outcomes["column_emptied"].examples[0]
    one_year = after(
        before, build("UPDATE raw.enterprise_register SET park_id = NULL WHERE frame_year = 2026")
    )
    assert bad(one_year) == {"column_emptied"}
    assert bad(after(before, build("UPDATE raw.enterprise_revenue SET revenue = NULL"))) == set()  # 60 rows


def test_f49_a_city_that_is_missing_is_held(build: Build) -> None:
    before = build(name="before.duckdb")
    gone = (
        "UPDATE main.coverage SET n_asked = 0, n_tier_unknown = 0"
        " WHERE member_code = '340200' AND reference_year = 2026"
    )
    outcomes = after(before, build(gone))
    assert bad(outcomes) == {"city_missing"}
    assert outcomes["city_missing"].examples[0].startswith("member_code=340200")
    assert "city_missing" in bad(
        after(before, build("DELETE FROM main.coverage WHERE member_code = '340200'"))
    )


def test_f49_a_city_missing_from_a_new_year_is_held_too(build: Build) -> None:
    before = build(name="before.duckdb")
    new = (
        "INSERT INTO main.coverage"
        " SELECT * REPLACE (2027 AS reference_year) FROM main.coverage WHERE reference_year = 2026"
    )
    gone = (
        "UPDATE main.coverage SET n_asked = 0, n_tier_unknown = 0"
        " WHERE member_code = '340200' AND reference_year = 2027"
    )
    assert bad(after(before, build(new))) == set()
    assert bad(after(before, build(new, gone))) == {"city_missing"}


def test_a_city_whose_enterprises_all_wait_for_revenue_is_not_missing(build: Build) -> None:
    waiting = "UPDATE main.coverage SET n_asked = 0, n_tier_unknown = 20 WHERE member_code = '340200'"
    assert "city_missing" not in bad(after(build(name="before.duckdb"), build(waiting)))


@pytest.mark.parametrize(
    ("where", "moved_by", "held"),
    [
        ("dimension = 'province'", 0.10, False),  # exactly the limit
        ("dimension = 'province'", -0.10, False),
        ("dimension = 'province'", 0.1001, True),
        ("dimension = 'province'", -0.1001, True),  # decreases count
        ("dimension = 'province' AND purpose = 'administrative' AND obligation = 'outcome'", 0.2, True),
        ("member_code = '340100'", 0.2, True),
        ("member_code = '340200' AND obligation = 'outcome'", 0.2, False),  # 7 enterprises
        ("dimension = 'size'", 0.2, False),
    ],
)
def test_trap_41_a_rate_of_a_finished_year_that_moved_more_than_ten_points_is_held(
    where: str, moved_by: float, held: bool, build: Build
) -> None:
    moved = f"UPDATE main.coverage SET rate = rate + ({moved_by}) WHERE {where} AND tier_basis = 'CY' AND"
    before = build(name="before.duckdb")
    assert bad(after(before, build(f"{moved} reference_year = 2025"))) == ({"rate_moved"} if held else set())
    assert bad(after(before, build(f"{moved} reference_year = 2026"))) == set()  # the year runs


CELL = "reference_year = 2025 AND tier_basis = 'CY' AND purpose = 'statistical' AND obligation = 'activity'"
COUNTS = f"UPDATE main.coverage SET n_met = n_met - 1, n_unknown = n_unknown + 1 WHERE {CELL}"
NEW = "INSERT INTO main.coverage SELECT * REPLACE ('X' AS member_code)"
GONE = "UPDATE main.indicator_value SET value = NULL WHERE indicator_id = 'H1'"
VALUE = (
    "UPDATE main.indicator_value SET value = value + 1 WHERE indicator_id = 'H1N' AND area_code = '340000'"
)


@pytest.mark.parametrize(
    ("poison", "failed"),
    [
        (f"{COUNTS} AND dimension = 'province'", 1),
        (f"DELETE FROM main.coverage WHERE {CELL} AND dimension = 'size'", 2),
        (f"{NEW} FROM main.coverage WHERE {CELL} AND dimension = 'park'", 1),
        (f"{VALUE} AND period = '2025' AND reading = 'CY'", 1),
        (f"{VALUE} AND period = '2026' AND reading = 'CY'", 0),  # the year is not final
        ("UPDATE main.indicator_value SET value = value * (1 + 1e-12), obs_status = 'P'", 0),
        (f"{GONE} AND area_code = '340100' AND period = '2025' AND reading = 'PY'", 1),
    ],
)
def test_a_cell_of_a_final_year_that_differs_is_an_amendment(poison: str, failed: int, build: Build) -> None:
    outcome = after(build(name="before.duckdb"), build(poison))["frozen_year_amended"]
    assert outcome.error is None
    assert outcome.failed == failed


def test_what_speaks_of_releases_is_never_final(build: Build) -> None:
    told = "UPDATE main.indicator SET period_text = 'per release' WHERE indicator_id = 'H1N'"
    assert bad(after(build(name="before.duckdb"), build(told, f"{VALUE} AND period = '2025'"))) == set()


def test_an_amendment_says_what_stands_what_is_proposed_and_why(build: Build) -> None:
    before, province = build(name="before.duckdb"), f"{COUNTS} AND dimension = 'province'"
    (told,) = after(before, build(province))["frozen_year_amended"].examples
    assert "2025/CY/statistical/activity/province/340000" in told
    assert "stands=[58.0, 28.0" in told and "proposed=[58.0, 27.0" in told
    assert "definition" in told
    more = "INSERT INTO raw.enterprise_revenue SELECT * FROM raw.enterprise_revenue LIMIT 2"
    (told,) = after(before, build(province, delivered(2, 0)))["frozen_year_amended"].examples
    assert "correction: enterprise_revenue" in told
    (told,) = after(before, build(province, delivered(2, 0), more))["frozen_year_amended"].examples
    assert "why=迟报 late return: enterprise_revenue" in told
    (told,) = after(before, build(province, delivered(3, 0), more))["frozen_year_amended"].examples
    assert "late return and correction: enterprise_revenue" in told


def test_an_approved_amendment_is_held_once(build: Build) -> None:
    amended = f"{COUNTS} AND dimension = 'province'"
    stands = build(
        amended,
        f"UPDATE main.coverage SET vintage = 'C' WHERE {CELL} AND dimension = 'province'",
        name="before.duckdb",
    )
    assert bad(after(stands, build(amended))) == set()
    assert bad(after(stands, build())) == {"frozen_year_amended"}  # taking it back is another amendment


def test_a_release_that_does_not_know_the_year_as_final_is_no_yardstick(build: Build) -> None:
    preliminary = "UPDATE main.coverage SET vintage = 'P' WHERE reference_year = 2025"
    before = build(preliminary, f"{COUNTS} AND dimension = 'province'", name="before.duckdb")
    assert bad(after(before, build())) == set()
    assert bad(after(before, build(f"{COUNTS} AND dimension = 'province'"))) == {"frozen_year_amended"}


def test_without_a_final_year_nothing_is_an_amendment(build: Build) -> None:
    thawed = [f"DELETE FROM raw.frozen_{name}" for name in ("year", "coverage", "value")]
    outcome = after(build(name="before.duckdb"), build(*thawed, COUNTS))["frozen_year_amended"]
    assert (outcome.error, outcome.evaluated, outcome.failed, outcome.passed) == (None, 0, 0, True)


def test_limits_are_settings(build: Build) -> None:
    database = build("DELETE FROM raw.delivery", delivered(97, 3))
    assert bad(first(database, GateLimits(quarantined_share=0.02))) == {"quarantined_share"}
    assert bad(first(database, GateLimits(required=("enterprise_register", "patent")))) == {
        "required_sources"
    }


def test_a_check_that_cannot_be_asked_leaves_its_error(build: Build) -> None:
    outcomes = after(build(name="before.duckdb"), build("DROP TABLE main.coverage"))
    assert {name for name, outcome in outcomes.items() if outcome.error} == {
        "city_missing",
        "rate_moved",
        "frozen_year_amended",
    }
    assert not outcomes["city_missing"].passed


def test_a_manifest_without_counts_is_no_pass(build: Build) -> None:
    outcomes = run_sql_checks(
        CHECKS, build(), Previous(build(name="before.duckdb"), {}), GateLimits(), SCOPES, {}
    )
    assert {o.check for o in outcomes if not o.passed} == {"rows_down", "column_emptied"}


def test_the_engine_that_asks_keeps_to_its_limits_and_spills_beside_the_build(build: Build) -> None:
    database = build()
    asked = CHECKS[0].model_copy(
        update={
            "engine": "sql",
            "drift": False,
            "evaluated": "SELECT 1",
            "failures": "SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS threads,"
            " current_setting('temp_directory') AS spill",
        }
    )
    engine = {"memory_limit": "600MB", "threads": 1}
    (outcome,) = run_sql_checks([asked], database, None, GateLimits(), SCOPES, engine)
    assert outcome.examples == (f"memory=572.2 MiB, threads=1, spill={database}.asked",)


def test_paths_are_quoted(build: Build) -> None:
    database = build(name="a'); DROP TABLE x; --.duckdb")
    assert bad(first(database)) == set()


def ratio(median: float, n: int = 60) -> str:
    return f"UPDATE raw.unit_ratio SET median_ratio = {median}, n = {n}, perhaps = '元'"


@pytest.mark.parametrize(
    ("median", "n", "held"),
    [
        (4.99, 60, False),
        (5, 60, True),
        (0.2, 60, True),
        (0.201, 60, False),
        (10_000, 19, False),
        (10_000, 20, True),
    ],
)
def test_f40_trap_01_a_median_a_whole_unit_away_is_held(
    median: float, n: int, held: bool, build: Build
) -> None:
    assert bad(first(build(ratio(median, n)))) == ({"unit_suspected"} if held else set())


def test_f40_the_evidence_names_the_factor_and_the_unit_that_it_may_be(build: Build) -> None:
    (shown,) = first(build(ratio(10_000)))["unit_suspected"].examples
    assert (
        "中位数为上年 10,000 倍，疑似 元" in shown and "perhaps in 元" in shown and "unit_said=万元" in shown
    )
    (shown,) = first(build(ratio(0.001)))["unit_suspected"].examples
    assert "中位数为上年 1/1,000 倍" in shown


def test_the_factor_is_a_setting(build: Build) -> None:
    assert bad(first(build(ratio(4)), GateLimits(unit_factor=4))) == {"unit_suspected"}


def test_a_unit_that_was_approved_with_a_release_is_not_asked_again(build: Build) -> None:
    known = "INSERT INTO main.delivery VALUES ('enterprise_revenue', 'x', '{}', 'r000001', 1, 1, 0, 0)"
    one = build(known.format("a"), name="one.duckdb")
    assert bad(after(one, build(ratio(10_000)))) == {"unit_suspected"}
    both = build(known.format("a"), known.format("b"), name="both.duckdb")
    assert bad(after(both, build(ratio(10_000)))) == set()


@pytest.mark.parametrize(
    ("times", "n", "n_peer", "held"),
    [
        (299.9, 60, 60, False),
        (300, 60, 60, True),
        (0.003, 60, 60, True),
        (0.0034, 60, 60, False),
        (10_000, 19, 60, False),
        (10_000, 60, 19, False),
        (10_000, 20, 20, True),
    ],
)
def test_f40_a_file_units_away_from_every_other_file_of_its_period_is_held(
    times: float, n: int, n_peer: int, held: bool, build: Build
) -> None:
    changed = build(f"UPDATE raw.unit_peer SET times = {times}, n = {n}, n_peer = {n_peer}")
    outcomes = first(changed)
    assert bad(outcomes) == ({"unit_apart_from_peers"} if held else set())
    if held:
        (shown,) = outcomes["unit_apart_from_peers"].examples
        assert (
            "中位数为同期最接近的其他文件的" in shown
            and "file_peer=b.csv" in shown
            and "unit_said=万元" in shown
        )


def test_nothing_to_compare_with_is_no_failure(build: Build) -> None:
    assert bad(first(build("DELETE FROM raw.unit_ratio", "DELETE FROM raw.unit_peer"))) == set()


@pytest.mark.parametrize(
    ("purpose", "times", "told"),
    [
        ("administrative", 99.99, False),
        ("administrative", 100, True),
        ("administrative", 0.01, True),
        ("administrative", 0, False),  # no revenue at all is no jump
        ("statistical", 100, False),  # a survey answer is never written into a report
    ],
)
def test_f44_a_revenue_a_hundred_times_last_years_is_told(
    purpose: str, times: float, told: bool, build: Build
) -> None:
    jump = f"""UPDATE intermediate.int_revenue SET revenue_yuan = revenue_yuan * {times}
        WHERE year = 2025 AND purpose = '{purpose}' AND uscc = (SELECT min(uscc) FROM frame)"""
    assert bad(first(build(jump))) == ({"revenue_jumped"} if told else set())
