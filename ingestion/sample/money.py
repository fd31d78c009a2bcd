"""What enterprises report of their money: the departments' monitoring, and the financial forms.

Here: deliveries of enterprise_revenue and survey_finance, and the look of a statistical form. Not here: the
R&D forms (forms.py), what is true (province.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from ingestion.sample.calibration import YI
from ingestion.sample.parcel import Layout, Parcel, builds
from ingestion.sample.province import Province, name_in

# Share of a year's revenue reached by the end of each month.
_SHARES = (0.14, 0.23, 0.31, 0.395, 0.485, 0.565, 0.65, 0.735, 0.815, 0.905, 1.0)
MONTHS = dict(zip(range(2, 13), _SHARES, strict=True))
RETURN = Layout(
    unit="千元",
    unit_line=True,
    numbers=True,
    missing="",
    footer="单位负责人：　　统计负责人：　　填表人：　　报出日期：",
)


def _reporting(province: Province, year: int) -> pl.DataFrame:
    """Who reports money of a year: the frame, and most of those that will be in the next."""
    rng = province.rng("reporting", year)
    soon = pl.Series(rng.random(province.enterprises.height) < 0.85)
    inside = (pl.col("entry_year") <= year) & (pl.col("exit_year") > year)
    entering = (pl.col("entry_year") == year + 1) & soon
    return province.enterprises.filter(inside | entering)


def _cumulative(province: Province, who: pl.DataFrame, year: int, month: int) -> pl.DataFrame:
    """Revenue and R&D expense from January to the month; in December the year's. Each has its own pace."""
    pace = np.random.default_rng([province.seed, year, 7]).normal(1.0, 0.05, who.height)
    share = pl.Series(MONTHS[month] ** pace)
    return who.with_columns(
        revenue=(pl.col(f"revenue_{year}") * share).round().cast(pl.Int64),
        rd_expense=(pl.col(f"rd_{year}") * share).round().cast(pl.Int64),
        period=pl.lit(f"{year}年1-{month}月" if month < 12 else str(year)),
        name=name_in(year),
    )


@builds("survey_finance")
def survey_finance(province: Province) -> Iterator[Parcel]:
    """B103-1 each April for the year before, with a correction in May; B203 each month of the last year."""
    for year in province.span:
        yield Parcel(
            f"{year}/B103-1_财务状况_{year}年.csv",
            date(year + 1, 4, 10),
            partial(_b103, province, year),
            replace(RETURN, heading=("财务状况", "表　　号：B103-1表", f"{year}年"), total=True),
            hashed=True,
        )
        yield Parcel(
            f"{year}/B103-1_财务状况_{year}年_更正.csv",
            date(year + 1, 5, 20),
            partial(_b103, province, year, corrected=True),
            replace(RETURN, heading=("财务状况（更正）", f"{year}年")),
            faulty=False,
        )
    last = province.years[1]
    # Reported monthly from February on; what an office still has at hand are the quarters and the latest months.
    for month in (3, 6, 9, 10, 11):
        yield Parcel(
            f"{last}/B203_财务状况_{last}年{month:02}月.csv",
            date(last, month + 1, 18),
            partial(_b203, province, last, month),
            replace(RETURN, heading=("财务状况", "表　　号：B203表", f"{last}年1-{month}月")),
        )


_FINANCE = ("uscc", "name", "period", "revenue", "rd_expense")


def _b103(province: Province, year: int, *, corrected: bool = False) -> pl.DataFrame:
    """The year's form, a few revenues a tenth too high; or only these, put right."""
    rng = province.rng("b103", year)
    who = _reporting(province, year)
    who = who.filter(pl.Series(rng.random(who.height) > 0.015))
    rows = _cumulative(province, who, year, 12).select(*_FINANCE)
    wrong = pl.Series(rng.random(rows.height) < 0.003)
    if corrected:
        return rows.filter(wrong)
    return rows.with_columns(revenue=pl.when(wrong).then(pl.col("revenue") * 11 // 10).otherwise("revenue"))


def _b203(province: Province, year: int, month: int) -> pl.DataFrame:
    rng = province.rng("b203", year, month)
    who = province.enterprises.filter((pl.col("entry_year") < year) & (pl.col("exit_year") >= year))
    rows = _cumulative(province, who, year, month)
    return rows.filter(pl.Series(rng.random(rows.height) > 0.02)).select(*_FINANCE)


@builds("enterprise_revenue")
def enterprise_revenue(province: Province) -> Iterator[Parcel]:
    """The monitoring: each year by February, the last one by quarters too; the first year by name only."""
    for year in province.span:
        yield Parcel(
            f"{year}年企业营业收入监测.csv",
            date(year + 1, 2, 28),
            partial(_monitored, province, year, 12),
            Layout(
                encoding="utf-8-sig",
                heading=(f"{year}年工业企业营业收入监测表",),
                missing="--",
                thousands=True,
                total=True,
            ),
        )
    last = province.years[1]
    for month in (3, 6, 9):
        yield Parcel(
            f"{last}年1-{month}月企业营业收入监测.csv",
            date(last, month + 1, 20),
            partial(_monitored, province, last, month),
            Layout(encoding="utf-8-sig", missing="--", thousands=True, footer="填表人："),
        )


def _monitored(province: Province, year: int, month: int) -> pl.DataFrame:
    rng = province.rng("monitored", year)
    who = _reporting(province, year)
    draw = rng.random(who.height)
    watched = pl.Series(draw) < pl.when(pl.col("revenue") >= YI).then(0.93).otherwise(0.55)
    rows = _cumulative(province, who.filter(watched), year, month)
    silent = pl.Series(rng.random(rows.height) < 0.2)
    rows = rows.with_columns(rd_expense=pl.when(~silent & (pl.col("rd_expense") > 0)).then("rd_expense"))
    groups = rows.filter(pl.col("revenue") >= 30 * YI).head(40)
    whole = groups.with_columns(revenue=pl.col("revenue") * 9 // 5, rd_expense=pl.lit(None, pl.Int64))
    rows = pl.concat(
        [rows.with_columns(consolidated=pl.lit(False)), whole.with_columns(consolidated=pl.lit(True))]
    )
    by_name = year == province.years[0]
    columns = ["name", "period", "revenue", "rd_expense", "consolidated"]
    return rows.select(columns if by_name else ["uscc", *columns])
