"""What industry asks for in the sample province, what science offers, and who brought them together.

Here: deliveries of technology_demand, research_result, matchmaking and key_technology_task, which tell of
each other. Not here: projects that come of it (projects.py, registers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.common import (
    CHAINS,
    FIELDS,
    choice,
    deliveries,
    earlier,
    joined,
    numbered_within,
    often,
    perhaps,
    places,
    seldom,
    stage,
    state_of,
)
from ingestion.sample.events import days, numbered, scaled
from ingestion.sample.names import pick, subjects
from ingestion.sample.outcomes import institute_codes
from ingestion.sample.parcel import Layout, Parcel, as_known, builds
from ingestion.sample.province import Province
from ingestion.sample.registers import leads, spread

_CHANNELS = ("融合发展服务平台", "科交会", "世界制造业大会", "市县报送", "工业互联网平台")
_WANTED = ("寿命提高一倍", "成本降低三成", "良品率达到 99%", "实现国产替代", "能耗降低两成", "通过车规级认证")
_REASONS = ("价格未谈拢", "技术成熟度不足", "企业计划调整", "知识产权归属不清", "已另行解决")


@lru_cache(maxsize=2)
def _demands(province: Province) -> pl.DataFrame:
    """All demands in the order of time; moments (`_…`) beside days, for what is drawn from them."""
    rng = province.rng("demands")
    collected = spread(province, "technology_demand", scaled(province, 1_500), 1)
    n = len(collected)
    classified = perhaps(collected + rng.uniform(0.01, 0.08, n), 0.93, rng)
    published = perhaps(classified + rng.uniform(0.005, 0.06, n), 0.88, rng)
    contacted = perhaps(published + rng.uniform(0.04, 0.15, n), 0.7, rng)
    contracted = perhaps(contacted + rng.uniform(0.02, 0.4, n), 0.55, rng)
    solved = perhaps(contracted + rng.uniform(0.08, 0.7, n), 0.7, rng)
    closed = np.where(np.isnan(contracted), perhaps(published + rng.uniform(0.15, 1.2, n), 0.35, rng), np.nan)
    waits = np.where(np.isnan(published), collected + 1.0, published + 1.5)
    lapses = np.where(np.isnan(contracted) & np.isnan(closed), waits, np.nan)
    title = subjects(n, rng, tail=False) + pick(("攻关", "替代", "升级改造"), rng.integers(0, 3, n))
    rows = leads(province, "technology_demand", collected, 1.0)
    rows = rows.join(
        province.enterprises.select("uscc", "park_id"), on="uscc", maintain_order="left", how="left"
    )
    return rows.with_columns(
        demand_id=numbered("XQ", collected),
        enterprise_name="lead_name",
        _firm="uscc",
        uscc="lead_uscc",
        title=title,
        description=title + pl.lit("，要求") + pick(_WANTED, rng.integers(0, len(_WANTED), n)),
        chain=choice(CHAINS, n, rng),
        field=choice(FIELDS, n, rng),
        bottleneck=pl.Series(rng.random(n) < 0.08),
        channel=choice(_CHANNELS, n, rng, 3, 1, 1, 4, 2),
        confidential=pl.Series(rng.random(n) < 0.01),
        major=pl.Series(rng.random(n) < 0.12),
        collected_on=days(collected),
        _checked_on=days(collected + 0.01),
        classified_on=days(classified),
        published_on=days(published),
        _contacted_on=days(contacted),
        contracted_on=days(contracted),
        solved_on=days(solved),
        closed_on=days(closed),
        _lapses_on=days(lapses),
        _classified=pl.Series(classified),
        _published=pl.Series(published),
        _contacted=pl.Series(contacted),
        _contracted=pl.Series(contracted),
    )


def _demand_state(province: Province, day: date) -> pl.DataFrame:
    known = _demands(province).filter(pl.col("collected_on") <= day)
    status = stage(
        day, ("_checked_on", "审核"), ("classified_on", "归类"), ("published_on", "发布"), ("_contacted_on", "对接"),
        ("contracted_on", "签约"), ("solved_on", "解决"), ("closed_on", "关闭"), ("_lapses_on", "过期"), start="征集",
    )  # fmt: skip
    later = ("classified_on", "published_on", "contracted_on", "solved_on", "closed_on")
    return as_known(known.with_columns(status=status), day, *later).select(
        "demand_id", "uscc", "enterprise_name", "title", "description", "chain", "field", "budget", "bottleneck",
        "channel", "confidential", "status", "collected_on", "classified_on", "published_on", "closed_on",
        "area_code", "major", "contracted_on", "solved_on",
    )  # fmt: skip


@builds("technology_demand")
def technology_demand(province: Province) -> Iterator[Parcel]:
    """Demands of enterprises with their whole course; one in ten has a name only."""
    layout = Layout(encoding="utf-8-sig", heading=("企业研发需求清单",), dates="%Y-%-m-%-d", total=True)
    yield from deliveries(often(province), partial(_demand_state, province), "企业研发需求清单", layout)


@lru_cache(maxsize=2)
def _results(province: Province) -> pl.DataFrame:
    rng = province.rng("results")
    collected = spread(province, "research_result", scaled(province, 1_800), 1)
    n = len(collected)
    classified = perhaps(collected + rng.uniform(0.01, 0.1, n), 0.95, rng)
    published = perhaps(classified + rng.uniform(0.01, 0.08, n), 0.9, rng)
    transferred = perhaps(published + rng.uniform(0.1, 1.5, n), 0.3, rng)
    partner = institute_codes(60)["institute"].gather(rng.integers(0, 60, n))
    title = subjects(n, rng)
    return pl.DataFrame(
        {
            "result_id": numbered("CG", collected),
            "institute": partner,
            "title": title,
            "abstract": title + pick(("，已完成小试", "，已完成中试", "，已有样机"), rng.integers(0, 3, n)),
            "field": choice(FIELDS, n, rng),
            "readiness_level": pl.Series(rng.integers(3, 10, n)),
            "collected_on": days(collected),
            "classified_on": days(classified),
            "published_on": days(published),
            "transferred_on": days(transferred),
            "_withdrawn_on": days(
                np.where(np.isnan(transferred), perhaps(published + 2.0, 0.4, rng), np.nan)
            ),
            "area_code": places(province, n, rng),
            "_published": pl.Series(published),
        }
    )


def _result_state(province: Province, day: date) -> pl.DataFrame:
    known = _results(province).filter(pl.col("collected_on") <= day)
    status = stage(
        day, ("classified_on", "归类"), ("published_on", "发布"), ("transferred_on", "转化"), ("_withdrawn_on", "下架"),
        start="征集",
    )  # fmt: skip
    known = as_known(
        known.with_columns(status=status), day, "classified_on", "published_on", "transferred_on"
    )
    return known.select(
        "result_id", "institute", "title", "abstract", "field", "readiness_level", "status", "collected_on",
        "classified_on", "published_on", "transferred_on", "area_code",
    )  # fmt: skip


@builds("research_result")
def research_result(province: Province) -> Iterator[Parcel]:
    """Results of universities and institutes, as tab-separated text."""
    layout = Layout(kind="tsv", encoding="utf-8", crlf=False, dates="%Y%m%d")
    yield from deliveries(often(province), partial(_result_state, province), "科研成果库", layout)


@lru_cache(maxsize=2)
def _matches(province: Province) -> pl.DataFrame:
    """Some results for each published demand; the first in rank is the one that a contract comes of."""
    rng = province.rng("matches")
    demands = _demands(province).filter(pl.col("_published").is_not_nan())
    count = 1 + rng.poisson(1.2, demands.height)
    rows = demands[np.repeat(np.arange(demands.height), count)]
    n, rank = rows.height, numbered_within(count)
    best = rank == 1
    suggested = rows["_published"].to_numpy() + rng.uniform(0.0, 0.04, n)
    contacted = np.where(
        best, rows["_contacted"].to_numpy(), perhaps(suggested + rng.uniform(0.02, 0.2, n), 0.15, rng)
    )
    contracted = np.where(best, rows["_contracted"].to_numpy(), np.nan)
    implemented = perhaps(contracted + rng.uniform(0.05, 0.4, n), 0.75, rng)
    served = perhaps(contracted + rng.uniform(0.02, 0.3, n), 0.6, rng)
    ended = np.where(np.isnan(contracted), perhaps(suggested + rng.uniform(0.1, 0.6, n), 0.6, rng), np.nan)
    published = np.sort(_results(province)["_published"].drop_nans().to_numpy())
    ids = _results(province).filter(pl.col("_published").is_not_nan()).sort("_published")["result_id"]
    relevant = rng.random(n) < np.where(best, 0.72, 0.45)
    return rows.select(
        match_id=numbered("CH", suggested),
        demand_id="demand_id",
        result_id=ids.gather(earlier(published, suggested, rng, 1_500)),
        suggested_by=choice(("系统", "人工"), n, rng, 0.75, 0.25),
        channel=choice(_CHANNELS, n, rng, 4, 1, 1, 2, 2),
        score=pl.Series(np.round(np.clip(0.95 - 0.09 * rank + rng.normal(0, 0.05, n), 0.05, 0.99), 3)),
        suggested_on=days(suggested),
        contacted_on=days(contacted),
        contracted_on=days(contracted),
        implemented_on=days(implemented),
        rewarded_on=days(perhaps(implemented + rng.uniform(0.1, 0.5, n), 0.45, rng)),
        failed_on=days(ended),
        failure_reason=choice(_REASONS, n, rng),
        park_id="park_id",
        accepted=pl.Series(relevant & (rng.random(n) < 0.6))
        | pl.col("_contacted_on").is_not_null() & pl.Series(best),
        relevant=pl.Series(relevant),
        rank=pl.Series(rank),
        service_on=days(served),
        capital_on=days(perhaps(served + rng.uniform(0.05, 0.4, n), 0.5, rng)),
    )


def _match_state(province: Province, day: date) -> pl.DataFrame:
    later = (
        "contacted_on",
        "contracted_on",
        "implemented_on",
        "rewarded_on",
        "failed_on",
        "service_on",
        "capital_on",
    )
    known = state_of(_matches(province), "suggested_on", *later)(day)
    failed = pl.col("failed_on").is_not_null()
    return known.with_columns(failure_reason=pl.when(failed).then("failure_reason"))


@builds("matchmaking")
def matchmaking(province: Province) -> Iterator[Parcel]:
    """Records of matches from the platform's own system."""
    layout = Layout(encoding="utf-8", crlf=False, yes_no=("1", "0"), missing="null")
    yield from deliveries(often(province), partial(_match_state, province), "撮合记录", layout)


@lru_cache(maxsize=2)
def _task_versions(province: Province) -> pl.DataFrame:
    """The list comes out anew each spring and autumn; a task stays on one to four versions of it."""
    rng = province.rng("task list")
    first, last = province.years
    releases = [date(year, month, 28) for year in range(first - 1, last + 1) for month in (3, 9)]
    new = scaled(province, 70)
    version = np.repeat(np.arange(1, len(releases) + 1), new)
    n = len(version)
    moment = np.array([day.year + day.timetuple().tm_yday / 365 for day in releases])[version - 1]
    known = _demands(province).filter(pl.col("_classified").is_not_nan()).sort("_classified")
    count = rng.integers(1, 4, n)
    chosen = earlier(known["_classified"].to_numpy(), np.repeat(moment, count), rng, scaled(province, 650))
    origin = choice(("企业需求", "政府部署", "高校院所", "其他"), n, rng, 0.55, 0.25, 0.15, 0.05)
    tasks = pl.DataFrame(
        {
            "task_id": numbered("GG", np.sort(moment), 4),
            "title": subjects(n, rng),
            "chain": choice(CHAINS, n, rng),
            "demand_ids": joined(known["demand_id"].gather(chosen), count),
            "origin": origin,
            "area_code": places(province, n, rng),
            "_first": version,
            "_last": version + rng.choice(4, n, p=[0.25, 0.4, 0.25, 0.1]),
            "_taken": rng.random(n) < 0.45,
            "_anywhere": rng.random(n) < 0.4,
        }
    ).with_columns(
        demand_ids=pl.when(pl.col("origin") == "企业需求").then("demand_ids"),
        area_code=pl.when(~pl.col("_anywhere")).then("area_code"),
    )
    dates = pl.DataFrame({"version": np.arange(1, len(releases) + 1), "published_on": releases})
    ends = dates.select(_last=pl.col("version") - 1, withdrawn_on="published_on")
    rows = tasks.join(dates, how="cross").filter(pl.col("version").is_between("_first", "_last"))
    return rows.join(ends, on="_last", how="left", maintain_order="left").sort("version", "task_id")


def _task_state(province: Province, day: date) -> pl.DataFrame:
    known = _task_versions(province).filter(pl.col("published_on") <= day)
    # Only the last version that a task was on tells that it was taken off.
    final = (pl.col("version") == pl.col("_last")) & (pl.col("withdrawn_on") <= day)
    known = known.with_columns(
        withdrawn_on=pl.when(final).then("withdrawn_on"),
        status=pl.when(final)
        .then(pl.lit("撤下"))
        .when(pl.col("_taken") & (pl.col("version") > pl.col("_first")))
        .then(pl.lit("揭榜"))
        .otherwise(pl.lit("发布")),
    )
    return known.select(
        "task_id", "version", "title", "chain", "demand_ids", "origin", "status", "published_on", "withdrawn_on",
        "area_code",
    )  # fmt: skip


@builds("key_technology_task")
def key_technology_task(province: Province) -> Iterator[Parcel]:
    """The list of key generic technologies, version by version."""
    layout = Layout(heading=("关键共性技术攻关任务清单",), separator="、", dates="%Y年%-m月%-d日")
    yield from deliveries(seldom(province), partial(_task_state, province), "关键共性技术攻关任务", layout)
