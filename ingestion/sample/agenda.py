"""What offices of the sample province decide and plan: documents, rounds, changes of enterprises, rosters.

Here: deliveries of policy_document, reporting_round, enterprise_event and return_roster. Not here: the
returns themselves (forms.py, money.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.calibration import CITIES
from ingestion.sample.common import CHAINS, choice, deliveries, perhaps, seldom, state_of
from ingestion.sample.events import days, scaled
from ingestion.sample.names import pick
from ingestion.sample.parcel import Layout, Parcel, as_known, builds
from ingestion.sample.province import Province
from ingestion.sample.registers import spread


@lru_cache(maxsize=2)
def _documents(province: Province) -> pl.DataFrame:
    """Plans and studies every year; the rules that the policy asks for in the months after it."""
    rng = province.rng("documents")
    issued = spread(province, "policy_document", 46, 1)
    n = len(issued)
    kinds = ("其他政策", "科技规划计划", "创新链图谱", "一链一策研究", "创新产品配套政策")
    kind = choice(kinds, n, rng, 0.3, 0.28, 0.16, 0.14, 0.12)
    of_chain = kind.is_in(list(kinds[2:4]))
    chain, city = choice(CHAINS, n, rng), pick(tuple(CITIES), rng.integers(0, len(CITIES), n))
    order = pl.Series(np.arange(n) + 1).cast(pl.String)
    year = days(issued).dt.year().cast(pl.String)
    usual = pl.DataFrame({"kind": kind}).select(
        document_no=pl.concat_str(pl.lit("皖经信〔"), year, pl.lit("〕"), order, pl.lit("号")),
        title=pl.concat_str(pl.when(of_chain).then(chain).otherwise(pl.lit("产业科技创新")), "kind"),
        kind="kind",
        chain=pl.when(of_chain).then(chain),
        version=pl.when(of_chain).then(pl.Series(rng.integers(1, 4, n))),
        area_code=pl.when(pl.col("kind") == kinds[4]).then(city),
        issued_on=days(issued),
        abolished_on=days(perhaps(issued + rng.uniform(1.5, 4.0, n), 0.15, rng)),
        enterprise_participants=pl.when(pl.Series(rng.random(n) < 0.8)).then(pl.Series(rng.poisson(2.0, n))),
    )
    asked = [("中试开放激励办法", date(2025, 9, 12), 7), ("创新产品发布制度", date(2025, 7, 28), 5)]
    asked = [row for row in asked if province.years[0] <= row[1].year <= province.years[1]]
    rules = pl.DataFrame(
        asked, schema={"kind": pl.String, "issued_on": pl.Date, "count": pl.Int64}, orient="row"
    )
    new = rules.select(
        document_no=pl.concat_str(
            pl.lit("皖政办〔2025〕"), pl.int_range(1, pl.len() + 1).cast(pl.String), pl.lit("号")
        ),
        title=pl.concat_str(pl.lit("安徽省"), "kind"),
        kind="kind",
        chain=pl.lit(None, pl.String),
        version=pl.lit(None, pl.Int64),
        area_code=pl.lit("340000"),
        issued_on="issued_on",
        abolished_on=pl.lit(None, pl.Date),
        enterprise_participants="count",
    )
    return pl.concat([usual, new]).sort("issued_on")


@builds("policy_document")
def policy_document(province: Province) -> Iterator[Parcel]:
    """Documents, maps and studies, as a workbook."""
    state = state_of(_documents(province), "issued_on", "abolished_on")
    layout = Layout(kind="xlsx", heading=("政策文件与图谱",), dates="serial", missing="/")
    yield from deliveries(seldom(province), state, "政策文件与图谱", layout)


@lru_cache(maxsize=2)
def _rounds(province: Province) -> pl.DataFrame:
    """Assessments each quarter, statistical releases each month; some held a few days late."""
    rng = province.rng("rounds")
    months = pl.DataFrame({"month": [date(year, m, 1) for year in province.span for m in range(1, 13)]})
    month = pl.col("month")
    planned = month.dt.offset_by("1mo").dt.offset_by("19d")
    rows = months.select(kind=pl.lit("统计发布"), month=month, planned_on=planned)
    quarters = months.filter(month.dt.month() % 3 == 0)
    rows = pl.concat(
        [
            rows,
            quarters.select(
                pl.lit("考评").alias("kind"), month, (planned + timedelta(days=8)).alias("planned_on")
            ),
        ]
    )
    late = rng.choice(5, rows.height, p=[0.7, 0.12, 0.08, 0.06, 0.04])
    mark = pl.when(pl.col("kind") == "考评").then(pl.lit("KP")).otherwise(pl.lit("FB"))
    return rows.select(
        round_id=mark + month.dt.strftime("%Y%m"),
        kind="kind",
        period=month.dt.strftime("%Y-%m"),
        planned_on="planned_on",
        held_on=pl.col("planned_on") + pl.duration(days=pl.lit(pl.Series(late))),
    )


def _round_state(province: Province, day: date) -> pl.DataFrame:
    """The calendar of a year is out with its first delivery; the days of holding follow."""
    known = _rounds(province).filter(pl.col("period").str.head(4).cast(pl.Int64) <= day.year)
    return as_known(known, day, "held_on")


@builds("reporting_round")
def reporting_round(province: Province) -> Iterator[Parcel]:
    """Rounds of assessment and the calendar of releases."""
    layout = Layout(encoding="utf-8-sig", heading=("推进考评与发布日程",))
    yield from deliveries(seldom(province), partial(_round_state, province), "考评与发布日程", layout)


@lru_cache(maxsize=2)
def _changes(province: Province) -> pl.DataFrame:
    """Changes of name; and, of a few of those who came or left, where they came from or went to."""
    parts = []
    firms = province.enterprises.filter(~pl.col("spare")).sort("revenue", descending=True)
    rank = pl.int_range(pl.len()).over("city_code").alias("rank")
    for year in province.span[1:]:
        rng = province.rng("changes", year)
        left = firms.filter(pl.col("exit_year") == year).select("city_code", rank, old="uscc")
        came = firms.filter(pl.col("entry_year") == year).select("city_code", rank, new="uscc")
        stay = firms.filter((pl.col("entry_year") < year) & (pl.col("exit_year") > year))
        stayed = stay.sample(fraction=1.0, shuffle=True, seed=province.seed + year).select(
            "city_code", rank, other="uscc"
        )
        on = ["city_code", "rank"]
        pairs = left.join(came, on=on, maintain_order="left").join(stayed, on=on, maintain_order="left")
        pairs = pairs.head(scaled(province, 90))
        kind = choice(("换码", "合并", "分立"), pairs.height, rng, 0.4, 0.35, 0.25)
        merged, split = pl.col("kind") == "合并", pl.col("kind") == "分立"
        renamed = firms.filter((pl.col("renamed") == year) & (pl.col("exit_year") > year))
        moved = stay.sample(n=min(scaled(province, 25), stay.height), seed=province.seed + year)
        none = pl.lit(None, pl.String)
        rows = pl.concat(
            [
                pairs.with_columns(kind=kind).select(
                    kind="kind",
                    old_uscc=pl.when(split).then("other").otherwise("old"),
                    new_uscc=pl.when(merged).then("other").otherwise("new"),
                ),
                renamed.select(kind=pl.lit("更名"), old_uscc="uscc", new_uscc=none),
                moved.select(kind=pl.lit("迁移"), old_uscc="uscc", new_uscc=none),
            ]
        )
        parts.append(rows.with_columns(effective_on=days(year + rng.uniform(0.02, 0.98, rows.height))))
    rows = pl.concat(parts) if parts else pl.DataFrame()
    if rows.is_empty():
        return rows
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
    return rows.sort("effective_on", maintain_order=True).select(
        pl.concat_str(pl.lit("BG"), pl.col("effective_on").dt.year().cast(pl.String), number).alias("event_id"),
        "kind", "old_uscc", "new_uscc", "effective_on",
    )  # fmt: skip


@builds("enterprise_event")
def enterprise_event(province: Province) -> Iterator[Parcel]:
    """Changes of enterprises, predecessors and successors."""
    if not _changes(province).is_empty():
        layout = Layout(heading=("企业变更事件",), dates="%Y/%-m/%-d")
        yield from deliveries(
            seldom(province), state_of(_changes(province), "effective_on"), "企业变更事件", layout
        )


@builds("return_roster")
def return_roster(province: Province) -> Iterator[Parcel]:
    """Who owes which form: the yearly forms of the two last full years, and the monthly one of larger ones."""
    last = province.years[1]
    layout = Layout(dates="%Y%m%d", yes_no=("1", "0"))
    for year in range(max(province.years[0], last - 2), last):
        rows = partial(_yearly, province, year)
        yield Parcel(f"应报名单_{year}年报.csv", date(year, 12, 31), rows, layout)
    yield Parcel(f"应报名单_{last}年月报.csv", date(last, 1, 31), partial(_monthly, province), layout)


def _yearly(province: Province, year: int) -> pl.DataFrame:
    """107-2 and B103-1 of everyone in the frame; 107-1 of those who do R&D."""
    who = province.frame(year).filter(~pl.col("spare"))
    active = who.filter(pl.col(f"rd_{year}") > 0)
    returns, accounts = date(year + 1, 3, 20), date(year + 1, 4, 5)
    forms = ((active, "107-1", returns), (who, "107-2", returns), (who, "B103-1", accounts))
    rows = [_due(frame, form, str(year), due) for frame, form, due in forms]
    return _with_exempt(pl.concat(rows), province.rng("roster", year))


def _monthly(province: Province) -> pl.DataFrame:
    """B203 of the large and middle ones of the frame before, for the months that money.py delivers."""
    last = province.years[1]
    who = province.enterprises.filter(
        (pl.col("entry_year") < last) & (pl.col("exit_year") >= last) & ~pl.col("spare")
    )
    who = who.filter(pl.col("size").is_in(["大型", "中型"]))
    rows = [_due(who, "B203", f"{last}-{month:02}", date(last, month + 1, 16)) for month in (3, 6, 9, 10, 11)]
    return _with_exempt(pl.concat(rows), province.rng("roster", "months"))


def _due(who: pl.DataFrame, form: str, period: str, due_on: date) -> pl.DataFrame:
    return who.select(form=pl.lit(form), period=pl.lit(period), uscc="uscc", due_on=pl.lit(due_on))


def _with_exempt(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    return rows.with_columns(exempt=pl.Series(rng.random(rows.height) < 0.008))
