"""Registers that departments keep of the sample province: the frame, institutions, tasks.

Here: deliveries of enterprise_register, rd_institution and challenge_task, and who leads a project. Not
here: projects and platforms (projects.py), outcomes (outcomes.py), money and survey forms (money.py,
forms.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.calibration import YI
from ingestion.sample.events import Floats, days, numbered, owners, scaled
from ingestion.sample.names import subjects
from ingestion.sample.outcomes import institute_codes
from ingestion.sample.parcel import Layout, Parcel, as_known, builds, register_parcels
from ingestion.sample.province import Province, name_in

# Codes that were in use when the first frame was made, and still stand in some files.
OLD_CODES = {
    "340281": "340225",
    "340210": "340221",
    "340212": "340222",
    "341882": "341822",
    "340882": "340824",
}


@builds("enterprise_register")
def enterprise_register(province: Province) -> Iterator[Parcel]:
    """The frame of each year, on its last day; the second as a workbook with a sheet a city."""
    for year in province.span:
        rows = partial(_register, province, year)
        if year == province.years[0] + 1:
            layout = Layout(
                kind="xlsx",
                heading=(f"规模以上工业企业名录（{year}年）", "填报单位：各市统计局"),
                numbers=True,
                total=True,
                footer="填表人：",
                dates="serial",
                groups=(
                    ("企业基本情况", ("name", "former_names")),
                    ("区划", ("operating_area_code", "registered_area_code")),
                ),
                sheets_by="_city",
            )
            without_year = partial(_without_year, rows)
            constants = {"constants": {"frame_year": year}}
            yield Parcel(
                f"{year}/规上工业企业名录_{year}.xlsx", date(year, 12, 31), without_year, layout, constants
            )
        else:
            layout = Layout(
                heading=(f"规模以上工业企业名录（{year}年）", "说明：经营地按在地原则填写"),
                other_titles=year % 2 == 1,
            )
            yield Parcel(f"{year}/规上工业企业名录_{year}.csv", date(year, 12, 31), rows, layout, hashed=True)


def _without_year(rows: partial[pl.DataFrame]) -> pl.DataFrame:
    return rows().drop("frame_year").sort("_city", maintain_order=True)


def _register(province: Province, year: int) -> pl.DataFrame:
    rng = province.rng("register", year)
    here = province.frame(year).with_columns(status=pl.lit("在库"), closed_on=pl.lit(None, pl.Date))
    gone = province.enterprises.filter((pl.col("exit_year") == year) & (pl.col("entry_year") < year))
    day = days(year + rng.random(gone.height))
    reason = pl.Series(np.where(rng.random(gone.height) < 0.25, "注销", "退库"))
    rows = pl.concat([here, gone.with_columns(status=reason, closed_on=day)])
    n = rows.height
    draw, told = pl.Series(rng.random(n)), pl.Series(rng.random(n) < 0.6)
    outdated = pl.col("area_code").replace(OLD_CODES) if year == province.years[0] else pl.col("area_code")
    place = (
        pl.when(draw < 0.002)
        .then(pl.col("city_code"))
        .when(draw > 0.9998)
        .then(pl.lit("340000"))
        .otherwise(outdated)
    )
    return (
        rows.select(
            frame_year=pl.lit(year),
            uscc="uscc",
            name=name_in(year),
            former_names=pl.when((pl.col("renamed") <= year) & told).then("first_name"),
            operating_area_code=place,
            registered_area_code="registered_area_code",
            industry_code="industry_code",
            size="size",
            park_id="park_id",
            status="status",
            opened_on="opened_on",
            closed_on="closed_on",
            _spare="spare",
            _city="city",
            _order="city_code",
        )
        .sort("_order", "uscc")
        .drop("_order")
    )


@lru_cache(maxsize=2)
def _institutions(province: Province) -> pl.DataFrame:
    """Institutions that a department has on its list, with how long they last."""
    rng = province.rng("institutions")
    end = province.years[1] + 1
    who = province.enterprises.filter(pl.col("institution_at") < end)
    who = who.filter(
        pl.Series(rng.random(who.height)) < pl.when(pl.col("revenue") >= 5 * YI).then(0.85).otherwise(0.62)
    )
    n, revenue = who.height, who["revenue"].to_numpy() / YI
    moment = who["institution_at"].to_numpy()
    draw = rng.random(n)
    provincial = draw < np.clip(0.18 + 0.22 * np.log2(np.maximum(revenue, 0.5)), 0.08, 0.8)
    level = np.where(
        (revenue > 40) & (draw < 0.25),
        "国家",
        np.where(provincial, "省", np.where(draw < 0.88, "市", "企业自建")),
    )
    kinds = [
        "企业技术中心",
        "企业研发中心",
        "工业设计中心",
        "重点实验室",
        "联合研发机构",
        "创新飞地",
        "境外研发机构",
        "其他",
    ]
    kind = rng.choice(kinds, n, p=[0.52, 0.26, 0.08, 0.04, 0.05, 0.02, 0.01, 0.02])
    renewals = np.where(level == "市", rng.geometric(0.22, n) - 1, 0)
    revoked = np.where(
        (level != "企业自建") & (rng.random(n) < 0.07), moment + rng.uniform(1.5, 9.0, n), np.nan
    )
    rows = owners(who, np.arange(n), moment)
    partner = institute_codes(60)["institute"].gather(rng.integers(0, 60, n))
    return rows.select(
        institution_id=numbered("JG", moment),
        name=pl.col("name") + pl.lit(pl.Series(kind)),
        kind=pl.Series(kind),
        level=pl.Series(level),
        host_name=pl.col("name").str.replace("（", "(").str.replace("）", ")"),
        host_uscc="uscc",
        co_builders=pl.when(pl.Series(kind) == "联合研发机构").then(pl.lit(partner)),
        location_area_code="area_code",
        recognised_on=days(moment),
        revoked_on=days(revoked),
        staff=(3 + pl.col("revenue").cast(pl.Float64).sqrt() / 15).cast(pl.Int64),
        expense=(pl.col("revenue") * pl.Series(rng.uniform(0.005, 0.03, n))).cast(pl.Int64),
        area_code="area_code",
        cultivated_on=days(moment - rng.uniform(0.3, 1.5, n)),
        _moment=pl.Series(moment),
        _renewals=pl.Series(renewals),
        _coded=pl.Series(rng.random(n) < 0.12),
    )


def _institution_state(province: Province, day: date) -> pl.DataFrame:
    known = _institutions(province).filter(pl.col("recognised_on") <= day)
    moment, now = known["_moment"].to_numpy(), day.year + day.timetuple().tm_yday / 366
    terms = (
        np.minimum(np.floor((now - moment) / 3.0), known["_renewals"].to_numpy()) + 1
    )  # of three years each
    until = np.where(known["level"].to_numpy() == "市", moment + 3.0 * terms, np.nan)
    known = known.with_columns(valid_until=days(until))
    columns = [
        c
        for c in known.columns
        if not c.startswith("_") and c not in ("valid_until", "revoked_on", "host_uscc")
    ]
    at = columns.index("recognised_on") + 1
    return as_known(
        known.select(*columns[:at], "valid_until", "revoked_on", *columns[at:]), day, "revoked_on"
    )


@builds("rd_institution")
def rd_institution(province: Province) -> Iterator[Parcel]:
    """Published lists: workbooks with the host's name and no code."""
    layout = Layout(
        kind="xlsx",
        heading=("企业研发机构名单", "注：机构经费为上年数"),
        groups=(("机构情况", ("name", "kind", "level")),),
        dates="%Y-%m-%d",
        missing="—",
    )

    def name(day: date) -> str:
        return f"企业研发机构名单_{day:%Y%m%d}.xlsx"

    yield from register_parcels(province, partial(_institution_state, province), name, layout)


def leads(province: Province, what: str, moments: Floats, firms: float) -> pl.DataFrame:
    """Who leads each of these: an enterprise that innovates (weight to the large), or an institute."""
    rng = province.rng("leads", what)
    n, large = len(moments), province.large
    weight = 1.0 / np.arange(8, large.height + 8) ** 0.6
    owner = rng.choice(large.height, n, p=weight / weight.sum())
    rows = owners(large, owner, moments)
    partner = institute_codes(60)[rng.integers(0, 60, n)]
    firm = pl.Series(rng.random(n) < firms)
    coded = pl.Series(rng.random(n) < 0.9)
    return rows.select(
        firm=firm,
        area_code="area_code",
        industry_code="industry_code",
        lead_name=pl.when(firm).then("name").otherwise(pl.lit(partner["institute"])),
        lead_uscc=pl.when(coded & firm)
        .then("uscc")
        .when(coded | ~firm)
        .then(pl.lit(partner["institute_code"])),
        uscc="uscc",
        institute=partner["institute"],
        budget=pl.Series(np.exp(rng.normal(np.log(6_000), 0.8, n)).astype(np.int64)),
    )


def spread(province: Province, what: str, a_year: int, before: int) -> Floats:
    """Moments in order: so many a year, from some years before the province's first."""
    first, end = province.years[0] - before, province.years[1] + 1
    return np.sort(province.rng("spread", what).uniform(first, end, a_year * (end - first)))


@lru_cache(maxsize=2)
def _tasks(province: Province) -> pl.DataFrame:
    rng = province.rng("tasks")
    posted = spread(province, "challenge_task", scaled(province, 230), 3)
    n = len(posted)
    taken = posted + rng.uniform(0.1, 0.4, n)
    started = taken + rng.uniform(0.02, 0.2, n)
    due = started + rng.choice([2.0, 2.5, 3.0], n)
    late = rng.random(n) < 0.12
    ended = due + np.where(late, rng.uniform(0.3, 1.0, n), rng.uniform(-0.3, 0.1, n))
    return leads(province, "challenge_task", posted, 0.86).with_columns(
        task_id=numbered("JB", posted, 4),
        title=subjects(n, rng),
        mode=pl.Series(rng.choice(["揭榜挂帅", "赛马制", "定向委托", "其他"], n, p=[0.9, 0.05, 0.04, 0.01])),
        partner_types=pl.Series(
            rng.choice(["中小企业；高校院所", "高校院所", "大型企业；上下游企业", ""], n)
        ),
        posted_on=days(posted),
        taken_on=days(taken),
        started_on=days(started),
        original_due_on=days(due),
        due_on=days(np.where(late, due + 1.0, due)),
        ended_on=days(ended),
        stopped=pl.Series(rng.random(n) < 0.05),
    )


def _task_state(province: Province, day: date) -> pl.DataFrame:
    known = _tasks(province).filter(pl.col("posted_on") <= day)
    ended, started, taken = (pl.col(c) <= day for c in ("ended_on", "started_on", "taken_on"))
    status = (
        pl.when(ended & pl.col("stopped"))
        .then(pl.lit("终止"))
        .when(ended)
        .then(pl.lit("验收"))
        .when(pl.col("original_due_on") <= day)
        .then(pl.lit("延期"))
        .when(started)
        .then(pl.lit("实施"))
        .when(taken)
        .then(pl.lit("揭榜"))
        .otherwise(pl.lit("发榜"))
    )
    return as_known(known.with_columns(status=status), day, "taken_on", "started_on", "ended_on").select(
        "task_id", "title", "mode", "lead_uscc", "lead_name", "partner_types", "budget", "posted_on",
        "taken_on", "started_on", "due_on", "ended_on", "status", "area_code", "industry_code",
        "original_due_on",
    )  # fmt: skip


@builds("challenge_task")
def challenge_task(province: Province) -> Iterator[Parcel]:
    """The library of 揭榜挂帅 tasks, as a workbook in 万元."""
    layout = Layout(
        kind="xlsx",
        heading=("制造业揭榜挂帅任务库",),
        unit_line=True,
        groups=(
            ("牵头单位情况", ("lead_uscc", "lead_name")),
            ("进度", ("posted_on", "taken_on", "started_on")),
        ),
        footer="制表人：",
        separator="、",
    )

    yield from register_parcels(
        province, partial(_task_state, province), lambda day: f"揭榜挂帅任务库_{day:%Y%m%d}.xlsx", layout
    )
