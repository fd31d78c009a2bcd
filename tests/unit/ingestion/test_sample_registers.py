"""Registers of the sample province beside the frame: parks, titles, events, demands, and their odd sizes."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from ingestion.contract import load_contracts
from ingestion.sample import write_sample
from ingestion.sample.parcel import BUILDERS
from ingestion.sample.province import Province, make_province

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
CONTRACTS = load_contracts()
DAY = date(2026, 11, 23)
OFTEN_DELIVERED = {  # the sources that came first are delivered at more dates
    "challenge_task", "enterprise_register", "enterprise_revenue", "innovation_platform", "innovative_product",
    "patent", "rd_institution", "science_project", "standard", "survey_finance", "survey_rd_activity",
    "survey_rd_project", "university_industry_project",
}  # fmt: skip


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(24_000, (2023, 2026), 1, SEEDS)


def as_of(province: Province, source: str, day: date = DAY) -> pl.DataFrame:
    """The rows of a source that hold on a day: the last delivery of each key (the sample says all columns)."""
    keys = ["title", "enterprise_name", "recognised_on", "stage"] if source == "enterprise_title" else None
    rows = [p.rows() for p in BUILDERS[source](province) if p.delivered_on <= day]
    return pl.concat([r for r in rows if not r.is_empty()]).unique(
        keys or list(CONTRACTS[source].keys), keep="last", maintain_order=True
    )


def test_the_parks_are_exactly_those_of_the_register(province: Province) -> None:
    register = pl.concat(p.rows().select("park_id") for p in BUILDERS["enterprise_register"](province))
    parks = as_of(province, "development_park")
    assert set(parks["park_id"]) == set(register["park_id"].drop_nulls())
    assert 15 <= (parks["level"] == "国家").sum() <= 25
    assert as_of(province, "park_facility")["park_id"].is_in(parks["park_id"].to_list()).all()


def valid(titles: pl.DataFrame, day: date) -> int:
    ends = pl.min_horizontal(pl.col("valid_until").dt.offset_by("1d"), "revoked_on")
    held = titles.filter((pl.col("recognised_on") <= day) & (ends.is_null() | (ends > day)))
    return held["uscc"].n_unique()


def test_high_tech_certificates_have_the_stock_of_anhui(province: Province) -> None:
    titles = as_of(province, "enterprise_title").filter(pl.col("title") == "高新技术企业")
    stock = [valid(titles, date(year, 12, 31)) for year in (2023, 2024, 2025)]
    assert stock == pytest.approx([19_500, 23_000, 26_000], rel=0.01)
    register = province.enterprises["uscc"]
    assert 0.3 < titles["uscc"].is_in(register.to_list()).mean() < 0.5
    assert titles["certificate_no"].is_unique().all()


def test_titles_without_a_code_are_of_enterprises_in_the_register(province: Province) -> None:
    names = set(province.enterprises["first_name"]) | set(province.enterprises["later_name"])
    nameless = as_of(province, "enterprise_title").filter(pl.col("uscc").is_null())
    assert nameless.height > 100
    assert nameless["enterprise_name"].is_in(list(names)).all()


def test_there_is_a_product_each_week_but_one_and_a_meeting_each_month(province: Province) -> None:
    events = as_of(province, "promotion_event").filter(pl.col("status") == "举办")
    weeks = set(events.filter(pl.col("kind") == "每周一品")["held_on"].dt.strftime("%G-W%V"))
    fridays = [date(2025, 5, 16) + timedelta(days=7 * i) for i in range(76)]  # to the last of October 2026
    assert {f"{d:%G-W%V}" for d in fridays} - weeks == {"2026-W08"}
    months = events.filter(pl.col("kind") == "每月一会")["held_on"].dt.strftime("%Y-%m")
    assert len(months) == months.n_unique() == 8 + 10


def test_matches_and_tasks_tell_of_demands_that_exist(province: Province) -> None:
    demands = set(as_of(province, "technology_demand")["demand_id"])
    results = set(as_of(province, "research_result")["result_id"])
    matches, tasks = as_of(province, "matchmaking"), as_of(province, "key_technology_task")
    assert set(matches["demand_id"]) <= demands
    assert set(matches["result_id"]) <= results
    named = tasks["demand_ids"].drop_nulls().str.split("；").explode()
    assert set(named) <= demands
    assert 4_000 < len(demands) < 9_000


def test_no_more_than_three_deliveries_of_the_smaller_sources(province: Province) -> None:
    count = Counter(s for s in BUILDERS for p in BUILDERS[s](province) if p.delivered_on <= DAY)
    assert {s: n for s, n in count.items() if n > 3 and s not in OFTEN_DELIVERED} == {}


def test_nobody_is_named_in_records_of_people(province: Province) -> None:
    for source in ("expert", "expert_participation", "talent_record"):
        columns = as_of(province, source).columns
        assert not [c for c in columns if re.search("name|phone|birth", c)]


@pytest.mark.parametrize("years", [(2023, 2026), (2025, 2025), (2024, 2025), (2018, 2020)])
@pytest.mark.parametrize("size", [40])
def test_odd_provinces_can_be_written_too(tmp_path: Path, size: int, years: tuple[int, int]) -> None:
    paths = write_sample(
        tmp_path, CONTRACTS, SEEDS, enterprises=size, years=years, as_of=date(years[1] + 1, 6, 30)
    )
    assert len(paths) == len(set(paths))
    assert len({p.relative_to(tmp_path).parts[0] for p in paths}) >= 30
