"""The enterprises of a random province and the dates that matter to it, and how values are written as text.

Here: random building blocks. Not here: what each source says of the enterprises (facts.py), files (province.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.oracle.cells import ALPHABET, check_digit
from tests.oracle.forms import CITIES, COUNTIES, ELSEWHERE, FORMS, RENUMBERED, YUAN
from tests.oracle.statistics import months_before

INDUSTRIES = (
    "C", "B", "D", "C13", "13", "2614", "C2614", "26", "0610", "06", "12", "B12", "43", "4390", "44", "46", "D4620",
)  # fmt: skip
OTHER_INDUSTRIES = ("I65", "6510", "E", "47", "05", "A01", "J")
STEMS = "华皖江淮徽新中科大宏达盛同创远航星汇金石合力美菱天长青松恒源瑞丰泰".strip()
STEPS = (Decimal(10**8), Decimal(5 * 10**8), Decimal(10**9))
CENT = Decimal("0.01")


@dataclass
class Person:
    """An enterprise through the years: what changes is kept by year."""

    code: str
    names: dict[int, str]
    areas: dict[int, str]
    industries: dict[int, str]
    former: list[str]
    park: str
    size: str
    revenue: dict[int, Decimal]

    def name(self, year: int) -> str:
        """The name in that year."""
        return self.names[year]


def credit_code(rng: Random, *, digits: bool = False, wrong: bool = False) -> str:
    """A fresh code; with `wrong`, its check character is another letter (a warning, no more)."""
    while True:
        body = "".join(rng.choice("0123456789" if digits else ALPHABET) for _ in range(8))
        stem = f"91340{rng.randint(100, 199)}{'' if digits else 'MA'}{'0' if not digits else ''}{body}"[:16]
        stem += rng.choice("0123456789" if digits else "ABCDEFGH")
        right = check_digit(stem)
        if digits and not right.isdigit():
            continue
        return stem + (
            rng.choice([one for one in ALPHABET if one != right and one.isalpha()]) if wrong else right
        )


def enterprise_name(rng: Random) -> str:
    """A name with something in it that names are compared without."""
    stem = "".join(rng.sample(STEMS, rng.randint(2, 3)))
    form = rng.choice(
        ("安徽{}有限公司", "安徽{}（集团）有限公司", "{}·重工股份有限公司", "合肥{}(安徽)科技有限公司")
    )
    return form.format(stem)


def near_step(rng: Random) -> Decimal:
    """A revenue at a threshold, a cent beside it, or anywhere."""
    if rng.random() < 0.55:
        # Most at the highest: they are asked all three questions.
        step = rng.choices(STEPS, (25, 25, 50))[0]
        return step + rng.choice((-CENT, Decimal(0), CENT, Decimal(0)))
    return Decimal(round(10 ** rng.uniform(7.6, 10.2), 2)).quantize(CENT)


class Calendar:
    """Dates close to where something changes."""

    def __init__(self, rng: Random, as_ofs: tuple[date, ...]) -> None:
        self._rng = rng
        ends = (date(year, 12, 31) for year in range(2024, max(as_ofs).year + 1))
        # The days at which something is asked: ends of years that have come, and as-of dates.
        self._anchors = [*as_ofs, *(end for end in ends if end <= max(as_ofs))]

    def spell(self) -> tuple[date, date | None]:
        """When something began and ended: just in or out of a window of 36 months, just begun, just over or not yet."""
        one = timedelta(days=1)
        anchor = self._rng.choice(self._anchors)
        window = months_before(anchor, 36)
        return self._rng.choice((
            (window, None), (window + one, None), (window, anchor - 9 * one), (window + one, anchor - 9 * one),
            (window - 400 * one, anchor - one), (window - 400 * one, anchor), (window - 400 * one, anchor + one),
            (anchor, None), (anchor + one, None), (anchor - 99 * one, anchor),
        ))  # fmt: skip

    def day(self, *, ahead: bool = False) -> date:
        """Mostly a day beside an anchor, or 36 months before one; `ahead` leans towards later days."""
        rng, roll = self._rng, self._rng.random()
        anchor = rng.choice(self._anchors)
        beside = timedelta(days=rng.choice((-1, 0, 1)))
        if roll < 0.3 or (ahead and roll < 0.8):
            return anchor + beside
        if roll < 0.65:
            return months_before(anchor, 36) + beside
        return date(2019, 6, 1) + timedelta(days=rng.randrange(3100))

    def year_edge(self) -> date:
        """Beside 31 December and 1 January, or any day of `day`."""
        if self._rng.random() < 0.5:
            return date(self._rng.randint(2023, 2026), 12, 31) + timedelta(
                days=self._rng.choice((-1, 0, 1, 2))
            )
        return self.day()


def make_people(rng: Random, years: range) -> list[Person]:
    """Five to sixty enterprises; some share a name, some change names, places, industries."""
    people: list[Person] = []
    for _ in range(rng.choice((5, 8, 12, 20, 30, 60))):
        roll = rng.random()
        code = credit_code(rng, digits=roll < 0.1, wrong=roll > 0.95)
        name = rng.choice(people).names[years[0]] if people and rng.random() < 0.06 else enterprise_name(rng)
        former = [enterprise_name(rng)] if rng.random() < 0.15 else []
        if people and rng.random() < 0.03:
            former.append(rng.choice(people).names[years[0]])
        area = _area(rng)
        industry = rng.choice(INDUSTRIES if rng.random() < 0.93 else OTHER_INDUSTRIES)
        person = Person(
            code, {}, {}, {}, former,
            rng.choice(("", "", "P01", "P02")), rng.choice(("大型", "中型", "小型", "微型", "")), {},
        )  # fmt: skip
        for year in years:
            if rng.random() < 0.06:
                name = enterprise_name(rng)
            if rng.random() < 0.06:
                area = _area(rng)
            if rng.random() < 0.04:
                industry = rng.choice(INDUSTRIES + OTHER_INDUSTRIES)
            person.names[year], person.areas[year], person.industries[year] = name, area, industry
            person.revenue[year] = near_step(rng)
        people.append(person)
    return people


def _area(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.72:
        return rng.choice(COUNTIES[: rng.choice((4, 12, len(COUNTIES)))])
    pool = (tuple(RENUMBERED), CITIES, ("340000",), ELSEWHERE, ("341402", "349999"))
    return rng.choice(rng.choices(pool, (14, 6, 3, 4, 1))[0])


# --- values as people write them

FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(33, 127)})


def write_code(rng: Random, code: str) -> str:
    """The code, sometimes lower case, full width, spaced or hyphenated."""
    roll = rng.random()
    if roll < 0.8:
        return code
    forms = (
        code.lower(),
        code.translate(FULL_WIDTH),
        f" {code[:8]} {code[8:]}",
        f"{code[:9]}-{code[9:]}",
        code + "　",
    )
    return rng.choice(forms)


def write_name(rng: Random, name: str) -> str:
    """The name, sometimes with other brackets, dots or blanks."""
    roll = rng.random()
    if roll < 0.7:
        return name
    if roll < 0.8:
        return name.replace("（", "(").replace("）", ")")
    if roll < 0.87:
        return name.replace("（", "").replace("）", "").replace("(", "〔").replace(")", "〕")
    if roll < 0.94:
        return name.replace("·", "•").replace("有限", " 有限")
    return name.replace("·", "・").replace("公司", "公 司　")


def write_day(rng: Random, day: date) -> str:
    """A date in one of the ways that people write it."""
    roll = rng.random()
    if roll < 0.6:
        return day.isoformat()
    return rng.choice((
        f"{day.year}/{day.month}/{day.day}", f"{day:%Y%m%d}", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日", str((day - date(1899, 12, 30)).days),
    ))  # fmt: skip


def write_period(rng: Random, period: str) -> str:
    """2025, or 2025-09 in either way of writing."""
    if "-" not in period or rng.random() < 0.6:
        return period
    year, month = period.split("-")
    return f"{year}年1-{int(month)}月"


def write_money(rng: Random, yuan: Decimal, unit: str) -> str:
    """The exact amount in the file's unit, sometimes with thousands separators."""
    if rng.random() < 0.04 and yuan % 1000 == 0:
        return f"{(yuan / 10_000).normalize():f}{rng.choice(('万', '万元'))}"
    number = yuan / YUAN[unit]
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if rng.random() < 0.1 and abs(number) >= 1000:
        whole, _, rest = text.partition(".")
        text = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return text


def write(rng: Random, source: str, column: str, value: Any, unit: str) -> str:
    """One value as text in a cell."""
    kind = FORMS[source].columns[column].type
    if value is None:
        return "" if rng.random() < 0.85 else rng.choice(("--", "—", "无", "/", "N/A"))
    if isinstance(value, str) and value.startswith("!"):
        return value[1:]  # a cell that is wrong on purpose
    if kind == "money":
        return write_money(rng, value, unit)
    if isinstance(value, date):
        return f"{value:%Y%m}" if kind == "month" else write_day(rng, value)
    if isinstance(value, bool):
        return rng.choice(("是", "Y", "1", "true") if value else ("否", "N", "0", "false"))
    if isinstance(value, list):
        return rng.choice(("；", ";", "、", "|")).join(str(one or "") for one in value)
    if kind == "uscc":
        return write_code(rng, value)
    if kind == "period":
        return write_period(rng, value)
    return write_name(rng, value) if (column.endswith("name") and column != "name") or (column == "name" and source in (
        "enterprise_register", "enterprise_revenue", "survey_finance")) else str(value)  # fmt: skip
