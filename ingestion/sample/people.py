"""Experts and talents of the sample province: numbers and fields, never persons.

Here: deliveries of expert (pseudonymous numbers only), expert_participation and talent_record. Not here:
staff of enterprises (forms.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import polars as pl

from ingestion.sample.common import (
    FIELDS,
    choice,
    deliveries,
    earlier,
    often,
    perhaps,
    places,
    seldom,
    state_of,
)
from ingestion.sample.events import days, numbered, scaled
from ingestion.sample.parcel import Layout, Parcel, builds
from ingestion.sample.province import Province
from ingestion.sample.registers import spread

_DISCIPLINES = (
    "材料科学与工程",
    "机械工程",
    "电子科学与技术",
    "控制科学与工程",
    "化学工程",
    "生物工程",
    "软件工程",
)


@lru_cache(maxsize=2)
def _experts(province: Province) -> pl.DataFrame:
    """The library has no quota for enterprises: their share rises from year to year."""
    rng = province.rng("experts")
    entered = spread(province, "expert", scaled(province, 750), 6)
    n = len(entered)
    first = province.years[0] - 6
    firm = rng.random(n) < 0.22 + 0.03 * (entered - first)
    other = np.where(rng.random(n) < 0.88, "高校院所", "其他")
    return pl.DataFrame(
        {
            "expert_id": numbered("ZJ", entered),
            "organisation_type": pl.Series(np.where(firm, "企业", other)),
            "field": choice(FIELDS, n, rng),
            "entered_on": days(entered),
            "left_on": days(perhaps(entered + rng.uniform(1.0, 8.0, n), 0.2, rng)),
            "area_code": places(province, n, rng),
            "_entered": pl.Series(entered),
        }
    )


@builds("expert")
def expert(province: Province) -> Iterator[Parcel]:
    """The library of experts under numbers."""
    state = state_of(_experts(province).drop("_entered"), "entered_on", "left_on")
    layout = Layout(heading=("高新技术领域专家库", "说明：仅列编号，不含个人信息"))
    yield from deliveries(often(province), state, "高新技术领域专家库", layout)


@lru_cache(maxsize=2)
def _participations(province: Province) -> pl.DataFrame:
    rng = province.rng("participations")
    held = spread(province, "expert_participation", scaled(province, 2_600), 0)
    experts = _experts(province)
    at = earlier(experts["_entered"].to_numpy(), held, rng, scaled(province, 3_500))
    return pl.DataFrame(
        {
            "participation_id": numbered("CY", held),
            "expert_id": experts["expert_id"].gather(at),
            "activity": choice(("指南编制", "项目评审"), len(held), rng, 0.22, 0.78),
            "held_on": days(held),
        }
    )


@builds("expert_participation")
def expert_participation(province: Province) -> Iterator[Parcel]:
    """Who took part in guidelines and reviews."""
    state = state_of(_participations(province), "held_on")
    layout = Layout(encoding="utf-8", crlf=False, dates="%Y%m%d")
    yield from deliveries(often(province), state, "专家参与记录", layout)


@lru_cache(maxsize=2)
def _talents(province: Province) -> pl.DataFrame:
    rng = province.rng("talents")
    recorded = spread(province, "talent_record", scaled(province, 1_900), 0)
    n = len(recorded)
    kinds = ("引进人才", "引进团队", "紧缺岗位", "联合培养平台", "长三角协同项目")
    kind = choice(kinds, n, rng, 0.52, 0.07, 0.35, 0.025, 0.035)
    brought, post = pl.col("kind").is_in(kinds[:2]), pl.col("kind") == kinds[2]
    stays = perhaps(recorded + rng.uniform(0.5, 1.5, n), 0.8, rng)
    matched = pl.Series(rng.random(n) < 0.7)
    return pl.DataFrame({"kind": kind}).select(
        "kind",
        record_id=numbered("RC", recorded),
        mode=pl.when(brought).then(choice(("全职", "柔性"), n, rng, 0.6, 0.4)),
        field=choice(FIELDS, n, rng),
        matched_discipline=pl.when(post & matched).then(choice(_DISCIPLINES, n, rng)),
        area_code=places(province, n, rng),
        recorded_on=days(recorded),
        closed_on=pl.when(post).then(days(stays)),
        headcount=pl.when(pl.col("kind") == kinds[0])
        .then(pl.Series(rng.integers(1, 9, n)))
        .when(pl.col("kind") == kinds[1])
        .then(pl.Series(rng.integers(4, 16, n))),
    )


@builds("talent_record")
def talent_record(province: Province) -> Iterator[Parcel]:
    """People who were brought in and posts that are hard to fill, counted by lot."""
    state = state_of(_talents(province), "recorded_on", "closed_on")
    layout = Layout(encoding="utf-8-sig", heading=("产业科技人才情况",), missing="—", footer="填表人：")
    yield from deliveries(seldom(province), state, "产业科技人才", layout)
