"""Where the sample province tries things out: the industrial base, pilot platforms, services, technologies.

Here: deliveries of industrial_base_item, pilot_platform, pilot_service, service_platform,
applicable_technology and trial_use. Not here: platforms that are evidence of coverage (projects.py),
products and how they are shown (outcomes.py, promotion.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.common import (
    POLICY,
    choice,
    deliveries,
    earlier,
    often,
    perhaps,
    places,
    seldom,
    some_of,
    stage,
    state_of,
)
from ingestion.sample.events import days, numbered, scaled
from ingestion.sample.names import subjects
from ingestion.sample.parcel import Layout, Parcel, as_known, builds
from ingestion.sample.promotion import products_at
from ingestion.sample.province import Province
from ingestion.sample.registers import leads, spread

_TESTS = ("技术熟化", "工程化放大", "可靠性验证")
_SERVICES = ("技术研发", "技术评价", "技术交易", "工业设计", "中试验证", "技术转化", "技术推广", "检验检测")


@lru_cache(maxsize=2)
def _items(province: Province) -> pl.DataFrame:
    rng = province.rng("industrial base")
    started = spread(province, "industrial_base_item", scaled(province, 90), 2)
    n = len(started)
    pace = rng.uniform(0.5, 1.6, n)
    reached = [started + pace * years for years in (0.5, 1.0, 1.5, 2.2)]
    breakthrough = perhaps(reached[2], 0.7, rng)
    applied = np.where(np.isnan(breakthrough), np.nan, reached[3])
    return leads(province, "industrial_base_item", started, 1.0).with_columns(
        item_id=numbered("CJ", started, 4),
        title=subjects(n, rng),
        field=choice(("零部件", "元器件", "材料", "软件", "工艺", "技术基础"), n, rng, 26, 20, 24, 10, 12, 8),
        pairing=pl.when(pl.Series(rng.random(n) < 0.55)).then(
            pl.lit(choice(("装备与材料", "机械与电子", "整机与部件", "硬件与软件"), n, rng))
        ),
        started_on=days(started),
        _sample_on=days(reached[0]),
        _batch_on=days(reached[1]),
        breakthrough_on=days(breakthrough),
        _applied_on=days(applied),
        ended_on=days(np.where(np.isnan(applied), reached[3] + 0.5, applied + 0.2)),
    )


def _item_state(province: Province, day: date) -> pl.DataFrame:
    known = _items(province).filter(pl.col("started_on") <= day)
    marks = (
        ("_sample_on", "样品"),
        ("_batch_on", "小批量"),
        ("breakthrough_on", "突破"),
        ("_applied_on", "应用"),
    )
    since = pl.max_horizontal(pl.when(pl.col(c) <= day).then(pl.col(c)) for c in ("started_on", *dict(marks)))
    known = known.with_columns(stage=stage(day, *marks, start="在研"), stage_on=since)
    return as_known(known, day, "breakthrough_on", "ended_on").select(
        "item_id", "title", "field", "pairing", "uscc", "started_on", "stage", "stage_on", "area_code",
        "breakthrough_on", "ended_on",
    )  # fmt: skip


@builds("industrial_base_item")
def industrial_base_item(province: Province) -> Iterator[Parcel]:
    """Projects of the industrial base (产业基础再造)."""
    layout = Layout(heading=("产业基础再造项目清单",), dates="%Y/%-m/%-d", missing="—")
    yield from deliveries(seldom(province), partial(_item_state, province), "产业基础再造项目", layout)


@lru_cache(maxsize=2)
def _pilots(province: Province) -> pl.DataFrame:
    """Ten a year are brought up by decision; that of the last year isn't complete."""
    rng = province.rng("pilot platforms")
    entered = spread(province, "pilot_platform", scaled(province, 30), 2)
    n = len(entered)
    cultivated, free = np.full(n, np.nan), np.ones(n, dtype=np.bool_)
    for year in province.span:
        wanted = 10 if year < province.years[1] else 8
        chosen = np.flatnonzero(free & (entered < year + 0.2))[: scaled(province, wanted)]
        cultivated[chosen] = year + rng.uniform(0.25, 0.75, len(chosen))
        free[chosen] = False
    recognised = perhaps(cultivated + rng.uniform(0.4, 1.2, n), 0.7, rng)
    rows = leads(province, "pilot_platform", entered, 0.62)
    return rows.select(
        platform_id=numbered("ZS", entered, 4),
        name=subjects(n, rng, tail=False) + pl.lit("中试平台"),
        lead_type=pl.when("firm")
        .then(pl.lit("企业"))
        .otherwise(choice(("高校院所", "其他"), n, rng, 0.85, 0.15)),
        host_uscc="lead_uscc",
        area_code="area_code",
        entered_on=days(entered),
        key_cultivated_on=days(cultivated),
        recognised_on=days(recognised),
        exited_on=days(
            np.where(np.isnan(cultivated), perhaps(entered + rng.uniform(1.0, 4.0, n), 0.08, rng), np.nan)
        ),
        service_types=some_of(_TESTS, n, rng, 3),
        firms_served=pl.Series(rng.integers(3, 60, n)),
        projects_served=pl.Series(rng.integers(5, 120, n)),
        national_on=days(perhaps(recognised + rng.uniform(0.3, 1.0, n), 0.25, rng)),
        _entered=pl.Series(entered),
    )


def _pilot_state(province: Province, day: date) -> pl.DataFrame:
    later = ("key_cultivated_on", "recognised_on", "exited_on", "national_on")
    known = state_of(_pilots(province), "entered_on", *later)(day)
    level = stage(day, ("recognised_on", "省"), ("national_on", "国家"), start="市")
    columns = [c for c in known.columns if not c.startswith("_")]
    return known.with_columns(level=level).select(*columns[:2], "level", *columns[2:])


@builds("pilot_platform")
def pilot_platform(province: Province) -> Iterator[Parcel]:
    """The library of pilot platforms, as a workbook."""
    layout = Layout(
        kind="xlsx",
        heading=("制造业中试平台培育库",),
        dates="serial",
        separator="、",
        groups=(("对外服务情况", ("service_types", "firms_served", "projects_served")),),
    )
    yield from deliveries(seldom(province), partial(_pilot_state, province), "中试平台培育库", layout)


@lru_cache(maxsize=2)
def _pilot_services(province: Province) -> pl.DataFrame:
    rng = province.rng("pilot services")
    served = spread(province, "pilot_service", scaled(province, 1_600), 0)
    n, platforms = len(served), _pilots(province)
    at = earlier(platforms["_entered"].to_numpy(), served, rng, 200)
    firms = leads(province, "pilot_service", served, 1.0)
    return pl.DataFrame(
        {
            "service_id": numbered("ZF", served),
            "platform_id": platforms["platform_id"].gather(at),
            "uscc": firms["lead_uscc"],
            "service_type": choice(_TESTS, n, rng, 0.4, 0.3, 0.3),
            "served_on": days(served),
        }
    )


@builds("pilot_service")
def pilot_service(province: Province) -> Iterator[Parcel]:
    """Services of pilot platforms; some of those served without a code."""
    state = state_of(_pilot_services(province), "served_on")
    yield from deliveries(
        seldom(province), state, "中试服务记录", Layout(encoding="utf-8-sig", dates="%Y%m%d")
    )


@lru_cache(maxsize=2)
def _services(province: Province) -> pl.DataFrame:
    rng = province.rng("service platforms")
    recognised = spread(province, "service_platform", scaled(province, 22), 6)
    n = len(recognised)
    kind = choice(
        ("产业技术基础公共服务平台", "特殊场景实验室", "行业计量研究中心"), n, rng, 0.62, 0.22, 0.16
    )
    return pl.DataFrame(
        {
            "platform_id": numbered("FW", recognised, 4),
            "name": subjects(n, rng, tail=False) + kind,
            "kind": kind,
            "services": some_of(_SERVICES, n, rng, 4),
            "area_code": places(province, n, rng),
            "recognised_on": days(recognised),
            "revoked_on": days(perhaps(recognised + rng.uniform(2.0, 6.0, n), 0.06, rng)),
        }
    )


@builds("service_platform")
def service_platform(province: Province) -> Iterator[Parcel]:
    """Platforms that serve a trade, with the kinds of service."""
    state = state_of(_services(province), "recognised_on", "revoked_on")
    layout = Layout(heading=("科技服务平台库",), separator="|")
    yield from deliveries(seldom(province), state, "科技服务平台库", layout)


@lru_cache(maxsize=2)
def _technologies(province: Province) -> pl.DataFrame:
    rng = province.rng("technologies")
    entered = spread(province, "applicable_technology", scaled(province, 240), 2)
    n = len(entered)
    # A catalogue each September; what is chosen stands in the next one after it came.
    edition = np.floor(entered + 0.3).astype(np.int64)
    listed = rng.random(n) < 0.45
    rows = leads(province, "applicable_technology", entered, 0.85)
    return rows.select(
        technology_id=numbered("SY", entered, 4),
        name=subjects(n, rng, tail=False) + pl.lit("技术"),
        holder_name="lead_name",
        holder_uscc="lead_uscc",
        directions=some_of(("高端化", "智能化", "绿色化"), n, rng, 3),
        entered_on=days(entered),
        catalogue_edition=pl.concat_str(pl.Series(edition).cast(pl.String), pl.lit("年版")),
        catalogued_on=days(np.where(listed, edition + 0.72, np.nan)),
        exited_on=days(perhaps(entered + rng.uniform(2.0, 4.0, n), 0.15, rng)),
        area_code="area_code",
    )


def _technology_state(province: Province, day: date) -> pl.DataFrame:
    known = state_of(_technologies(province), "entered_on", "catalogued_on", "exited_on")(day)
    listed = pl.col("catalogued_on").is_not_null()
    return known.with_columns(catalogue_edition=pl.when(listed).then("catalogue_edition"))


@builds("applicable_technology")
def applicable_technology(province: Province) -> Iterator[Parcel]:
    """Technologies ready for use, and the catalogue of those to spread."""
    layout = Layout(encoding="utf-8-sig", heading=("制造业先进适用技术库",), dates="%Y.%-m.%-d", missing="/")
    yield from deliveries(seldom(province), partial(_technology_state, province), "先进适用技术库", layout)


@lru_cache(maxsize=2)
def _trials(province: Province) -> pl.DataFrame:
    """First uses of products; filings of tolerance and benchmark scenes begin with the policy."""
    rng = province.rng("trials")
    recorded = spread(province, "trial_use", scaled(province, 620), 0)
    begun = POLICY.year + POLICY.timetuple().tm_yday / 365
    n = len(recorded)
    kind = rng.choice(3, n, p=[0.76, 0.13, 0.11])
    kind = np.where((recorded < begun) & (kind == 1), 0, kind)
    firm = province.enterprises.filter(~pl.col("spare"))
    state_owned = (kind == 1) | (rng.random(n) < 0.3)
    public = np.where(rng.random(n) < 0.75, "国有企业", "国有事业单位")
    other = np.where(rng.random(n) < 0.93, "民营企业", "其他")
    return pl.DataFrame(
        {
            "record_id": numbered("SJ", recorded),
            "kind": pl.Series(np.array(["首试首用", "容错备案", "标杆应用场景"])[kind]),
            "product_id": products_at(province, recorded, rng)["product_id"],
            "user_name": firm["first_name"].gather(rng.integers(0, firm.height, n)),
            "user_ownership": pl.Series(np.where(state_owned, public, other)),
            "recorded_on": days(recorded),
            "area_code": places(province, n, rng),
            "ended_on": days(
                np.where(kind == 2, perhaps(recorded + rng.uniform(1.0, 3.0, n), 0.2, rng), np.nan)
            ),
        }
    )


@builds("trial_use")
def trial_use(province: Province) -> Iterator[Parcel]:
    """Records of trial use."""
    state = state_of(_trials(province), "recorded_on", "ended_on")
    layout = Layout(other_titles=True, missing="--")
    yield from deliveries(often(province), state, "首试首用与容错备案", layout)
