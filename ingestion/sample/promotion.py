"""How the sample province shows its products, and how it judges their quality.

Here: deliveries of promotion_event and quality_record. 每周一品 and 每月一会 begin with the policy; one week of
the last year is missing (the Spring Festival). Not here: the products themselves (outcomes.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.common import (
    CHAINS,
    POLICY,
    choice,
    deliveries,
    earlier,
    joined,
    often,
    places,
    seldom,
    state_of,
)
from ingestion.sample.events import Floats, Ints, days, numbered, scaled
from ingestion.sample.parcel import BUILDERS, Layout, Parcel, builds
from ingestion.sample.province import Province
from ingestion.sample.registers import leads, spread

_WEEKLY, _MONTHLY, _SPECIAL, _MEETING = "每周一品", "每月一会", "专场发布", "对接活动"
_GRADES = ("经验级", "检验级", "保证级", "预防级", "卓越级")
_DIMENSIONS = ("纯度", "精度稳定度", "均一度", "密封度", "可靠度一致性")


@lru_cache(maxsize=2)
def shown_products(province: Province) -> pl.DataFrame:
    """Products as their own register tells of them: number, owner's code where it is told, moment."""
    parcels = BUILDERS["innovative_product"](province)
    rows = pl.concat([p.rows().select("product_id", "uscc", "recognised_on") for p in parcels])
    moment = pl.col("recognised_on").dt.year() + pl.col("recognised_on").dt.ordinal_day() / 366
    rows = rows.unique("product_id", keep="first", maintain_order=True).with_columns(_moment=moment)
    return rows.sort("recognised_on", "product_id")


def _calendar(province: Province) -> dict[str, list[date]]:
    """The days of the regular events."""
    first, last = max(POLICY.year, province.years[0]), province.years[1]
    span = (date(first, 1, 1), date(last, 12, 31))
    friday = POLICY + timedelta(days=(4 - POLICY.weekday()) % 7)
    weeks = [friday + timedelta(days=7 * i) for i in range(max((span[1] - friday).days // 7 + 1, 0))]
    months = [date(year, month, 20) for year in range(first, last + 1) for month in range(1, 13)]
    quarters = [date(year, month, 12) for year in range(first, last + 1) for month in (3, 6, 9, 11)]
    festival = date(last, 2, 16)
    return {
        _WEEKLY: [d for d in weeks if d >= span[0] and not 0 <= (d - festival).days < 7],
        _MONTHLY: [d for d in months if d >= POLICY],
        _SPECIAL: [d for d in quarters if d >= POLICY],
    }


def products_at(province: Province, moments: Floats, rng: np.random.Generator) -> pl.DataFrame:
    """For each moment a product of the time before; blank where the province has none at all."""
    products = shown_products(province)
    if products.is_empty():
        return products.clear(len(moments))
    return products[earlier(products["_moment"].to_numpy(), moments, rng, 600)]


def _lists(
    province: Province, moment: Floats, count: Ints, rng: np.random.Generator
) -> tuple[pl.Series, pl.Series]:
    """Products shown at each event, and the codes of their owners."""
    products = products_at(province, np.repeat(moment, count), rng)
    firms = province.enterprises["uscc"].gather(
        rng.integers(0, province.enterprises.height, int(count.sum()))
    )
    owners = products["uscc"].fill_null(firms)
    return joined(products["product_id"], count), joined(owners, count)


@lru_cache(maxsize=2)
def _events(province: Province) -> pl.DataFrame:
    rng = province.rng("promotion")
    regular = [(kind, day) for kind, held in _calendar(province).items() for day in held]
    meetings = days(spread(province, "promotion_event", scaled(province, 260), 0)).to_list()
    rows = pl.DataFrame(
        [*regular, *((_MEETING, day) for day in meetings)],
        schema={"kind": pl.String, "held_on": pl.Date},
        orient="row",
    ).sort("held_on", "kind")
    kind, n = rows["kind"].to_numpy(), rows.height
    day = rows["held_on"]
    moment = (day.dt.year() + day.dt.ordinal_day() / 366).to_numpy()
    sizes = {_WEEKLY: (1, 2), _MONTHLY: (6, 13), _SPECIAL: (10, 21), _MEETING: (4, 16)}
    low, high = (np.vectorize({k: v[i] for k, v in sizes.items()}.get)(kind) for i in (0, 1))
    products, owners = _lists(province, moment, rng.integers(low, high), rng)
    ways = {_WEEKLY: "重点发布；线上；媒体", _MONTHLY: "清单发布；线下", _SPECIAL: "重点发布；线下；展会"}
    meeting = pl.col("kind") == _MEETING
    return rows.with_columns(
        event_id=numbered("HD", moment, 4),
        channels=pl.when(meeting)
        .then(choice(("线下", "线下；展会", "线上"), n, rng, 0.6, 0.25, 0.15))
        .otherwise(pl.col("kind").replace(ways)),
        product_ids=pl.when(~meeting).then(products),
        enterprise_usccs=owners,
        area_code=pl.when(pl.col("kind") == _WEEKLY)
        .then(pl.lit("340000"))
        .otherwise(places(province, n, rng)),
        _dropped=meeting & pl.Series(rng.random(n) < 0.03),
    )


def _event_state(province: Province, day: date) -> pl.DataFrame:
    """What has been held, and what is planned for the coming four weeks."""
    known = _events(province).filter(pl.col("held_on") <= day + timedelta(days=28))
    status = (
        pl.when(pl.col("held_on") > day)
        .then(pl.lit("计划"))
        .when("_dropped")
        .then(pl.lit("取消"))
        .otherwise(pl.lit("举办"))
    )
    return known.with_columns(status=status).select(
        "event_id", "kind", "held_on", "channels", "product_ids", "enterprise_usccs", "status", "area_code"
    )


@builds("promotion_event")
def promotion_event(province: Province) -> Iterator[Parcel]:
    """Events of all kinds, the coming ones too."""
    layout = Layout(
        encoding="utf-8", heading=("创新产品发布推介与对接活动",), separator="|", dates="%Y年%-m月%-d日"
    )
    yield from deliveries(often(province), partial(_event_state, province), "发布推介活动", layout)


@lru_cache(maxsize=2)
def _quality(province: Province) -> pl.DataFrame:
    rng = province.rng("quality")
    recorded = spread(province, "quality_record", scaled(province, 1_100), 1)
    n = len(recorded)
    kinds = (
        "质量管理能力评价", "卓越质量项目", "安徽省人民政府质量奖", "质量图谱", "中国质量奖提名奖", "中国质量奖",
    )  # fmt: skip
    kind = choice(kinds, n, rng, 0.73, 0.245, 0.012, 0.009, 0.003, 0.001)
    of_chain, graded, project = (pl.col("kind") == kinds[i] for i in (3, 0, 1))
    rows = leads(province, "quality_record", recorded, 1.0).with_columns(kind=kind)
    return rows.select(
        "kind",
        record_id=numbered("ZL", recorded),
        uscc=pl.when(~of_chain).then("uscc"),
        grade=pl.when(graded).then(choice(_GRADES, n, rng, 0.3, 0.32, 0.22, 0.12, 0.04)),
        chain=pl.when(of_chain).then(choice(CHAINS, n, rng)),
        dimension=pl.when(project).then(choice(_DIMENSIONS, n, rng)),
        recorded_on=days(recorded),
        area_code=pl.when(~of_chain).then("area_code"),
    )


@builds("quality_record")
def quality_record(province: Province) -> Iterator[Parcel]:
    """Assessments, awards, maps and projects of quality."""
    layout = Layout(heading=("质量提升与质量奖",), dates="%Y/%m/%d", missing="-")
    yield from deliveries(
        seldom(province), state_of(_quality(province), "recorded_on"), "质量提升与质量奖", layout
    )
