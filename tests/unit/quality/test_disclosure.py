"""Primary suppression against a plain second reading of interface 6, on a fixed build and on random cells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.disclosure import Suppressed, make_public
from quality.limits import DisclosureLimits

KEY = ("reference_year", "tier_basis", "purpose", "obligation", "dimension", "member_code")
COUNTS = ("n_asked", "n_met", "n_not_met", "n_unknown", "n_tier_unknown")
FIGURES = (*COUNTS, "rate", "rate_upper")
THRESHOLDS = {"activity": 1, "institution": 5, "outcome": 10}


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = con.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def public(
    database: Path, limits: DisclosureLimits | None = None
) -> tuple[Suppressed, duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(database))
    return make_public(con, limits or DisclosureLimits()), con


def cell(con: duckdb.DuckDBPyConnection, where: str) -> dict[str, Any]:
    (found,) = rows(con, f"SELECT * FROM public.coverage WHERE {where}")
    return found


# One series of one city: year → counts of each obligation as (met, not met, unknown, tier unknown).
def coverage_of(
    con: duckdb.DuckDBPyConnection, cells: dict[tuple[int, str], tuple[int, int, int, int]]
) -> None:
    con.execute("CREATE OR REPLACE TABLE main.coverage AS SELECT * FROM main.template WHERE false")
    for (year, obligation), (met, not_met, unknown, tier_unknown) in cells.items():
        con.execute(
            """
            INSERT INTO main.coverage
            SELECT * REPLACE (
              $asked AS n_asked, $met AS n_met, $not_met AS n_not_met, $unknown AS n_unknown,
              $tier AS n_tier_unknown, $met / nullif($asked, 0) AS rate,
              ($met + $unknown) / nullif($asked, 0) AS rate_upper,
              $year AS reference_year, 0.25 AS path_rate, true AS on_track
            )
            FROM main.template WHERE obligation = $obligation
            """,
            {
                "asked": met + not_met + unknown,
                "met": met,
                "not_met": not_met,
                "unknown": unknown,
                "tier": tier_unknown,
                "year": year,
                "obligation": obligation,
            },
        )


@pytest.fixture
def city(build: Callable[..., Path]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(build()))
    con.execute(
        """
        CREATE TABLE main.template AS
        SELECT * FROM main.coverage
        WHERE reference_year = 2025 AND tier_basis = 'CY' AND purpose = 'statistical'
          AND member_code = '340100'
        """
    )
    return con


WIDE = (30, 30, 30, 0)


@pytest.mark.parametrize(
    ("counts", "safe"),
    [
        ((3, 0, 0, 0), True),  # full coverage may be told
        ((2, 0, 0, 0), False),
        ((0, 0, 0, 0), False),  # nobody
        ((3, 3, 3, 3), True),
        ((2, 3, 3, 0), False),
        ((3, 1, 0, 0), False),
        ((3, 0, 2, 0), False),
        ((11, 1, 0, 0), False),  # of twelve, the one that lags behind
        ((3, 3, 3, 2), False),
        ((3, 3, 3, 0), True),
        ((0, 9, 0, 0), False),  # none of nine met: each is named by silence
        ((0, 10, 0, 0), True),
        ((0, 7, 3, 0), True),
        ((0, 3, 6, 0), False),
        ((0, 8, 2, 0), False),
    ],
)
def test_trap_58_each_side_of_each_rule(
    counts: tuple[int, int, int, int], safe: bool, city: duckdb.DuckDBPyConnection
) -> None:
    coverage_of(city, {(2025, "activity"): counts})
    make_public(city, DisclosureLimits())
    found = cell(city, "true")
    assert (found["obs_status"], found["conf_status"]) == (("A", "F") if safe else ("Q", "A"))
    assert [found[name] is None for name in COUNTS] == [not safe] * 5
    assert (found["rate"] is None) == (not safe)
    assert found["target_rate"] is not None and found["threshold_yuan"] is not None


@pytest.mark.parametrize(
    ("n1", "n2", "n3", "suppressed"),
    [
        (30, 30, 30, set()),  # nobody between the tiers
        (30, 27, 24, set()),
        (30, 28, 24, {"institution"}),
        (30, 29, 12, {"institution"}),
        (30, 27, 26, {"outcome"}),
        (30, 29, 28, {"institution", "outcome"}),
        (30, 29, 29, {"institution", "outcome"}),  # 1 – 10 亿元 together is one enterprise
    ],
)
def test_trap_58_a_leaf_tier_of_one_or_two_costs_the_narrower_cell(
    n1: int, n2: int, n3: int, suppressed: set[str], city: duckdb.DuckDBPyConnection
) -> None:
    asked = dict(zip(THRESHOLDS, (n1, n2, n3), strict=True))
    coverage_of(city, {(2025, name): (n, 0, 0, 0) for name, n in asked.items()})
    make_public(city, DisclosureLimits())
    found = rows(city, "SELECT obligation FROM public.coverage WHERE obs_status = 'Q'")
    assert {row["obligation"] for row in found} == suppressed


def test_a_suppressed_year_takes_the_path_of_its_whole_series_along(city: duckdb.DuckDBPyConnection) -> None:
    coverage_of(
        city, {(2024, "activity"): (2, 30, 30, 0), (2025, "activity"): WIDE, (2025, "institution"): WIDE}
    )
    make_public(city, DisclosureLimits())
    later = cell(city, "reference_year = 2025 AND obligation = 'activity'")
    assert (later["rate"], later["path_rate"], later["on_track"], later["obs_status"]) == (
        1 / 3,
        None,
        None,
        "A",
    )
    assert cell(city, "obligation = 'institution'")["path_rate"] == 0.25


def test_limits_are_settings(city: duckdb.DuckDBPyConnection) -> None:
    coverage_of(city, {(2025, "activity"): (3, 0, 0, 0)})
    make_public(city, DisclosureLimits(min_units=4))
    assert cell(city, "true")["obs_status"] == "Q"
    make_public(city, DisclosureLimits(min_units=3))
    assert cell(city, "true")["obs_status"] == "A"


def test_a_missing_count_is_not_safe(city: duckdb.DuckDBPyConnection) -> None:
    coverage_of(city, {(2025, "activity"): WIDE})
    city.execute("UPDATE main.coverage SET n_tier_unknown = NULL")
    make_public(city, DisclosureLimits())
    assert cell(city, "true")["conf_status"] == "A"


_TEMPLATE = """
CREATE TABLE main.template AS
SELECT 2025 AS reference_year, 'CY' AS tier_basis, 'statistical' AS purpose, obligation, 'city' AS dimension,
  '340100' AS member_code, threshold AS threshold_yuan, 0::BIGINT AS n_asked, 0::BIGINT AS n_met,
  0::BIGINT AS n_not_met, 0::BIGINT AS n_unknown, 0::BIGINT AS n_tier_unknown, 0.0::DOUBLE AS rate,
  0.0::DOUBLE AS rate_upper, 1.0::DOUBLE AS target_rate, 0.0::DOUBLE AS path_rate, true AS on_track,
  'A' AS obs_status
FROM (VALUES ('activity', 1), ('institution', 5), ('outcome', 10)) AS o (obligation, threshold);
CREATE TABLE main.indicator (indicator_id VARCHAR);
CREATE TABLE main.indicator_value (
  indicator_id VARCHAR, measure VARCHAR, reading VARCHAR, period VARCHAR, area_code VARCHAR, category VARCHAR,
  value DOUBLE, numerator DOUBLE, denominator DOUBLE, attainment DOUBLE, status VARCHAR, note VARCHAR,
  obs_status VARCHAR
);
"""
ALL_SAFE = (
    "UPDATE main.coverage SET n_asked = 90, n_met = 30, n_not_met = 30, n_unknown = 30, n_tier_unknown = 0"
)

parts = st.tuples(*[st.integers(0, 12)] * 4)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from([2024, 2025]), st.sampled_from(sorted(THRESHOLDS))), parts, min_size=1
    )
)
def test_random_cells_against_a_plain_second_reading(
    cells: dict[tuple[int, str], tuple[int, int, int, int]],
) -> None:
    con = duckdb.connect()
    con.execute(_TEMPLATE)
    coverage_of(con, cells)
    make_public(con, DisclosureLimits())

    def unsafe(year: int, obligation: str) -> bool:
        met, not_met, unknown, tier_unknown = cells[year, obligation]
        n = met + not_met + unknown
        if (
            n < 3
            or any(part in (1, 2) for part in (met, not_met, unknown, tier_unknown))
            or (met == 0 and n < 10)
        ):
            return True
        wider = [
            sum(counts[:3])
            for (y, o), counts in cells.items()
            if y == year and THRESHOLDS[o] < THRESHOLDS[obligation]
        ]
        return any(w - n in (1, 2) for w in wider)

    expected = {key for key in cells if unsafe(*key)}
    found = rows(con, "SELECT * FROM public.coverage")
    assert {
        (row["reference_year"], row["obligation"]) for row in found if row["conf_status"] == "A"
    } == expected
    for row in found:
        suppressed = (row["reference_year"], row["obligation"]) in expected
        assert (row["obs_status"] == "Q") == suppressed
        for name in COUNTS:
            assert (row[name] is None) == suppressed
    con.close()


def test_no_row_is_lost_and_every_figure_is_the_old_one_or_empty(build: Callable[..., Path]) -> None:
    suppressed, con = public(build())
    kept = rows(
        con, f"SELECT {', '.join(KEY)} FROM main.coverage EXCEPT SELECT {', '.join(KEY)} FROM public.coverage"
    )
    assert kept == []
    changed = " OR ".join(f"(p.{name} IS NOT NULL AND p.{name} <> m.{name})" for name in FIGURES)
    keys = ", ".join(KEY)
    assert (
        rows(
            con, f"SELECT 1 FROM public.coverage AS p JOIN main.coverage AS m USING ({keys}) WHERE {changed}"
        )
        == []
    )
    assert 0 < suppressed.coverage_suppressed < suppressed.coverage_cells == 600
    assert 0 < suppressed.indicator_values_suppressed < suppressed.indicator_values
    columns = (
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = '{}' AND table_name = 'coverage'"
        " ORDER BY column_index"
    )
    assert [r["column_name"] for r in rows(con, columns.format("public"))] == [
        *[r["column_name"] for r in rows(con, columns.format("main"))],
        "conf_status",
    ]


def test_types_stay_and_the_new_column_says_what_it_means(build: Callable[..., Path]) -> None:
    _, con = public(build())
    described = (
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = '{}' AND table_name = '{}'"
    )
    for table in ("coverage", "indicator_value"):
        before, after = (
            rows(con, described.format("main", table)),
            rows(con, described.format("public", table)),
        )
        assert after == [*before, {"column_name": "conf_status", "data_type": "VARCHAR"}]
    comments = rows(
        con,
        "SELECT comment FROM duckdb_columns() WHERE schema_name = 'public' AND column_name = 'conf_status'",
    )
    assert all(" | " in row["comment"] for row in comments) and len(comments) == 2


def test_nothing_but_the_public_tables_is_left_in_the_file(build: Callable[..., Path]) -> None:
    database = build()
    public(database)[1].close()
    with duckdb.connect(str(database), read_only=True) as con:
        tables = rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'public' ORDER BY 1")
        assert [row["table_name"] for row in tables] == ["coverage", "indicator", "indicator_value"]
        assert rows(con, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'unsafe_cell'") == []


VALUES = ("value", "numerator", "denominator", "attainment", "status", "note")


@pytest.mark.parametrize(
    ("indicator", "obligation", "category"),
    [("H1", "activity", ""), ("H2", "institution", ""), ("H3", "outcome", ""), ("H1N", "activity", ""),
     ("H2G", "institution", ""),
     ("H3U", "outcome", ""), ("H4", "outcome", ""), ("H5", "institution", "institution")],
)  # fmt: skip
@pytest.mark.parametrize(
    ("basis", "purpose", "suffix"), [("CY", "statistical", ""), ("PY", "administrative", "-admin")]
)
def test_an_indicator_of_an_unsafe_cell_is_suppressed_and_no_other_for_it(
    indicator: str,
    obligation: str,
    category: str,
    basis: str,
    purpose: str,
    suffix: str,
    build: Callable[..., Path],
) -> None:
    this = (f"reference_year = 2025 AND tier_basis = '{basis}' AND purpose = '{purpose}'"
            f" AND obligation = '{obligation}' AND member_code = '340100'")  # fmt: skip
    _, con = public(build(
        ALL_SAFE, "UPDATE main.indicator_value SET numerator = 30, denominator = 90, note = 'told'",
        f"UPDATE main.coverage SET n_unknown = 2 WHERE {this}",
    ))  # fmt: skip
    found = rows(
        con,
        "SELECT * FROM public.indicator_value"
        f" WHERE indicator_id = '{indicator}' AND category = '{category}'",
    )
    for row in found:
        hit = (row["area_code"], row["reading"]) == ("340100", f"{basis}{suffix}")
        # the path of a series goes with any of its years
        suppressed = hit and (row["period"] == "2025" or indicator == "H5")
        assert (row["obs_status"] == "Q", row["conf_status"]) == (suppressed, "A" if suppressed else "F"), row
        assert all((row[name] is None) == suppressed for name in ("numerator", "note", "status"))
    assert any(row["conf_status"] == "A" for row in found)


@pytest.mark.parametrize(
    ("numerator", "denominator", "free"),
    [
        (30, 90, True),
        (2, 90, False),
        (0, 90, True),
        (0, 9, False),
        (88, 90, False),
        (90, 90, True),
        (None, 90, False),
    ],
)
def test_h4_has_parts_of_its_own(
    numerator: int | None, denominator: int, free: bool, build: Callable[..., Path]
) -> None:
    given = "NULL" if numerator is None else str(numerator)
    _, con = public(build(
        ALL_SAFE,
        f"UPDATE main.indicator_value SET numerator = {given}, denominator = {denominator}"
        " WHERE indicator_id = 'H4'",
    ))  # fmt: skip
    found = rows(con, "SELECT DISTINCT conf_status FROM public.indicator_value WHERE indicator_id = 'H4'")
    assert found == [{"conf_status": "F" if free else "A"}]


def test_h8_is_never_public_and_what_has_no_rule_is_suppressed(build: Callable[..., Path]) -> None:
    template = (
        "INSERT INTO main.indicator_value"
        " SELECT * REPLACE ({}) FROM main.indicator_value WHERE indicator_id = 'H1'"
    )
    _, con = public(build(
        ALL_SAFE,
        template.format("'H8' AS indicator_id"),
        template.format("'T01-1' AS indicator_id"),
        template.format("'H10' AS indicator_id"),
        template.format("'Z' || reading AS reading") + " AND reading = 'CY'",
        template.format("'999999' AS area_code") + " AND area_code = '340100' AND reading = 'PY'",
    ))  # fmt: skip
    assert rows(con, "SELECT 1 FROM public.indicator_value WHERE indicator_id = 'H8'") == []
    strange = rows(
        con,
        "SELECT DISTINCT value, obs_status, conf_status FROM public.indicator_value"
        " WHERE indicator_id IN ('T01-1', 'H10') OR starts_with(reading, 'Z') OR area_code = '999999'",
    )
    assert strange == [{"value": None, "obs_status": "Q", "conf_status": "A"}]
    assert rows(
        con,
        "SELECT DISTINCT conf_status FROM public.indicator_value"
        " WHERE indicator_id = 'H1' AND reading = 'PY-admin'",
    ) == [{"conf_status": "F"}]
