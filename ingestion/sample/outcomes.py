"""Outcomes of innovation in the sample province: patents, recognised products, standards.

Here: the three registers and their deliveries, and what a firm itself reports of them in form 107-2. Not
here: when an enterprise begins to have outcomes (province.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.calibration import YI
from ingestion.sample.codes import credit_codes
from ingestion.sample.events import Floats, days, numbered, owners, stream
from ingestion.sample.names import institutes, subjects
from ingestion.sample.parcel import Layout, Parcel, as_known, builds, register_parcels
from ingestion.sample.province import Province

FIRST_KIND = (0.55, 0.33, 0.12)  # whether the first outcome is a patent, a product or a standard
A_YEAR = (0.40, 0.20, 0.07)  # further ones of each, for an enterprise of 1 (10^8 yuan)


@lru_cache(maxsize=2)
def _innovators(
    province: Province,
) -> tuple[pl.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]], Floats]:
    """Enterprises with outcomes, the kind of the first one, and the pace of the later ones."""
    who = province.enterprises.filter(pl.col("outcome_at") < province.years[1] + 1)
    rng = province.rng("first outcome")
    kind = rng.choice(3, who.height, p=FIRST_KIND)
    pace = np.clip((who["revenue"].to_numpy() / YI) ** 0.35, 0.4, 6.0) * rng.gamma(1.2, 1 / 1.2, who.height)
    return who, kind, pace


def _moments(province: Province, kind: int) -> tuple[pl.DataFrame, Floats]:
    """Owners (with name, place …) and moments of all outcomes of one kind, in the order of time."""
    who, first, pace = _innovators(province)
    begin, end = who["outcome_at"].to_numpy(), float(province.years[1] + 1)
    owner, moment = stream(A_YEAR[kind] * pace, begin, end, province.rng("outcomes", kind))
    starters = np.flatnonzero(first == kind)
    owner, moment = np.concatenate([starters, owner]), np.concatenate([begin[starters], moment])
    order = np.argsort(moment, kind="stable")
    return owners(who, owner[order], moment[order]), moment[order]


def institute_codes(count: int) -> pl.DataFrame:
    """Institutes that work with enterprises, and their codes (class 12: public institutions)."""
    serial = np.arange(count, dtype=np.int64) + 900_001
    place = pl.Series(["340000"] * count)
    codes = credit_codes(place, serial, digits_only=np.zeros(count, dtype=np.bool_), kind="12")
    return pl.DataFrame({"institute": institutes(count), "institute_code": codes})


@lru_cache(maxsize=2)
def patents(province: Province) -> pl.DataFrame:
    """All patents, with several holders where they have them; holders and codes joined by `；`, in order."""
    rng = province.rng("patents")
    inventions, moment = _moments(province, 0)
    n_inventions = len(moment)
    active = province.enterprises.filter(pl.col(f"rd_{province.years[1]}") > 0)
    end = float(province.years[1] + 1)
    owner, other = stream(np.full(active.height, 0.12), np.full(active.height, end - 6.0), end, rng)
    rows = pl.concat([inventions, owners(active, owner, other)])
    granted = np.concatenate([moment, other])
    n = len(granted)
    kind = np.where(
        np.arange(n) < n_inventions, "发明", np.where(rng.random(n) < 0.8, "实用新型", "外观设计")
    )
    wait = np.where(kind == "发明", rng.uniform(1.2, 3.5, n), rng.uniform(0.4, 1.0, n))
    lapsed = np.where(rng.random(n) < 0.12, granted + rng.uniform(2.0, 8.0, n), np.nan)
    partner = institute_codes(60)[rng.integers(0, 60, n)]
    fellow = province.enterprises[rng.integers(0, province.enterprises.height, n)]
    draw, coded = pl.Series(rng.random(n)), pl.Series(rng.random(n))
    holders, codes = pl.col("name"), pl.col("uscc")
    joint = pl.col("draw")
    rows = rows.with_columns(
        partner["institute"],
        partner["institute_code"],
        fellow=fellow["first_name"],
        fellow_code=fellow["uscc"],
        draw=draw,
        coded=coded,
        order=pl.Series(np.argsort(np.argsort(granted, kind="stable"))),
    )
    # One holder mostly; with an institute behind, an institute before, or another enterprise behind.
    cases = (
        (joint < 0.10, ["name", "institute"], ["uscc", "institute_code"]),
        (joint < 0.115, ["institute", "name"], ["institute_code", "uscc"]),
        (joint < 0.15, ["name", "fellow"], ["uscc", "fellow_code"]),
    )
    for condition, names, numbers in reversed(cases):
        holders = pl.when(condition).then(pl.concat_str(names, separator="；")).otherwise(holders)
        codes = pl.when(condition).then(pl.concat_str(numbers, separator="；")).otherwise(codes)
    blank_second = joint.is_between(0.115, 0.13)  # 9134…；  — the second holder's code is not known
    codes = pl.when(blank_second).then(pl.col("uscc") + "；").otherwise(codes)
    year = pl.Series(np.floor(granted - wait).astype(np.int64)).cast(pl.String)
    letter = pl.Series(np.where(kind == "发明", "1", np.where(kind == "实用新型", "2", "3")))
    return rows.select(
        "uscc",
        patent_no=pl.concat_str(
            pl.lit("ZL"),
            pl.lit(year),
            pl.lit(letter),
            pl.col("order").cast(pl.String).str.zfill(7),
            pl.lit(".X"),
        ),
        kind=pl.Series(kind),
        title=subjects(n, rng, tail=False),
        holders=holders,
        holder_usccs=pl.when(pl.col("coded") < 0.93).then(codes),
        first_holder=~joint.is_between(0.10, 0.115, closed="left"),
        applied_on=days(granted - wait),
        granted_on=days(granted),
        lapsed_on=days(lapsed),
        exploited=pl.Series(rng.random(n) < 0.6),
        transferred_on=days(np.where(rng.random(n) < 0.04, granted + rng.uniform(0.2, 3.0, n), np.nan)),
    ).sort("granted_on", "patent_no")


def invention_stock(province: Province, year: int) -> pl.DataFrame:
    """Valid inventions at a year's end by first holder, as form 107-2 asks for them."""
    end = date(year, 12, 31)
    valid = (pl.col("granted_on") <= end) & (pl.col("lapsed_on").is_null() | (pl.col("lapsed_on") > end))
    mine = patents(province).filter((pl.col("kind") == "发明") & pl.col("first_holder") & valid)
    return mine.group_by("uscc", maintain_order=True).agg(inventions=pl.len().cast(pl.Int64))


@builds("patent")
def patent(province: Province) -> Iterator[Parcel]:
    """The stock once, as tab-separated text, then what was granted, lapsed or licensed since."""

    def state(day: date) -> pl.DataFrame:
        known = patents(province).filter(pl.col("granted_on") <= day).drop("uscc", "first_holder")
        return as_known(known, day, "lapsed_on", "transferred_on")

    first = date(province.years[0], 12, 31)
    for parcel in register_parcels(
        province, state, lambda day: f"专利库_{day:%Y%m%d}.csv", Layout(encoding="utf-8", crlf=False)
    ):
        if parcel.delivered_on == first:
            layout = Layout(kind="tsv", encoding="utf-8", dates="%Y%m%d", yes_no=("1", "0"), separator="|")
            yield Parcel(f"专利库_截至{first.year}年.tsv", first, parcel.rows, layout, hashed=True)
        else:
            yield parcel


@lru_cache(maxsize=2)
def _products(province: Province) -> pl.DataFrame:
    rng = province.rng("products")
    rows, moment = _moments(province, 1)
    n = len(moment)
    kinds = [
        "省级新产品",
        "首台套",
        "首批次",
        "首版次",
        "安徽工业精品",
        "产业链标志性产品",
        "重大科技创新产品",
    ]
    kind = pl.Series(rng.choice(kinds, n, p=[0.72, 0.10, 0.06, 0.03, 0.06, 0.02, 0.01]))
    three_years = pl.Series(np.asarray(kind.is_in(["首台套", "首批次", "首版次"])))
    half = pl.Series(np.where(moment % 1 < 0.5, "年第一批", "年第二批"))
    return rows.select(
        "uscc",
        "area_code",
        enterprise_name="name",
        product_id=numbered("CP", moment),
        name=subjects(n, rng, tail=False),
        kind=kind,
        batch=pl.concat_str(
            pl.lit(pl.Series(np.floor(moment).astype(np.int64)).cast(pl.String)), pl.lit(half)
        ),
        stage=pl.Series(rng.choice(["样品", "小批量", "量产"], n, p=[0.1, 0.35, 0.55])),
        recognised_on=days(moment),
        valid_until=days(np.where(three_years.to_numpy(), moment + 3.0, np.nan)),
        revoked_on=days(np.where(rng.random(n) < 0.006, moment + rng.uniform(0.5, 2.5, n), np.nan)),
        coded=pl.Series(rng.random(n) < 0.9),
    )


@builds("innovative_product")
def innovative_product(province: Province) -> Iterator[Parcel]:
    """Lists of recognised products; one in ten has the enterprise's name only."""

    def state(day: date) -> pl.DataFrame:
        known = _products(province).filter(pl.col("recognised_on") <= day)
        known = known.with_columns(uscc=pl.when("coded").then("uscc"))
        return as_known(known, day, "revoked_on").select(
            "product_id", "name", "uscc", "enterprise_name", "kind", "batch", "stage", "recognised_on",
            "valid_until", "revoked_on", "area_code",
        )  # fmt: skip

    layout = Layout(
        encoding="utf-8-sig",
        heading=("安徽省创新产品库",),
        dates="%Y年%-m月%-d日",
        missing="",
        footer="注：以公告为准。",
    )
    yield from register_parcels(province, state, lambda day: f"创新产品库_{day:%Y%m%d}.csv", layout)


@lru_cache(maxsize=2)
def _standards(province: Province) -> pl.DataFrame:
    rng = province.rng("standards")
    rows, moment = _moments(province, 2)
    n = len(moment)
    levels = np.array(["国际标准", "国家标准", "行业标准", "地方标准", "团体标准"])
    level = rng.choice(5, n, p=[0.02, 0.38, 0.60, 0.0, 0.0])
    extra = rng.random(n) < 0.25  # besides: standards that are no outcome
    level = np.where(extra & (rng.random(n) < 0.5), rng.choice([3, 4], n), level)
    prefix = pl.Series(np.array(["ISO ", "GB/T ", "JB/T ", "DB34/T ", "T/AHX "])[level])
    number = pl.Series(700_000 + np.arange(n)).cast(pl.String)
    year = pl.Series(np.floor(moment).astype(np.int64)).cast(pl.String)
    return rows.select(
        "uscc",
        "area_code",
        enterprise_name="name",
        standard_no=pl.concat_str(pl.lit(prefix), pl.lit(number), pl.lit("-"), pl.lit(year)),
        name=subjects(n, rng, tail=False) + pl.lit("技术规范"),
        level=pl.Series(levels[level]),
        role=pl.Series(np.where(rng.random(n) < 0.35, "牵头", "参与")),
        industry_group=pl.Series(rng.choice(["传统产业", "新兴产业", "未来产业"], n, p=[0.5, 0.42, 0.08])),
        pilot_programme=pl.Series(rng.random(n) < 0.05),
        initiated_on=days(moment - rng.uniform(0.8, 2.5, n)),
        published_on=days(moment),
        abolished_on=days(np.where(rng.random(n) < 0.05, moment + rng.uniform(1.0, 6.0, n), np.nan)),
        enterprise_size="size",
    )


def standards_of(province: Province, year: int) -> pl.DataFrame:
    """National and industry standards published in a year, by enterprise."""
    mine = _standards(province).filter(
        (pl.col("published_on").dt.year() == year) & pl.col("level").is_in(["国家标准", "行业标准"])
    )
    return mine.group_by("uscc", maintain_order=True).agg(standards=pl.len().cast(pl.Int64))


def _standard_state(province: Province, day: date) -> pl.DataFrame:
    published, abolished = pl.col("published_on") <= day, pl.col("abolished_on") <= day
    known = _standards(province).filter(pl.col("initiated_on") <= day)
    known = known.with_columns(
        stage=pl.when(abolished.fill_null(False))
        .then(pl.lit("废止"))
        .when(published)
        .then(pl.lit("发布"))
        .otherwise(pl.lit("立项"))
    )
    return as_known(known, day, "published_on", "abolished_on").select(
        "standard_no", "uscc", "enterprise_name", "name", "level", "role", "industry_group", "stage",
        "pilot_programme", "initiated_on", "published_on", "abolished_on", "area_code", "enterprise_size",
    )  # fmt: skip


@builds("standard")
def standard(province: Province) -> Iterator[Parcel]:
    """Standards with their stage; a number is known from the day the work on it was approved."""
    layout = Layout(
        encoding="gb18030", heading=("企业主导或参与制修订标准情况",), dates="%Y/%-m/%-d", missing="/"
    )
    yield from register_parcels(
        province, partial(_standard_state, province), lambda day: f"标准_{day:%Y%m%d}.csv", layout
    )
