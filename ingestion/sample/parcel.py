"""What one delivery of the sample is: rows, the look of the file, and what its sidecar says.

Here: the two records, the registry of builders, and helpers that builders of several sources share. Not
here: any source's rows (money.py, registers.py, …) nor the writing of files (deliver.py). A further
source is one function under `@builds("<source>")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Literal

import polars as pl

from ingestion.sample.province import Province


@dataclass(frozen=True)
class Layout:
    """How a provider's file looks. `unit` is that of every amount of money in it."""

    kind: Literal["csv", "tsv", "xlsx"] = "csv"
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "gb18030"
    unit: str = "万元"
    unit_line: bool = False  # 计量单位：千元 above the table, not 营业收入（千元） in the titles
    heading: tuple[str, ...] = ()  # lines above the table; the first is its title
    numbers: bool = False  # the row 甲 乙 1 2 … under the titles
    total: bool = False
    footer: str = ""
    dates: str = "%Y-%m-%d"  # "serial" for a spreadsheet's own
    missing: str = ""
    yes_no: tuple[str, str] = ("是", "否")
    separator: str = "；"  # between the items of a list
    thousands: bool = False
    other_titles: bool = False  # the second of the contract's titles where there is one
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()  # merged titles (XLSX)
    sheets_by: str = ""  # a helper column (named _…) whose values name the sheets (XLSX)
    crlf: bool = True


@dataclass(frozen=True)
class Parcel:
    """One file: canonical columns in its order, money in 千元, lists joined by `；`, `_…` for helpers."""

    name: str
    delivered_on: date
    rows: Callable[[], pl.DataFrame]
    layout: Layout = field(default_factory=Layout)
    sidecar: Mapping[str, object] = field(default_factory=dict)
    hashed: bool = False  # the sidecar states the file's SHA-256
    faulty: bool = True


Builder = Callable[[Province], Iterator[Parcel]]
BUILDERS: dict[str, Builder] = {}


def builds(source: str) -> Callable[[Builder], Builder]:
    """Registers a function as the one that makes this source's deliveries."""

    def register(builder: Builder) -> Builder:
        BUILDERS[source] = builder
        return builder

    return register


def cuts(province: Province) -> list[date]:
    """Days on which registers are delivered: each year's end, and twice before it in the last year."""
    first, last = province.years
    ends = [date(year, 12, 31) for year in range(first, last)]
    return [*ends, date(last, 6, 30), date(last, 10, 31), date(last, 12, 31)]


def as_known(rows: pl.DataFrame, until: date, *columns: str) -> pl.DataFrame:
    """The rows as a register knew them that day: what happened later is still blank."""
    return rows.with_columns(pl.when(pl.col(c) <= until).then(pl.col(c)).alias(c) for c in columns)


def steps(province: Province) -> Iterator[tuple[date | None, date]]:
    """Pairs of (former cut, cut)."""
    days = cuts(province)
    yield from zip([None, *days[:-1]], days, strict=True)


def changes(state: Callable[[date], pl.DataFrame], after: date | None, until: date) -> pl.DataFrame:
    """Rows of a register that are new or different since the former cut."""
    now = state(until)
    if after is None:
        return now
    return now.join(state(after), on=now.columns, how="anti", nulls_equal=True, maintain_order="left")


def register_parcels(
    province: Province,
    state: Callable[[date], pl.DataFrame],
    name: Callable[[date], str],
    layout: Layout,
    **more: Any,
) -> Iterator[Parcel]:
    """A register's deliveries: all of it at the first cut, then what changed."""
    for after, until in steps(province):
        yield Parcel(name(until), until, partial(changes, state, after, until), layout, **more)
