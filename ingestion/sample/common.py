"""What the smaller registers of the sample province share: when they are delivered, and how rows come about.

Here: the days of delivery, the state of a register on a day, lists in one cell, places. Not here: any
source's columns (titles.py, demands.py, works.py …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from ingestion.sample.calibration import CITIES
from ingestion.sample.events import Floats, Ints
from ingestion.sample.names import pick
from ingestion.sample.parcel import Layout, Parcel, as_known, changes
from ingestion.sample.province import Province

POLICY = date(2025, 5, 15)  # the day of the policy: from then on there is one product a week, and so on

CHAINS = (
    "新能源汽车", "集成电路", "新型显示", "光伏储能", "智能家电", "人工智能", "高端装备", "先进金属材料",
    "生物医药", "量子信息", "低空经济", "绿色食品",
)  # fmt: skip
FIELDS = ("电子信息", "新材料", "先进制造", "生物与医药", "新能源与节能", "资源与环境", "汽车及零部件")


def seldom(province: Province) -> list[date]:
    """Days on which a small register is delivered: the first year's end, then twice in the last year."""
    first, last = province.years
    before = [date(first, 12, 31)] if first < last else []
    return [*before, date(last, 10, 31), date(last, 12, 31)]


def often(province: Province) -> list[date]:
    """The same for a register that is read every year: the end of the last full year too."""
    return sorted({*seldom(province), date(max(province.years[1] - 1, province.years[0]), 12, 31)})


def deliveries(
    days: list[date], state: Callable[[date], pl.DataFrame], title: str, layout: Layout, **more: Any
) -> Iterator[Parcel]:
    """A register as it stood on the first of the days, then what changed up to each later one."""
    for after, until in zip([None, *days[:-1]], days, strict=True):
        name = f"{title}_{until:%Y%m%d}.{layout.kind}"
        yield Parcel(name, until, partial(changes, state, after, until), layout, **more)


def state_of(rows: pl.DataFrame, since: str, *later: str) -> Callable[[date], pl.DataFrame]:
    """A register to which rows come on the day `since`, and whose `later` dates are blank until they are past."""

    def state(day: date) -> pl.DataFrame:
        return as_known(rows.filter(pl.col(since) <= day), day, *later)

    return state


def stage(day: date, *reached: tuple[str, str], start: str) -> pl.Expr:
    """The last of the stages (column of the day, word) that is reached by the day, else the starting one."""
    status = pl.lit(start)
    for column, word in reached:
        status = pl.when(pl.col(column) <= day).then(pl.lit(word)).otherwise(status)
    return status


def perhaps(moments: Floats, share: float | Floats, rng: np.random.Generator) -> Floats:
    """The moments, that share of them; the others never come (NaN)."""
    return np.where(rng.random(len(moments)) < share, moments, np.nan)


def choice(options: tuple[str, ...], n: int, rng: np.random.Generator, *weights: float) -> pl.Series:
    """One of the words for each row."""
    p = np.array(weights or np.ones(len(options)))
    return pick(options, rng.choice(len(options), n, p=p / p.sum()))


def some_of(options: tuple[str, ...], n: int, rng: np.random.Generator, most: int) -> pl.Series:
    """One to `most` different ones of the words for each row, as one cell."""
    count, at = rng.integers(1, most + 1, n), rng.integers(0, len(options), n)
    step = int(np.gcd.reduce([len(options), 3]) == 1) * 2 + 1  # 3 where it visits every word, else 1
    return joined(pick(options, np.repeat(at, count) + step * _within(count)), count)


def joined(cells: pl.Series, count: Ints) -> pl.Series:
    """Lists of these lengths (at least one), in order, each as one cell."""
    rows = pl.DataFrame({"row": np.repeat(np.arange(len(count)), count), "cell": cells})
    return rows.group_by("row", maintain_order=True).agg(pl.col("cell").str.join("；"))["cell"]


def _within(count: Ints) -> Ints:
    """0 … count - 1 for each row in turn."""
    return np.arange(int(count.sum()), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)


def numbered_within(count: Ints) -> Ints:
    """1 … count for each row in turn: ranks."""
    return _within(count) + 1


def earlier(past: Floats, moments: Floats, rng: np.random.Generator, reach: int) -> Ints:
    """For each moment one of the `reach` last of the sorted `past` before it (else the very first)."""
    count = np.searchsorted(past, moments)
    back = (rng.random(len(moments)) * np.minimum(count, reach)).astype(np.int64)
    chosen: Ints = np.maximum(count - 1 - back, 0)
    return chosen


def places(province: Province, n: int, rng: np.random.Generator) -> pl.Series:
    """Codes of counties, by their city's share of large enterprises; few say the city only (a warning each)."""
    share = province.counties["city_code"].replace_strict(
        {code: large for code, (_, large) in CITIES.items()}, return_dtype=pl.Float64
    )
    weight = (share * province.counties["weight"]).to_numpy()
    home = province.counties[rng.choice(len(weight), n, p=weight / weight.sum())]
    vague = pl.Series(rng.random(n) < 0.004)
    return home["city_code"].zip_with(vague, home["code"])


def amounts(median: float, spread: float, n: int, rng: np.random.Generator) -> pl.Series:
    """Amounts of money in 千元 around a median."""
    return pl.Series(np.exp(rng.normal(np.log(median), spread, n)).astype(np.int64) + 1)
