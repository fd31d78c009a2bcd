"""The indicators with a number in the policy as the oracle works them out (interface 4), by year, province and city.

Here: T02-1, T02-2, T05-1, T06-1, T07-1 to 6, T09-1, T12-1, T12-2, their targets and statuses.
Not here: coverage and the H1–H5 family (tables.py, headline.py), weeks and months as periods of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle.cells import last_day
from tests.oracle.forms import CITIES, RENUMBERED
from tests.oracle.loading import Row, plain_name
from tests.oracle.statistics import Books, end_of, months_before, under_way
from tests.oracle.tables import Cell, Oracle, Table

DAY = timedelta(days=1)
ISSUED = date(2025, 5, 15)
CENTRES = ("企业技术中心", "企业研发中心", "工业设计中心")
GROUPS = {
    "T07-1": ("高新技术企业",), "T07-2": ("专精特新中小企业", "专精特新小巨人"), "T07-3": ("瞪羚企业", "独角兽企业"),
    "T07-4": ("制造业单项冠军",), "T07-5": ("产业链链主企业",), "T07-6": ("科技领军企业",),
}  # fmt: skip
THREE_YEARS = ("高新技术企业", "专精特新中小企业", "专精特新小巨人")
# Operator, number, and whether it grows due with the days of a year; the stock of T02-2 and the shares are due every day.
Target = tuple[str, int, bool]
TARGETS: dict[tuple[str, str, str], Target] = {
    **{("T02-1", "count", one): (">=", 200, True) for one in "AB"},
    ("T02-2", "count", "A"): (">=", 500, False),
    ("T02-2", "count", "B"): (">=", 500, True),
    ("T05-1", "count", "main"): ("=", 10, True),
    **{("T06-1", "count", one): (">=", 300, True) for one in "AB"},
    **{("T09-1", "count", one): (">=", 100, True) for one in "AB"},
    **{
        (name, "count", "net"): ("~", number, True)
        for name, number in zip(GROUPS, (3000, 1000, 200, 10, 10, 10), strict=True)
    },
    ("T12-1", "share", "main"): ("=", 1, False),
    ("T12-2", "share", "main"): ("=", 1, False),
}
TARGET_YEARS = range(2025, 2028)
AREAS = ("340000", *CITIES)
Figure = tuple[str, str, str, dict[str, Any]]  # indicator, measure, reading, value (or parts) by area


class Places:
    """Where records count: by their own area, else by that of their enterprise, else in the province only."""

    def __init__(self, register: Iterable[Row], whole_years: frozenset[int]) -> None:
        self._whole_years = whole_years
        self._frames: dict[int, dict[str, str]] = defaultdict(dict)
        for row in register:
            self._frames[row.values["frame_year"]][row.values["uscc"]] = row.values["operating_area_code"]

    def of(self, area: str | None, uscc: str | None, year: int) -> set[str]:
        """The areas in which a record counts."""
        code = area or self._own(uscc, year) or "340000"
        city = RENUMBERED.get(code, code)[:4] + "00"
        return {"340000", city} & set(AREAS)

    def _own(self, uscc: str | None, year: int) -> str | None:
        """Of the frame of that year, else of the latest that knows the enterprise."""
        latest = max((one for one in self._whole_years & {*self._frames} if one <= year), default=None)
        order = sorted(self._frames, key=lambda one: (one == latest, one), reverse=True)
        return next((self._frames[one][uscc] for one in order if uscc in self._frames[one]), None)


def policy(oracle: Oracle) -> Table:
    """Rows by indicator, measure, reading, period, area and category."""
    books = oracle.books["statistical"]
    places = Places(books.rows["enterprise_register"], books.whole_years)
    delivered = {source for source, _ in oracle.loaded.counts}
    table: Table = {}
    for year in oracle.years:
        day = books.reference_date(year)
        running = oracle.runs_still(year)
        for source, figures in (
            ("science_project", _science(books, places, year, day)),
            ("challenge_task", _bids(books, places, year, day)),
            ("university_industry_project", _joint(books, places, year, day)),
            ("pilot_platform", _pilots(books, places, year, day)),
            ("rd_institution", _centres(books, places, year, day)),
            ("enterprise_title", _titles(books, places, year, day)),
            ("promotion_event", _events(books, places, year, day)),
        ):
            for indicator, measure, reading, values in figures:
                for area in AREAS:
                    value = values[area] if source in delivered else None
                    name = (indicator, measure, reading)
                    row = _aimed(_target(oracle, name, area, year), value, year, day, running)
                    if source not in delivered:
                        row["status"] = "unknown"
                    row |= {"vintage": "N" if running else "P", "obs_status": "F" if running else "A"}
                    table[indicator, measure, reading, str(year), area, ""] = row
    return table


def _target(oracle: Oracle, name: tuple[str, str, str], area: str, year: int) -> Target | None:
    """What people decided for this area and year, else the policy's for the province."""
    seeded = TARGETS.get(name)
    for one in oracle.province.targets:
        if (one.indicator, "count", one.reading, one.area, one.year) == (*name, area, year):
            return one.operator, one.number, seeded[2] if seeded else True
    return seeded if area == "340000" and year in TARGET_YEARS else None


def _aimed(aim: Target | None, value: Any, year: int, day: date, running: bool) -> Cell:
    """The value against its target."""
    if aim is None:
        return {
            "value": value, "target_operator": None, "target_value": None, "attainment": None, "status": "no_target",
        }  # fmt: skip
    operator, number, accrues = aim
    target = Fraction(number)
    if running and accrues:
        first = date(year, 1, 1)
        target *= Fraction((day - first).days + 1, (last_day(year) - first).days + 1)
    if value is None:
        status = "unknown"
    elif operator == "<=":
        status = "met" if value <= target else "behind"
    elif value >= target:
        status = "met"
    else:
        status = "on_target" if operator == "~" and value >= target * Fraction(9, 10) else "behind"
    return {
        "value": value, "target_operator": operator, "target_value": target,
        "attainment": None if value is None else value / target, "status": status,
    }  # fmt: skip


def _counted(places: Places, year: int, uscc: str | None, rows: Iterable[Row]) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(AREAS, 0)
    for row in rows:
        for area in places.of(row.values["area_code"], row.values[uscc] if uscc else None, year):
            found[area] += 1
    return found


def _within(value: date | None, year: int, day: date) -> bool:
    return value is not None and date(year, 1, 1) <= value <= day


def _runs(start: Callable[[Row], date | None], year: int, day: date) -> Callable[[Row], bool]:
    return lambda row: under_way(start(row), end_of(row), date(year, 1, 1), day)


def _science(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    def start(row: Row) -> date | None:
        values = row.values
        return values["started_on"] or (values["approved_on"] if values["status"] != "立项" else None)

    rows = books.rows["science_project"]
    yield "T02-1", "count", "A", _counted(places, year, "lead_uscc", filter(_runs(start, year, day), rows))
    approved = [row for row in rows if _within(row.values["approved_on"], year, day)]
    yield "T02-1", "count", "B", _counted(places, year, "lead_uscc", approved)


def _bids(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    def start(row: Row) -> date | None:
        began: date | None = row.values["started_on"] or row.values["taken_on"]
        return began

    def stands(row: Row) -> bool:
        began, ended = start(row), end_of(row)
        open_still = ended is None or ended > day
        return began is not None and began <= day and open_still and row.values["status"] != "终止"

    rows = [row for row in books.rows["challenge_task"] if row.values["mode"] == "揭榜挂帅"]
    yield "T02-2", "count", "A", _counted(places, year, "lead_uscc", filter(stands, rows))
    yield "T02-2", "count", "B", _counted(places, year, "lead_uscc", filter(_runs(start, year, day), rows))


def _joint(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    def start(row: Row) -> date | None:
        began: date | None = row.values["started_on"]
        return began

    rows = [row for row in books.rows["university_industry_project"] if row.values["key_project"]]
    yield "T09-1", "count", "A", _counted(places, year, "uscc", filter(_runs(start, year, day), rows))
    begun = [row for row in rows if _within(start(row), year, day)]
    yield "T09-1", "count", "B", _counted(places, year, "uscc", begun)


def _pilots(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    rows = [
        row for row in books.rows["pilot_platform"] if _within(row.values["key_cultivated_on"], year, day)
    ]
    yield "T05-1", "count", "main", _counted(places, year, "host_uscc", rows)


def _centres(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    rows = [
        row for row in books.rows["rd_institution"]
        if row.values["level"] == "省" and row.values["kind"] in CENTRES
    ]  # fmt: skip
    for reading, column in (("A", "recognised_on"), ("B", "cultivated_on")):
        some = [row for row in rows if _within(row.values[column], year, day)]
        yield "T06-1", "count", reading, _counted(places, year, "host_uscc", some)


def title_ends(row: Row) -> date | None:
    """The last day of a title's validity: what it says, else what its kind lasts."""
    given: date | None = row.values["valid_until"]
    if given is None and row.values["title"] in THREE_YEARS:
        return months_before(row.values["recognised_on"], -36) - DAY
    return given


def title_valid(row: Row, day: date) -> bool:
    """Whether the title is held on that day."""
    until, revoked = title_ends(row), row.values["revoked_on"]
    current = (until is None or until >= day) and (revoked is None or revoked > day)
    return bool(row.values["recognised_on"] <= day and current)


def holder(row: Row) -> str:
    """An enterprise once: by its code, else by its name."""
    return row.values["uscc"] or plain_name(row.values["enterprise_name"])


def _titles(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    eve = date(year - 1, 12, 31)
    for indicator, titles in GROUPS.items():
        rows = [
            row for row in books.rows["enterprise_title"]
            if row.values["title"] in titles and row.values["stage"] == "认定"
        ]  # fmt: skip

        def holders(some: Iterable[Row]) -> dict[str, set[str]]:
            found: dict[str, set[str]] = {area: set() for area in AREAS}
            for row in some:
                for area in places.of(row.values["area_code"], row.values["uscc"], year):
                    found[area].add(holder(row))
            return found

        now = holders(row for row in rows if title_valid(row, day))
        before = holders(row for row in rows if title_valid(row, eve))
        held = {holder(row) for row in rows if title_valid(row, eve)}
        new = [row for row in rows if _within(row.values["recognised_on"], year, day)]
        gross = holders(row for row in new if holder(row) not in held)
        ever = {holder(row) for row in rows if row.values["recognised_on"] <= eve}
        first_day = {
            holder(row): min(one.values["recognised_on"] for one in new if holder(one) == holder(row))
            for row in new
        }
        first = holders(
            row for row in new
            if holder(row) not in ever and row.values["recognised_on"] == first_day[holder(row)]
        )  # fmt: skip
        yield indicator, "count", "net", {area: len(now[area]) - len(before[area]) for area in AREAS}
        yield indicator, "count", "gross", {area: len(gross[area]) for area in AREAS}
        yield indicator, "count", "first", {area: len(first[area]) for area in AREAS}


def _events(books: Books, places: Places, year: int, day: date) -> Iterator[Figure]:
    held = [row for row in books.rows["promotion_event"] if row.values["status"] == "举办"]
    weeks = [one for one in _days(year) if one.isoweekday() == 7]
    months = [last_day(f"{year}-{number:02d}") for number in range(1, 13)]
    for indicator, kind, ends in (("T12-1", "每周一品", weeks), ("T12-2", "每月一会", months)):
        rows = [row for row in held if row.values["kind"] == kind]
        some = [row for row in rows if _within(row.values["held_on"], year, day)]
        yield indicator, "count", "main", _counted(places, year, None, some)
        gone = [end for end in ends if ISSUED <= end <= day]
        kept: dict[str, set[date]] = {area: set() for area in AREAS}
        for row in rows:
            for end in gone:
                begin = end - 6 * DAY if indicator == "T12-1" else end.replace(day=1)
                if begin <= row.values["held_on"] <= end:
                    for area in places.of(row.values["area_code"], None, year):
                        kept[area].add(end)
        yield indicator, "share", "main", {
            area: Fraction(len(kept[area]), len(gone)) if gone else None for area in AREAS
        }  # fmt: skip


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + number * DAY for number in range((date(year + 1, 1, 1) - first).days)]
