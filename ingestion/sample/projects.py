"""Projects and platforms of the sample province that a department approves.

Here: deliveries of science_project, university_industry_project and innovation_platform. Not here: the
registers of enterprises and their institutions, and the 揭榜挂帅 tasks (registers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.events import days, numbered, scaled
from ingestion.sample.names import subjects
from ingestion.sample.parcel import Layout, Parcel, as_known, builds, register_parcels
from ingestion.sample.province import Province
from ingestion.sample.registers import leads, spread


@lru_cache(maxsize=2)
def _science(province: Province) -> pl.DataFrame:
    rng = province.rng("science")
    approved = spread(province, "science_project", scaled(province, 215), 2)
    n = len(approved)
    started = approved + rng.uniform(0.02, 0.25, n)
    due = started + rng.choice([2.0, 3.0], n, p=[0.4, 0.6])
    rows = leads(province, "science_project", approved, 0.68)
    kind = rng.choice(["省重大科技攻坚专项", "重点研发计划"], n, p=[0.3, 0.7])
    return rows.with_columns(
        project_no=numbered("KJ", approved, 4),
        programme=pl.Series(kind),
        title=subjects(n, rng),
        lead_type=pl.when("firm").then(pl.lit("企业")).otherwise(pl.lit("高校院所")),
        origin=pl.Series(
            rng.choice(["企业需求", "政府部署", "高校院所", "其他"], n, p=[0.5, 0.3, 0.15, 0.05])
        ),
        lump_sum=pl.Series(rng.random(n) < 0.35),
        approved_on=days(approved),
        started_on=days(started),
        due_on=days(due),
        ended_on=days(due + rng.uniform(-0.2, 0.6, n)),
        stopped=pl.Series(rng.random(n) < 0.04),
    )


def _science_state(province: Province, day: date) -> pl.DataFrame:
    known = _science(province).filter(pl.col("approved_on") <= day)
    ended, started = pl.col("ended_on") <= day, pl.col("started_on") <= day
    closing = pl.when("stopped").then(pl.lit("终止")).otherwise(pl.lit("验收"))
    status = pl.when(ended).then(closing).when(started).then(pl.lit("实施")).otherwise(pl.lit("立项"))
    return as_known(known.with_columns(status=status), day, "started_on", "ended_on").select(
        "project_no", "programme", "title", "lead_uscc", "lead_name", "lead_type", "origin", "lump_sum",
        "budget", "approved_on", "started_on", "due_on", "ended_on", "status", "area_code",
    )  # fmt: skip


@builds("science_project")
def science_project(province: Province) -> Iterator[Parcel]:
    """Projects of the two provincial programmes; some of the leaders without a code."""
    layout = Layout(
        heading=("省级科技计划项目清单",), unit_line=True, dates="%Y.%-m.%-d", yes_no=("Y", "N"), total=True
    )

    def name(day: date) -> str:
        return f"省级科技计划项目_{day:%Y%m%d}.csv"

    yield from register_parcels(province, partial(_science_state, province), name, layout)


@lru_cache(maxsize=2)
def _joint(province: Province) -> pl.DataFrame:
    rng = province.rng("joint")
    entered = spread(province, "university_industry_project", scaled(province, 260), 1)
    n = len(entered)
    started = entered + rng.uniform(0.05, 0.6, n)
    due = started + rng.uniform(1.0, 3.0, n)
    return leads(province, "university_industry_project", entered, 1.0).with_columns(
        project_id=numbered("CXY", entered, 4),
        title=subjects(n, rng),
        key_project=pl.Series(rng.random(n) < 0.5),
        entered_on=days(entered),
        started_on=days(started),
        due_on=days(due),
        ended_on=days(due + rng.uniform(-0.3, 0.4, n)),
        dropped=pl.Series(rng.random(n) < 0.07),
    )


def _joint_state(province: Province, day: date) -> pl.DataFrame:
    known = _joint(province).filter(pl.col("entered_on") <= day)
    ended, started = pl.col("ended_on") <= day, pl.col("started_on") <= day
    closing = pl.when("dropped").then(pl.lit("退出")).otherwise(pl.lit("验收"))
    status = pl.when(ended).then(closing).when(started).then(pl.lit("实施")).otherwise(pl.lit("储备"))
    return as_known(known.with_columns(status=status), day, "started_on", "ended_on").select(
        "project_id", "title", "uscc", "institute", pl.col("budget").alias("contract_value"), "key_project",
        "entered_on", "started_on", "due_on", "ended_on", "status", "area_code",
    )  # fmt: skip


@builds("university_industry_project")
def university_industry_project(province: Province) -> Iterator[Parcel]:
    """Projects of enterprises with universities, in yuan."""
    layout = Layout(encoding="utf-8", unit="元", crlf=False)

    def name(day: date) -> str:
        return f"产学研项目储备库_{day:%Y%m%d}.csv"

    yield from register_parcels(province, partial(_joint_state, province), name, layout)


@lru_cache(maxsize=2)
def _platforms(province: Province) -> pl.DataFrame:
    rng = province.rng("platforms")
    moment = spread(province, "innovation_platform", scaled(province, 34), 9)
    n = len(moment)
    kinds = ["制造业创新中心", "新兴产业创新中心", "技术创新中心", "重点实验室"]
    kind = pl.Series(rng.choice(kinds, n, p=[0.18, 0.06, 0.16, 0.60]))
    return leads(province, "innovation_platform", moment, 0.5).with_columns(
        platform_id=numbered("PT", moment, 4),
        name=subjects(n, rng, tail=False) + kind,
        kind=kind,
        level=pl.Series(np.where(rng.random(n) < 0.04, "国家", "省")),
        recognised_on=days(moment),
        revoked_on=days(np.where(rng.random(n) < 0.05, moment + rng.uniform(2.0, 6.0, n), np.nan)),
        evaluated_on=days(moment + rng.uniform(2.0, 4.0, n)),
        evaluation=pl.Series(rng.choice(["优秀", "合格", "整改", "不合格"], n, p=[0.2, 0.65, 0.1, 0.05])),
    )


def _platform_state(province: Province, day: date) -> pl.DataFrame:
    known = _platforms(province).filter(pl.col("recognised_on") <= day)
    known = as_known(known, day, "revoked_on", "evaluated_on")
    evaluated = pl.col("evaluated_on").is_not_null()
    return known.with_columns(evaluation=pl.when(evaluated).then("evaluation")).select(
        "platform_id", "name", "kind", "level", pl.col("lead_name").alias("host_name"),
        pl.col("lead_uscc").alias("host_uscc"), "area_code", "recognised_on", "revoked_on", "evaluated_on",
        "evaluation",
    )  # fmt: skip


@builds("innovation_platform")
def innovation_platform(province: Province) -> Iterator[Parcel]:
    """Platforms hosted by enterprises and institutes, as a workbook."""
    layout = Layout(kind="xlsx", heading=("创新平台库",), missing="/", dates="serial")

    def name(day: date) -> str:
        return f"创新平台库_{day:%Y%m%d}.xlsx"

    yield from register_parcels(province, partial(_platform_state, province), name, layout)
