"""When things happen in the sample province: moments, days, and who they happen to.

Here: the small arithmetic that registers.py and outcomes.py share. Not here: any source's columns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.sample.province import Province

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def days(moments: Floats) -> pl.Series:
    """Moments (years with fractions) as dates; a moment that is NaN has none."""
    known = ~np.isnan(moments)
    safe = np.where(known, moments, 2000.0)
    year = np.floor(safe)
    begin = (year.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    number = begin + np.floor((safe - year) * 365).astype(np.int64)
    return pl.Series(number.astype(np.int32)).cast(pl.Date).set(pl.Series(~known), None)


def scaled(province: Province, count: float) -> int:
    """A number that is right for 24,000 enterprises, at this province's size; at least three."""
    return max(3, round(count * province.size / 24_000))


def stream(rate: Floats, begin: Floats, end: float, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Owners and moments: `rate` events a year each from `begin` to `end`, at random."""
    length = np.maximum(end - begin, 0.0)
    owner = np.repeat(np.arange(len(rate)), rng.poisson(rate * length))
    return owner, begin[owner] + rng.random(len(owner)) * length[owner]


def owners(who: pl.DataFrame, owner: Ints, moments: Floats) -> pl.DataFrame:
    """Code, the name borne at that moment, place and industry of each event's owner."""
    rows = who[owner].select(
        "uscc", "first_name", "later_name", "renamed", "area_code", "industry_code", "size", "revenue"
    )
    now = pl.Series(np.floor(moments).astype(np.int64))
    return rows.with_columns(name=pl.when(pl.col("renamed") < now).then("later_name").otherwise("first_name"))


def numbered(prefix: str, moments: Floats, width: int = 5) -> pl.Series:
    """Identifiers such as JB2025-00017: the year, and the place in the order of time."""
    order = (
        pl.Series(np.argsort(np.argsort(moments, kind="stable"), kind="stable") + 1)
        .cast(pl.String)
        .str.zfill(width)
    )
    year = pl.Series(np.floor(moments).astype(np.int64)).cast(pl.String)
    return pl.select(pl.concat_str(pl.lit(prefix), pl.lit(year), pl.lit(order))).to_series()
