"""The sample province as it truly is: enterprises, money and innovation, year by year.

Here: the frame, revenue and the moments at which enterprises begin to innovate. Not here: what any
department knows or reports of it (registers.py, forms.py …) and how that is written into files (deliver.py,
mess.py).

Sizes follow the baselines of Anhui: 24,056 enterprises with 54,918.5 (10^8 yuan) at the end of 2024, hence
a Pareto law with x_min 0.2 and alpha 1.096; the shares of cities and industries are rounded and merely
plausible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.sample.calibration import (
    ACTIVITY,
    CITIES,
    DIVISIONS,
    GROWTH,
    INSTITUTION,
    LARGEST,
    LEAVERS,
    NEVER,
    OUTCOME,
    PARETO_ALPHA,
    PARETO_MIN,
    SPARES,
    YI,
)
from ingestion.sample.codes import credit_codes
from ingestion.sample.names import enterprise_names

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Province:
    """`enterprises` has a row for each that ever was; money is in 千元 and zero where there is none."""

    seed: int
    years: tuple[int, int]
    size: int
    enterprises: pl.DataFrame
    counties: pl.DataFrame

    @property
    def span(self) -> range:
        """The years asked for, the running one included."""
        return range(self.years[0], self.years[1] + 1)

    def rng(self, *what: str | int) -> np.random.Generator:
        """Randomness of its own for each purpose, so that one file's bytes don't hang on another's."""
        return np.random.default_rng([self.seed, *(crc32(str(w).encode()) for w in what)])

    def frame(self, year: int) -> pl.DataFrame:
        """The enterprises in the register of a frame year (with those nobody can read there)."""
        return self.enterprises.filter((pl.col("entry_year") <= year) & (pl.col("exit_year") > year))

    def named(self, year: int) -> pl.DataFrame:
        """All enterprises with the name they bear at the end of that year."""
        return self.enterprises.with_columns(name=name_in(year))

    @cached_property
    def large(self) -> pl.DataFrame:
        """The innovative ones by weight: who appears in national lists and leads tasks."""
        return self.enterprises.filter(pl.col("outcome_at") < self.years[1] + 1).sort(
            "revenue", descending=True
        )


def name_in(year: int) -> pl.Expr:
    """The name at the end of a year."""
    return pl.when(pl.col("renamed") <= year).then("later_name").otherwise("first_name")


def make_province(size: int, years: tuple[int, int], seed: int, seeds: Path) -> Province:
    """The truth about a province with `size` enterprises in the register of its last full year."""
    rng = np.random.default_rng([seed, size, years[0], years[1]])
    counties = _counties(seeds, rng)
    table = pl.DataFrame(_frames(size, years, rng))
    n = table.height
    order = rng.permutation(n)
    quantile = (
        np.argsort(order) + rng.random(n)
    ) / n  # stratified: tiers keep their size in small provinces too
    revenue = np.minimum(PARETO_MIN * (1 - quantile) ** (-1 / PARETO_ALPHA), LARGEST)
    table = table.hstack(_places(revenue, counties, rng)).hstack(_industries(n, rng))
    table = _leave(table, revenue, years, rng)
    tendency = pl.select(
        pl.lit(table["division"]).replace_strict(
            {k: v[1] for k, v in DIVISIONS.items()}, return_dtype=pl.Float64
        )
    ).to_series()
    columns = dict(_money(revenue, tendency.to_numpy(), years, rng))
    scale = np.log10(revenue)
    columns["institution_at"] = pl.Series(_begins(INSTITUTION, scale, 0.6 * tendency.to_numpy(), rng))
    columns["outcome_at"] = pl.Series(_begins(OUTCOME, scale, 0.6 * tendency.to_numpy(), rng))
    table = table.with_columns(revenue=pl.Series((revenue * YI).astype(np.int64)), **columns)
    table = _identify(table, seed, rng)
    table = _rename(table, years, rng)
    return Province(seed, years, size, _size_class(table, rng), counties)


def _counties(seeds: Path, rng: np.random.Generator) -> pl.DataFrame:
    """Counties and statistics-only zones of the 16 cities with a weight each."""
    area = pl.read_csv(seeds / "area.csv", infer_schema=False)
    cities = area.filter(pl.col("code").is_in(list(CITIES))).select(city_code="code", city="name")
    members = area.filter(pl.col("level").is_in(["county", "zone"])).join(cities, on="city_code").sort("code")
    weight = rng.gamma(4.0, 1.0, members.height) * np.where(members["level"] == "zone", 2.0, 1.0)
    return members.select("code", "name", "city_code", "city").with_columns(weight=pl.Series(weight))


def _frames(size: int, years: tuple[int, int], rng: np.random.Generator) -> dict[str, Ints | Flags]:
    """Years of entry; the register of the last full year has exactly `size` readable enterprises."""
    first, last = years
    full = max(first, last - 1)
    wanted = [round(size * GROWTH ** (year - full)) for year in range(first, last + 1)]
    entry = [np.full(wanted[0], first)]
    for year, (before, now) in enumerate(pairwise(wanted), start=first + 1):
        entry.append(np.full(now - before + round(before * LEAVERS), year))
    spare = max(2, round(size * SPARES))
    entry.append(np.full(spare, first))
    entered = np.concatenate(entry)
    return {"entry_year": entered, "spare": np.arange(len(entered)) >= len(entered) - spare}


def _leave(
    table: pl.DataFrame, revenue: Floats, years: tuple[int, int], rng: np.random.Generator
) -> pl.DataFrame:
    """Years of exit: of each frame a fixed share, small enterprises first, is absent from the next."""
    entry, spare = table["entry_year"].to_numpy(), table["spare"].to_numpy()
    left = np.full(table.height, NEVER)
    for year in range(years[0] + 1, years[1] + 1):
        inside = np.flatnonzero((entry < year) & (left > year) & ~spare)
        count = round(len(inside) * LEAVERS)
        draw = revenue[inside] * rng.exponential(1.0, len(inside))
        left[inside[np.argsort(draw, kind="stable")[:count]]] = year
    return table.with_columns(exit_year=pl.Series(left))


def _places(revenue: Floats, counties: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Where each operates and where it is registered; one in sixteen is registered elsewhere."""
    n = len(revenue)
    area = np.empty(n, dtype=np.int64)
    for large in (False, True):
        who = np.flatnonzero((revenue >= 5.0) == large)
        share = counties["city_code"].replace_strict(
            {k: v[large] for k, v in CITIES.items()}, return_dtype=pl.Float64
        )
        weight = counties.select(pl.col("weight") / pl.col("weight").sum().over("city_code")).to_series()
        p = (weight * share).to_numpy()
        area[who] = rng.choice(counties.height, len(who), p=p / p.sum())
    elsewhere = np.where(rng.random(n) < 0.06, rng.integers(0, counties.height, n), area)
    registered = counties["code"].gather(elsewhere)
    office = pl.Series(rng.random(n))
    codes = pl.DataFrame({"home": registered, "office": office}).select(
        pl.when(pl.col("office") < 0.04)
        .then(pl.lit("340000"))
        .when(pl.col("office") < 0.16)
        .then(pl.col("home").str.head(4) + "00")
        .otherwise("home")
    )
    park = pl.Series(rng.random(n) < 0.46)
    return (
        counties[area]
        .select(area_code="code", city_code="city_code", city="city")
        .with_columns(
            registered_area_code=registered,
            office_code=codes.to_series(),
            park_id=pl.when(park).then(pl.concat_str(pl.lit("K"), "area_code", pl.lit("01"))),
        )
    )


def _industries(n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Divisions by weight, and the code as each one writes it: 38, C38, 381 or C381."""
    weight = np.array([w for w, _ in DIVISIONS.values()])
    division = pl.Series(list(DIVISIONS)).gather(rng.choice(len(weight), n, p=weight / weight.sum()))
    number = division.cast(pl.Int64)
    section = pl.select(
        pl.when(pl.lit(number) < 13)
        .then(pl.lit("B"))
        .when(pl.lit(number) < 44)
        .then(pl.lit("C"))
        .otherwise(pl.lit("D"))
    ).to_series()
    form = pl.Series(rng.choice(4, n, p=(0.25, 0.15, 0.45, 0.15)))
    columns = pl.DataFrame({"division": division, "section": section, "form": form})
    return columns.select(
        "division",
        industry_code=pl.concat_str(
            pl.when(pl.col("form") % 2 == 1).then("section").otherwise(pl.lit("")),
            "division",
            pl.when(pl.col("form") >= 2).then(pl.lit("1")).otherwise(pl.lit("")),
        ),
    )


def _money(
    base: Floats, tendency: Floats, years: tuple[int, int], rng: np.random.Generator
) -> Iterator[tuple[str, pl.Series]]:
    """Revenue and R&D expense of each year, outward from the year before the last full one."""
    n = len(base)
    span = range(years[0], years[1] + 1)
    anchor = max(years[0], years[1] - 2)
    growth = {year: np.exp(rng.normal(0.045, 0.13, n)) for year in span}
    latent, intensity = rng.logistic(0.0, 1.0, n), np.exp(rng.normal(np.log(0.022), 0.55, n))
    level, slope, rise = ACTIVITY
    for year in span:
        steps = range(anchor + 1, year + 1) if year >= anchor else range(year + 1, anchor + 1)
        factor = np.prod([growth[step] for step in steps], axis=0) if len(steps) else np.ones(n)
        revenue = np.maximum(base * factor if year >= anchor else base / factor, 0.05)
        score = level + slope * np.log10(revenue) + rise * (year - 2025) + 0.7 * tendency
        active = score + rng.normal(0.0, 0.25, n) > latent
        spent = np.minimum(intensity, 0.25) * revenue * rng.uniform(0.8, 1.2, n)
        yield f"revenue_{year}", pl.Series((revenue * YI).round().astype(np.int64))
        yield (
            f"rd_{year}",
            pl.Series(np.where(active, np.maximum(spent * YI, 20), 0).round().astype(np.int64)),
        )


def _begins(
    law: tuple[float, float, float], scale: Floats, tendency: Floats, rng: np.random.Generator
) -> Floats:
    """The moment (a year with fraction) from which each has one, such that the shares follow the law."""
    level, slope, rise = law
    latent = rng.logistic(0.0, 1.0, len(scale))
    moment = 2025.5 + (latent - level - slope * scale - tendency) / rise
    early = rng.uniform(2012.0, 2020.0, len(scale))
    return np.where(moment < 2016.0, early, moment)


def _identify(table: pl.DataFrame, seed: int, rng: np.random.Generator) -> pl.DataFrame:
    """Codes and names; one code in a thousand fails its check digit, as some real ones do."""
    n = table.height
    serial = np.arange(n, dtype=np.int64) + 1 + 97 * (seed % 1000)
    digits_only = (rng.random(n) < 0.25) | table["spare"].to_numpy()
    wrong = (rng.random(n) < 0.001) & ~digits_only
    names = enterprise_names(table["city"], table["division"], serial, rng)
    table = table.with_columns(
        uscc=credit_codes(table["office_code"], serial, digits_only=digits_only, wrong=wrong),
        first_name=names["name"],
        later_name=names["later_name"],
    )
    # Two enterprises of one name, a handful of times; and characters that need four bytes in GB18030.
    twins = rng.choice(n, size=(max(1, n // 4000), 2), replace=False)
    rare = rng.choice(n, size=max(1, n // 6000), replace=False)
    name = table["first_name"].to_list()
    for one, other in twins.tolist():
        name[one] = name[other]
    for one in rare.tolist():
        name[one] = name[one].replace(name[one][2], "𠮷", 1)
    return table.with_columns(first_name=pl.Series(name, dtype=pl.String))


def _rename(table: pl.DataFrame, years: tuple[int, int], rng: np.random.Generator) -> pl.DataFrame:
    """Some two in a hundred change their name each year; and the day on which each opened."""
    n = table.height
    span = np.arange(years[0], years[1] + 1)
    renamed = np.where(rng.random(n) < 0.02 * len(span), rng.choice(span, n), NEVER)
    before = table["entry_year"].to_numpy() - np.minimum(1 + rng.geometric(0.12, n), 34)
    opened = (before - 1970) * 365 + rng.integers(0, 365, n)
    return table.with_columns(
        renamed=pl.Series(renamed), opened_on=pl.Series(opened.astype(np.int32)).cast(pl.Date)
    )


def _size_class(table: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Staff, and the size class of 2017: all floors must be met, else one class down."""
    revenue, n = pl.col("revenue"), table.height
    per_head = np.exp(rng.normal(np.log(1_100), 0.6, n))  # 千元 of revenue a head
    table = table.with_columns(staff=(revenue / pl.Series(per_head)).ceil().cast(pl.Int64).clip(5, 60_000))
    staff = pl.col("staff")
    return table.with_columns(
        size=pl.when((staff >= 1000) & (revenue >= 4 * YI))
        .then(pl.lit("大型"))
        .when((staff >= 300) & (revenue >= 20_000))
        .then(pl.lit("中型"))
        .when((staff >= 20) & (revenue >= 3_000))
        .then(pl.lit("小型"))
        .otherwise(pl.lit("微型"))
    )
