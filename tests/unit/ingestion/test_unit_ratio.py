"""A delivery's money against the year before: by file and column, the same enterprises, the same part of the year."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.contract import load_contracts
from ingestion.unit_ratio import figures_sql
from tests.unit.ingestion.loading_world import Home
from tests.unit.ingestion.typed_world import code

FIRMS = range(1, 6)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def put(home, period, amount, unit, name=None, firms=FIRMS):
    rows = "".join(f"{code(n)},{period},{amount * n}\n" for n in firms)
    home.put("enterprise_revenue", name or f"{period}.csv", f"信用代码,报告期,营业收入（{unit}）\n{rows}")


def ratios(home, as_of=date(2026, 11, 23)):
    home.run(as_of)
    query = (
        "SELECT file, file_before, column_name, n, round(median_ratio, 6), said, perhaps FROM raw.unit_ratio"
    )
    return home.all(f"{query} ORDER BY file")


@pytest.mark.parametrize(
    ("amount", "unit", "times", "perhaps"),
    [
        (110, "万元", 1.1, "万元"),
        (1_100_000, "万元", 11_000.0, "元"),  # yuan, called ten thousand
        (1_100, "万元", 11.0, "千元"),
        (11, "千元", 0.011, None),  # a factor of a hundred: no unit is so far from 千元
        (110, "千元", 0.11, "万元"),
        (110, "元", 0.00011, "万元"),
    ],
)
def test_the_median_tells_the_unit_that_the_file_may_really_be_in(home, amount, unit, times, perhaps):
    put(home, 2024, 100, "万元")
    put(home, 2025, amount, unit)
    (found,) = ratios(home)
    assert found == ("2025.csv", "2024.csv", "revenue", 5, times, unit, perhaps)


def test_a_part_of_a_year_is_compared_with_the_same_part_of_the_year_before(home):
    put(home, "2025-06", 100, "万元")
    put(home, 2025, 1000, "万元")
    put(home, "2026-06", 120, "万元")
    assert [(file, before, times) for file, before, _, _, times, *_ in ratios(home)] == [
        ("2026-06.csv", "2025-06.csv", 1.2)
    ]


def test_one_enterprise_alone_does_not_move_the_median(home):
    put(home, 2024, 100, "万元")
    put(home, 2025, 100, "万元", firms=range(2, 6))
    put(home, 2025, 1_000_000, "万元", name="一家.csv", firms=[1])
    assert [(file, n, times) for file, _, _, n, times, *_ in ratios(home)] == [
        ("2025.csv", 4, 1.0),
        ("一家.csv", 1, 10_000.0),
    ]


def test_zero_and_missing_are_no_basis(home):
    put(home, 2024, 0, "万元")
    put(home, 2025, 100, "万元")
    assert ratios(home) == []


def test_the_sources_that_report_enterprises_year_by_year_are_compared():
    compared = {name for name, source in load_contracts().items() if figures_sql(source)}
    assert {"enterprise_revenue", "survey_finance", "survey_rd_activity"} <= compared
    assert "fiscal_input" not in compared


def peers(home):
    home.run(date(2026, 11, 23))
    query = (
        "SELECT file, file_peer, period, n, n_peer, round(times, 4), said FROM raw.unit_peer ORDER BY file"
    )
    return home.all(query)


def test_files_of_one_period_are_peers_and_the_nearest_speaks_for_each(home):
    put(home, 2025, 100, "万元", "合肥.csv", range(1, 6))
    put(home, 2025, 100, "万元", "芜湖.csv", range(6, 11))
    put(home, 2025, 1_000_000, "万元", "滁州.csv", range(11, 16))  # yuan, called ten thousand
    put(home, 2024, 90, "万元", "去年.csv", range(20, 25))
    near, far = 3 / 8, 13 * 10_000 / 8
    assert peers(home) == [
        ("合肥.csv", "芜湖.csv", "2025", 5, 5, near, "万元"),
        ("滁州.csv", "芜湖.csv", "2025", 5, 5, far, "万元"),
        ("芜湖.csv", "合肥.csv", "2025", 5, 5, round(1 / near, 4), "万元"),
    ]


def test_a_few_rows_are_no_peer_of_many(home):
    put(home, 2025, 100, "万元", "全省.csv", range(1, 31))
    put(home, 2025, 100, "元", "更正.csv", range(31, 33))
    assert [(file, peer) for file, peer, *_ in peers(home)] == [("更正.csv", "全省.csv")]
