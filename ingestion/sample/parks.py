"""Development parks of the sample province and what stands in them.

Here: deliveries of development_park, which holds exactly the parks that the register of enterprises uses, and
park_facility. Not here: which enterprise is in which park (province.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.common import choice, deliveries, perhaps, seldom, state_of
from ingestion.sample.events import days, numbered, scaled
from ingestion.sample.names import pick, trade_names
from ingestion.sample.parcel import Layout, Parcel, builds
from ingestion.sample.province import Province
from ingestion.sample.registers import spread

_PARTNERS = {"341271": "340100", "341371": "340500"}  # parks of two cities, told by their names


@lru_cache(maxsize=2)
def _parks(province: Province) -> pl.DataFrame:
    """One for each county or zone with an enterprise in a park; national are zones, else a city's first."""
    used = province.enterprises.filter(~pl.col("spare")).select("park_id").drop_nulls().unique()
    rng = province.rng("parks")
    rows = province.counties.sort("code").with_columns(
        park_id=pl.concat_str(pl.lit("K"), "code", pl.lit("01"))
    )
    high_tech = pl.col("name").str.contains("高新|高技术") | pl.Series(rng.random(rows.height) < 0.12)
    zone = pl.col("code").str.slice(4, 1) == "7"
    plain = pl.col("name").str.replace("[县区市]$", "")
    joint = pl.col("code").is_in(list(_PARTNERS))
    first = pl.col("code") == pl.col("code").min().over("city_code")
    national = (zone & ~joint) | (first & ~zone.any().over("city_code"))
    kind = (
        pl.when(joint).then(pl.lit("其他")).when(high_tech).then(pl.lit("高新区")).otherwise(pl.lit("经开区"))
    )
    ending = pl.when(high_tech).then(pl.lit("高新技术产业开发区")).otherwise(pl.lit("经济开发区"))
    moment = rng.uniform(1995.0, 2018.0, rows.height)
    return (
        rows.with_columns(national=national, since=days(moment))
        .select(
            "park_id",
            name=pl.when(zone).then("name").otherwise(pl.concat_str(pl.lit("安徽"), plain, ending)),
            kind=kind,
            level=pl.when("national").then(pl.lit("国家")).otherwise(pl.lit("省")),
            host_city_code="city_code",
            partner_city_code=pl.when(joint).then(pl.col("code").replace(_PARTNERS)),
            level_since="since",
        )
        .join(used, on="park_id", how="semi", maintain_order="left")
    )


def _park_list(province: Province, promoted: bool) -> pl.DataFrame:
    """In the last full year one provincial park became a national one."""
    rows = _parks(province)
    chosen = rows.filter(pl.col("level") == "省").head(1)["park_id"]
    if not promoted:
        return rows
    now, day = pl.col("park_id").is_in(chosen.to_list()), date(province.years[1] - 1, 8, 1)
    return rows.with_columns(
        level=pl.when(now).then(pl.lit("国家")).otherwise("level"),
        level_since=pl.when(now).then(pl.lit(day)).otherwise("level_since"),
    )


@builds("development_park")
def development_park(province: Province) -> Iterator[Parcel]:
    """All parks, twice: the later list takes the place of the earlier."""
    layout = Layout(kind="xlsx", heading=("开发区名录",), numbers=True, missing="—")
    first, last = province.years
    for year in sorted({first, max(first, last - 1)}):
        rows = partial(_park_list, province, year > first)
        yield Parcel(f"开发区名录_{year}.xlsx", date(year, 12, 31), rows, layout, faulty=False)


@lru_cache(maxsize=2)
def _facilities(province: Province) -> pl.DataFrame:
    rng = province.rng("facilities")
    opened = spread(province, "park_facility", scaled(province, 260), 6)
    n, parks = len(opened), _parks(province)["park_id"]
    if parks.is_empty():
        return pl.DataFrame()
    kind = choice(("创新平台", "科技服务机构", "金融机构"), n, rng, 0.42, 0.38, 0.20)
    weight = rng.gamma(1.5, 1.0, len(parks))
    trade = trade_names(np.arange(n, dtype=np.int64) + 90_000)
    return pl.DataFrame(
        {
            "facility_id": numbered("YQ", opened, 4),
            "park_id": parks.gather(rng.choice(len(parks), n, p=weight / weight.sum())),
            "kind": kind,
            "name": trade + pick(("中心", "服务站", "工作室"), rng.integers(0, 3, n)),
            "opened_on": days(opened),
            "closed_on": days(perhaps(opened + rng.uniform(1.0, 6.0, n), 0.1, rng)),
        }
    )


@builds("park_facility")
def park_facility(province: Province) -> Iterator[Parcel]:
    """Platforms, service and finance bodies in parks."""
    if not _facilities(province).is_empty():
        state = state_of(_facilities(province), "opened_on", "closed_on")
        layout = Layout(heading=("开发区创新与服务机构",), dates="%Y.%-m.%-d")
        yield from deliveries(seldom(province), state, "开发区机构", layout)
