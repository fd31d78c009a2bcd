"""Money for science and technology in the sample province: loans, funds, and what the state puts in.

Here: deliveries of technology_finance and fiscal_input. Not here: what enterprises earn and spend (money.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

import numpy as np
import polars as pl

from ingestion.sample.calibration import CITIES
from ingestion.sample.common import amounts, choice, deliveries, often, some_of
from ingestion.sample.events import Floats, days, numbered, owners, scaled
from ingestion.sample.outsiders import outsiders
from ingestion.sample.parcel import Layout, Parcel, as_known, builds
from ingestion.sample.province import Province
from ingestion.sample.registers import spread

_LOAN, _LINKED, _RESERVE = "科技贷款", "贷投联动", "研发准备金"
_SEED, _ANGEL, _PAID, _POOL = "种子基金", "天使基金", "风险补偿", "补偿资金池"
_PRODUCTS = ("科技e贷", "专利权质押贷款", "人才贷", "研发贷")


@lru_cache(maxsize=2)
def _contracts(province: Province) -> pl.DataFrame:
    """All contracts; who borrows is an enterprise of the register two times in three."""
    rng = province.rng("finance")
    moment = spread(province, "technology_finance", scaled(province, 5_200), 1)
    n = len(moment)
    kinds = (_LOAN, _RESERVE, _LINKED, _SEED, _ANGEL, _PAID)
    kind = choice(kinds, n, rng, 0.88, 0.05, 0.024, 0.014, 0.017, 0.015)
    # Borrowers are of every size, not only the large ones that lead projects.
    inside = province.enterprises.filter((pl.col(f"rd_{province.years[1]}") > 0) & ~pl.col("spare"))
    mine = owners(inside, rng.integers(0, inside.height, n), moment)
    other = outsiders(province)
    theirs = other[rng.integers(0, other.height, n)]
    in_register, lent = pl.Series(rng.random(n) < 0.67), pl.col("kind") == _LOAN
    term = rng.choice([1.0, 2.0, 3.0], n, p=[0.6, 0.25, 0.15])
    rows = pl.DataFrame({"kind": kind}).select(
        contract_id=numbered("KD", moment),
        kind="kind",
        product=pl.when(lent).then(choice(_PRODUCTS, n, rng, 0.5, 0.2, 0.1, 0.2)),
        uscc=pl.when(in_register).then(mine["uscc"]).otherwise(theirs["uscc"]),
        amount=pl.when(pl.col("kind") == _PAID)
        .then(amounts(600, 0.7, n, rng))
        .otherwise(amounts(5_000, 0.8, n, rng)),
        credit_basis=pl.when(lent).then(
            some_of(("知识产权", "抵押", "专利转化率", "其他", "团队实力"), n, rng, 2)
        ),
        signed_on=days(moment),
        ended_on=pl.when(lent).then(days(moment + term * rng.uniform(0.8, 1.0, n))),
        area_code=pl.when(in_register).then(mine["area_code"]).otherwise(theirs["area_code"]),
        record=pl.col("kind").replace_strict(
            {_LOAN: "放款", _PAID: "补偿", _RESERVE: None}, default="投资", return_dtype=pl.String
        ),
        pool_covered=lent & pl.Series(rng.random(n) < 0.4),
    )
    return pl.concat([rows, _founded(province)])


def _founded(province: Province) -> pl.DataFrame:
    """Funds and pools: a few for the province, one pool for each city."""
    rng = province.rng("funds")
    first = province.years[0]
    funds = first - 1 + np.arange(8) * 0.55
    moment: Floats = np.concatenate([funds, np.full(len(CITIES), first + 0.3)])
    n, pool = len(moment), len(CITIES)
    kind = [_SEED, _ANGEL] * 4 + [_POOL] * pool
    none = pl.lit(None, pl.String)
    return pl.DataFrame({"kind": kind, "city": [*["340100"] * 8, *CITIES]}).select(
        contract_id=numbered("JJ", moment, 4),
        kind="kind",
        product=none,
        uscc=none,
        amount=pl.when(pl.col("kind") == _POOL)
        .then(amounts(30_000, 0.6, n, rng))
        .otherwise(amounts(400_000, 0.5, n, rng)),
        credit_basis=none,
        signed_on=days(moment),
        ended_on=pl.lit(None, pl.Date),
        area_code="city",
        record=pl.lit("基金设立"),
        pool_covered=pl.lit(False),
    )


def _contract_state(province: Province, day: date) -> pl.DataFrame:
    """Most loans are paid back at their end, some evenly; what is owed is reported anew with each delivery."""
    known = _contracts(province).filter(pl.col("signed_on") <= day)
    length = (pl.col("ended_on") - pl.col("signed_on")).dt.total_days()
    left = (pl.col("ended_on") - pl.lit(day)).dt.total_days()
    owed = (pl.col("kind") == _LOAN) & (left > 0)
    evenly = pl.col("amount") % 8 == 0
    balance = pl.when(evenly).then(pl.col("amount") * left // length).otherwise("amount")
    known = known.with_columns(
        balance=pl.when(owed).then(balance),
        balance_on=pl.when(owed).then(pl.lit(day)),
    )
    return as_known(known, day, "ended_on").select(
        "contract_id", "kind", "product", "uscc", "amount", "balance", "credit_basis", "signed_on", "ended_on",
        "area_code", "balance_on", "record", "pool_covered",
    )  # fmt: skip


@builds("technology_finance")
def technology_finance(province: Province) -> Iterator[Parcel]:
    """Contracts in 万元, as banks and funds report them."""
    layout = Layout(
        encoding="gb18030",
        unit_line=True,
        heading=("科技金融业务情况",),
        yes_no=("Y", "N"),
        thousands=True,
        total=True,
    )
    yield from deliveries(often(province), partial(_contract_state, province), "科技金融", layout)


@lru_cache(maxsize=2)
def _lines(province: Province) -> pl.DataFrame:
    """A line for each year, city, origin and instrument; money grows by some seven per cent a year."""
    rng = province.rng("fiscal")
    instruments = ("研发补助", "风险补偿", "保险补贴", "信贷支持", "产业基金", "其他")
    frame = pl.DataFrame({"year": list(province.span)}, schema={"year": pl.Int64})
    for name, values in (
        ("area_code", list(CITIES)),
        ("origin", ["财政", "社会资本"]),
        ("instrument", list(instruments)),
    ):
        frame = frame.join(pl.DataFrame({name: values}), how="cross")
    n = frame.height
    share = pl.col("area_code").replace_strict({c: v[1] for c, v in CITIES.items()}, return_dtype=pl.Float64)
    growth = pl.lit(1.07) ** (pl.col("year") - province.years[0])
    private = pl.when(pl.col("origin") == "财政").then(1.0).otherwise(2.6)
    amount = share * growth * private * pl.Series(6_000 * province.size / 24_000 * rng.uniform(0.7, 1.3, n))
    trial = (
        (pl.col("origin") == "财政")
        & pl.col("instrument").is_in(instruments[:4])
        & pl.Series(rng.random(n) < 0.5)
    )
    return frame.select(
        line_id=pl.concat_str(
            pl.lit("CZ"), pl.col("year").cast(pl.String), pl.Series(np.arange(n)).cast(pl.String).str.zfill(4)
        ),
        year="year",
        origin="origin",
        instrument="instrument",
        area_code="area_code",
        amount=amount.cast(pl.Int64) + 1,
        spent_for=pl.when(trial).then(pl.lit("新产品试用")).otherwise(pl.lit("其他")),
    )


def _line_state(province: Province, day: date) -> pl.DataFrame:
    """Lines of finished years, and those of the running one that have been spent by autumn."""
    year = pl.col("year")
    return _lines(province).filter((year < day.year) | ((year == day.year) & (day.month >= 10)))


@builds("fiscal_input")
def fiscal_input(province: Province) -> Iterator[Parcel]:
    """Inputs of the treasury and of private capital, as a workbook in 万元."""
    layout = Layout(kind="xlsx", unit_line=True, heading=("产业科技创新投入情况",), footer="单位负责人：")
    yield from deliveries(often(province), partial(_line_state, province), "财政与社会投入", layout)
