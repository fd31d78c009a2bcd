"""What enterprises report of their R&D: the statistical forms 107-1 (projects) and 107-2 (activity).

Here: deliveries of survey_rd_project and survey_rd_activity; who returns them, and who does so late. Not
here: money (money.py), what is true (province.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from ingestion.sample.money import RETURN
from ingestion.sample.names import subjects
from ingestion.sample.outcomes import invention_stock, standards_of
from ingestion.sample.parcel import Parcel, builds
from ingestion.sample.province import Province

SILENT = 0.045  # enterprises without a return of 107-2 in a year
LATE = 0.03  # those whose return comes two months after the others


def _returned(province: Province, year: int) -> pl.DataFrame:
    """Who returns 107-1 and 107-2 for a year, and whether late."""
    rng = province.rng("returned", year)
    who = province.frame(year)
    draw = pl.Series(rng.random(who.height))
    return who.with_columns(late=draw < SILENT + LATE).filter(draw >= SILENT)


@builds("survey_rd_activity")
def survey_rd_activity(province: Province) -> Iterator[Parcel]:
    """Form 107-2 by the end of March, and what came late in May."""
    for year in province.span:
        for late, day in ((False, date(year + 1, 3, 25)), (True, date(year + 1, 5, 25))):
            yield Parcel(
                f"{year}/107-2_研究开发活动_{year}{'_补报' if late else ''}.csv",
                day,
                partial(_activity, province, year, late),
                replace(RETURN, heading=("企业研究开发活动及相关情况", "表　　号：107-2表", f"{year}年")),
            )


def _activity(province: Province, year: int, late: bool) -> pl.DataFrame:
    rng = province.rng("107-2", year, late)
    who = _returned(province, year).filter(pl.col("late") == late)
    n = who.height
    for known in (invention_stock(province, year), standards_of(province, year)):
        who = who.join(known, on="uscc", how="left", maintain_order="left")
    rd, active = pl.col(f"rd_{year}"), pl.col(f"rd_{year}") > 0
    houses = pl.col("institution_at") < year + 1
    outcome = pl.col("outcome_at") < year + 1

    def some(share: pl.Expr, low: float = 0.6, high: float = 1.4) -> pl.Expr:
        return (share * pl.lit(pl.Series(rng.uniform(low, high, n)))).round().cast(pl.Int64)

    def part(of: str, low: float, high: float) -> pl.Expr:
        return (pl.col(of) * pl.lit(pl.Series(rng.uniform(low, high, n)))).floor().cast(pl.Int64)

    sells = outcome & pl.Series(rng.random(n) < 0.75)
    rows = who.with_columns(
        year=pl.lit(year),
        rd_expense=rd,
        rd_staff=pl.when(active).then(some(rd / 300.0).clip(3, None)).otherwise(0),
        institutions=pl.when(houses).then(1 + pl.Series(rng.poisson(0.15, n))).otherwise(0),
        valid_inventions=pl.col("inventions").fill_null(0),
        standards=pl.col("standards").fill_null(0),
        new_product_sales=pl.when(sells).then(some(pl.col(f"revenue_{year}") * 0.25, 0.2, 1.8)).otherwise(0),
    ).with_columns(
        institution_staff=pl.when(houses).then(part("rd_staff", 0.4, 0.9)).otherwise(0),
        institution_expense=pl.when(houses).then(part("rd_expense", 0.4, 0.95)).otherwise(0),
        equipment=pl.when(houses).then(part("rd_expense", 0.5, 3.0)).otherwise(0),
        patents_applied=pl.when(outcome).then(part("rd_staff", 0.02, 0.2)).otherwise(0),
        inventions_exploited=part("valid_inventions", 0.3, 1.0),
        new_product_exports=part("new_product_sales", 0.0, 0.3),
        overseas_institutions=pl.when(houses & (pl.col("size") == "大型"))
        .then(pl.Series(rng.poisson(0.15, n)))
        .otherwise(0),
        patent_transfers=pl.when(outcome).then(pl.Series(rng.poisson(0.03, n))).otherwise(0),
    )
    rows = rows.with_columns(
        doctors=part("institution_staff", 0.0, 0.06),
        masters=part("institution_staff", 0.03, 0.25),
        inventions_applied=part("patents_applied", 0.2, 0.6),
        patent_transfer_income=some(pl.col("patent_transfers") * 400.0),
    )
    return rows.select(
        "uscc", "year", "rd_staff", "rd_expense", "institutions", "institution_staff", "doctors", "masters",
        "institution_expense", "equipment", "patents_applied", "inventions_applied", "valid_inventions",
        "inventions_exploited", "new_product_sales", "new_product_exports", "standards",
        "overseas_institutions", "patent_transfers", "patent_transfer_income",
    )  # fmt: skip


@builds("survey_rd_project")
def survey_rd_project(province: Province) -> Iterator[Parcel]:
    """Form 107-1: the projects of those that report R&D."""
    for year in province.span:
        yield Parcel(
            f"{year}/107-1_研究开发项目_{year}.csv",
            date(year + 1, 3, 25),
            partial(_projects, province, year),
            replace(RETURN, heading=("企业研究开发项目情况", "表　　号：107-1表", f"{year}年")),
        )


def _projects(province: Province, year: int) -> pl.DataFrame:
    rng = province.rng("107-1", year)
    who = _returned(province, year).filter(pl.col(f"rd_{year}") > 0)
    count = 1 + rng.poisson(np.clip(np.log10(who[f"rd_{year}"].to_numpy() / 100.0), 0.1, 4.0))
    owner = np.repeat(np.arange(who.height), count)
    n = len(owner)
    number = np.arange(n) - np.repeat(np.cumsum(count) - count, count) + 1
    weight = rng.gamma(2.0, 1.0, n)
    share = weight / np.bincount(owner, weights=weight)[owner]
    spent = np.maximum((who[f"rd_{year}"].to_numpy()[owner] * share * 0.92).astype(np.int64), 1)
    begun = year * 12 - rng.integers(0, 18, n) + 6
    length = rng.integers(6, 30, n)
    done = begun + length < (year + 1) * 12
    staff = np.maximum(spent // 300, 2)

    def month(months: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.Series:
        return pl.Series((months // 12) * 100 + months % 12 + 1).cast(pl.String)

    started, finished = np.minimum(begun, year * 12 + 11), np.where(done, begun + length, -1)
    return (
        who[owner]
        .select("uscc")
        .with_columns(
            year=pl.lit(year),
            project_no=pl.Series(number).cast(pl.String),
            project_name=subjects(n, rng),
            project_source=pl.Series(
                rng.choice(
                    ["本企业自选项目", "地方科技项目", "国家科技项目", "其他企业委托项目"],
                    n,
                    p=[0.82, 0.1, 0.03, 0.05],
                )
            ),
            cooperation=pl.Series(
                rng.choice(
                    ["独立完成", "与高校合作", "与研究机构合作", "与境内其他企业合作"],
                    n,
                    p=[0.78, 0.12, 0.04, 0.06],
                )
            ),
            result_form=pl.Series(
                rng.choice(["自主研发的新产品", "发明专利", "新工艺或样机", "基础软件"], n)
            ),
            objective=pl.Series(
                rng.choice(["开发全新产品", "增加产品功能或提高性能", "提高劳动生产率", "减少能源消耗"], n)
            ),
            started_on=month(started),
            finished_on=pl.select(
                pl.when(pl.Series(done)).then(month(finished)).otherwise(pl.lit("000000"))
            ).to_series(),
            staff=pl.Series(staff),
            person_months=pl.Series((staff * rng.uniform(4.0, 11.5, n)).round(1)),
            expenditure=pl.Series(spent),
            government_funds=pl.Series(np.where(rng.random(n) < 0.08, spent // 5, 0)),
            recognised=pl.Series(rng.random(n) < 0.9),
        )
    )
