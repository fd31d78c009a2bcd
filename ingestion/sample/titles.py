"""Titles of the sample province's enterprises: certificates, their renewal and their loss.

Here: deliveries of enterprise_title. Stocks are those of Anhui (19,500 high-tech enterprises at the end of
2023, 23,000 a year later: domain.md 2.9); what comes on top each year is near the numbers of the policy,
above some and below others. Not here: the holders themselves (province.py, outsiders.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.common import choice, deliveries, often
from ingestion.sample.events import Floats, Ints, days, numbered, scaled
from ingestion.sample.outsiders import outsiders
from ingestion.sample.parcel import Layout, Parcel, as_known, builds
from ingestion.sample.province import Province


@dataclass(frozen=True)
class _Title:
    """`stock` at the end of the first year; `net` on top in each later year (the last of them again and again)."""

    name: str
    stock: int
    net: tuple[int, ...]
    inside: float  # share of holders that are in the industrial register
    lasts: int | None = 3  # years
    renewed: float = 0.9
    national: float = 0.0
    number: str = ""  # prefix of certificate numbers; most lists have none
    states_end: float = 0.0  # share of rows that say until when the title is valid
    coded: float = 0.85


_TITLES = (
    _Title("高新技术企业", 19_500, (3_500, 3_080, 3_350), 0.40, number="GR", states_end=1.0, coded=1.0),
    _Title("专精特新中小企业", 6_800, (1_150, 990, 1_150), 0.9, renewed=0.93, states_end=0.5),
    _Title("专精特新小巨人", 600, (80, 60, 70), 1.0, renewed=0.97, national=1.0, states_end=1.0),
    _Title("瞪羚企业", 640, (170, 178, 150), 0.6, lasts=None),
    _Title("独角兽企业", 32, (8, 9, 6), 0.3, lasts=None),
    _Title("制造业单项冠军", 110, (9, 12, 11), 1.0, lasts=None, national=0.35, number="DX"),
    _Title("产业链链主企业", 62, (8, 9, 9), 1.0, lasts=None, national=0.15),
    _Title("科技领军企业", 48, (7, 6, 7), 1.0, lasts=None, national=0.1),
)
# Anhui has some 27,000 a year; a third of them here, for each is a row and nothing else hangs on them.
_SMALL_TECHNOLOGY, _SMALL_A_YEAR = "科技型中小企业", (8_300, 9_000, 9_500, 9_800)
_LOST = 0.008  # certificates revoked before their end


@lru_cache(maxsize=2)
def _pools(province: Province) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who may hold a title: enterprises of the register that do R&D, and those outside; both at random."""
    rng = province.rng("title pools")
    inside = province.enterprises.filter((pl.col(f"rd_{province.years[1]}") > 0) & ~pl.col("spare")).select(
        "uscc", "first_name", "later_name", "renamed", "area_code", "revenue"
    )
    # The larger come first, but not in every case: so nested titles (a 小巨人 is 专精特新) share holders.
    weight = inside["revenue"].to_numpy() ** -0.35 * rng.exponential(1.0, inside.height)
    outside = outsiders(province).select(
        "uscc",
        first_name="name",
        later_name="name",
        renamed=pl.lit(9999, pl.Int64),
        area_code="area_code",
        revenue=pl.lit(0, pl.Int64),
    )
    return inside[np.argsort(weight, kind="stable")], outside


def _first_years(province: Province, title: _Title) -> tuple[Ints, Ints]:
    """How many enterprises get the title for the first time in each year; three years make the first stock."""
    first, last = province.years
    years = np.arange(first - 2, last + 1)
    new = [round(title.stock * share) for share in (0.27, 0.33, 0.40)]
    issued = list(new)
    for index in range(len(years) - 3):
        leaving = issued[-3] * (1 - title.renewed) if title.lasts else 0.0
        new.append(round(title.net[min(index, len(title.net) - 1)] + leaving + issued[-1] * _LOST))
        issued.append(new[-1] + (round(issued[-3] * title.renewed) if title.lasts else 0))
    return years, np.array([scaled(province, count) for count in new])


def _certificates(province: Province, title: _Title) -> pl.DataFrame:
    """All certificates of a title: who, when, until when."""
    rng = province.rng("title", title.name)
    years, count = _first_years(province, title)
    inside, outside = _pools(province)
    total = int(count.sum())
    mine = min(inside.height, round(total * title.inside))
    pool = pl.concat([inside.head(mine), outside.head(total - mine)])
    who = rng.permutation(pool.height)
    begun = np.repeat(years, count)[: pool.height] + 0.04 + 0.95 * rng.random(pool.height) ** 0.8
    owner, moment = [who], [begun]
    while title.lasts and len(owner[-1]):
        again = rng.random(len(owner[-1])) < title.renewed
        # A new certificate some days or weeks before the old one runs out.
        renewal = moment[-1][again] + title.lasts - rng.uniform(0.005, 0.14, int(again.sum()))
        within = renewal < province.years[1] + 1
        owner.append(owner[-1][again][within])
        moment.append(renewal[within])
    return _rows(pool, np.concatenate(owner), np.concatenate(moment), title, rng)


def _rows(
    pool: pl.DataFrame, owner: Ints, moment: Floats, title: _Title, rng: np.random.Generator
) -> pl.DataFrame:
    n, year = len(owner), pl.Series(np.floor(moment).astype(np.int64))
    ends = (
        days(moment + title.lasts).dt.offset_by("-1d")
        if title.lasts
        else pl.Series([None] * n, dtype=pl.Date)
    )
    revoked = np.where(rng.random(n) < _LOST, moment + rng.uniform(0.3, 2.8, n), np.nan)
    number = numbered(title.number, moment, 6) if title.number else pl.Series([None] * n, dtype=pl.String)
    coded, told = pl.Series(rng.random(n) < title.coded), pl.Series(rng.random(n) < title.states_end)
    placed = pl.Series(rng.random(n) < 0.8)
    outside = pl.col("revenue") == 0  # nobody else knows their codes and places
    return pool[owner].select(
        title=pl.lit(title.name),
        enterprise_name=pl.when(pl.col("renamed") < year).then("later_name").otherwise("first_name"),
        uscc=pl.when(coded | outside).then("uscc"),
        level=pl.when(pl.Series(rng.random(n) < title.national)).then(pl.lit("国家")).otherwise(pl.lit("省")),
        certificate_no=number,
        batch=pl.concat_str(year.cast(pl.String), pl.lit("年")),
        stage=pl.lit("认定"),
        recognised_on=days(moment),
        valid_until=pl.when(told).then(ends),
        revoked_on=days(revoked),
        area_code=pl.when(placed | outside).then("area_code"),
        entered_on=pl.lit(None, pl.Date),
        exited_on=pl.lit(None, pl.Date),
    )


def _small_technology(province: Province) -> pl.DataFrame:
    """Technology SMEs register anew each year from the second on, mostly the same ones."""
    rng = province.rng("title", _SMALL_TECHNOLOGY)
    inside, outside = _pools(province)
    pool = pl.concat([inside.filter(pl.col("revenue") < 200_000), outside])
    habit = rng.random(pool.height)
    owner, moment = [], []
    for index, year in enumerate(province.span[1:]):
        count = min(scaled(province, _SMALL_A_YEAR[min(index, 3)]), pool.height)
        chosen = np.argsort(habit + rng.normal(0.0, 0.08, pool.height), kind="stable")[:count]
        owner.append(chosen)
        moment.append(year + rng.uniform(0.2, 0.93, count))
    if not owner:
        return _certificates(province, _TITLES[0]).clear()
    title = _Title(_SMALL_TECHNOLOGY, 0, (), 0.0, lasts=None, number="KX", coded=1.0)
    rows = _rows(pool, np.concatenate(owner), np.concatenate(moment), title, rng)
    return rows.with_columns(level=pl.lit(None, pl.String), batch=pl.lit(None, pl.String))


def _before_recognition(province: Province) -> pl.DataFrame:
    """What is no title: the library in which 瞪羚 and 独角兽 are brought up, and public notices (公示)."""
    rng = province.rng("title library")
    inside, outside = _pools(province)
    pool = pl.concat([inside.tail(inside.height // 2), outside.tail(outside.height // 2)])
    first, end = province.years[0] - 1, province.years[1] + 1
    n = scaled(province, 330) * (end - first)
    moment = np.sort(rng.uniform(first, end, n))
    name = choice(("瞪羚企业", "独角兽企业"), n, rng, 0.93, 0.07)
    bare = _Title("", 0, (), 0.0, lasts=None)
    rows = _rows(pool, rng.integers(0, pool.height, n), moment, bare, rng)
    left = np.where(rng.random(n) < 0.35, moment + rng.uniform(0.5, 2.0, n), np.nan)
    nursed = rows.with_columns(
        title=name,
        stage=pl.lit("培育"),
        batch=pl.lit(None, pl.String),
        revoked_on=pl.lit(None, pl.Date),
        entered_on=days(moment),
        exited_on=days(left),
    )
    champions = next(title for title in _TITLES if title.name == "制造业单项冠军")
    notices = _certificates(province, champions).with_columns(
        stage=pl.lit("公示"),
        certificate_no=pl.lit(None, pl.String),
        recognised_on=pl.col("recognised_on").dt.offset_by("-25d"),
        revoked_on=pl.lit(None, pl.Date),
    )
    return pl.concat([nursed, notices]).unique(
        ["title", "enterprise_name", "recognised_on"], keep="none", maintain_order=True
    )


@lru_cache(maxsize=2)
def _titles(province: Province) -> pl.DataFrame:
    parts = [_certificates(province, title) for title in _TITLES]
    return pl.concat([*parts, _small_technology(province), _before_recognition(province)])


def _state(province: Province, day: date) -> pl.DataFrame:
    known = _titles(province).filter(pl.col("recognised_on") <= day)
    return as_known(known, day, "revoked_on", "exited_on")


@builds("enterprise_title")
def enterprise_title(province: Province) -> Iterator[Parcel]:
    """All titles in one list; some lists of 经信 departments have names only."""
    layout = Layout(heading=("企业资质库", "说明：有效期至含当日"), dates="%Y/%m/%d", footer="制表人：")
    yield from deliveries(often(province), partial(_state, province), "企业资质库", layout)
