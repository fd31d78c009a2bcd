"""Frame, revenue, evidence and status of enterprises at a reference date, worked out plainly (interface 4).

Here: what is true of one enterprise in one year and use. Not here: which rows hold (loading.py), cells of the
published tables (tables.py).
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.cells import Values
from tests.oracle.forms import CITIES, RENUMBERED, section_of
from tests.oracle.loading import Holding, Row

THRESHOLDS = {"activity": Decimal(10**8), "institution": Decimal(5 * 10**8), "outcome": Decimal(10**9)}
FRAME_DIVISIONS = {*range(6, 47)}
FINANCE = ("survey_finance", "enterprise_revenue")  # the first that has a figure of the year says it
Evidence = tuple[str, tuple[str, ...]]  # source, key
Found = tuple[str | None, Row, tuple[str, ...]]  # whose it is, the row, its key


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of its month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Enterprise:
    """One enterprise of a frame, with the members that it belongs to."""

    uscc: str
    name: str
    members: dict[str, str]


@dataclass(frozen=True)
class Tier:
    """A revenue that says something about thresholds: a whole year's, or only what was reached by some month."""

    revenue: Decimal | None
    whole_year: bool
    provisional: bool

    def reaches(self, threshold: Decimal) -> bool | None:
        """Whether the enterprise is asked; None where that can't be known."""
        if self.revenue is not None and (self.whole_year or self.revenue >= threshold):
            return self.revenue >= threshold
        return None


class Books:
    """What one use knows at the as-of date."""

    def __init__(
        self, held: Holding, as_of: date, complete: dict[str, list[int]], *, administrative: bool
    ) -> None:
        self.rows = held.rows
        self.whole_years = held.whole_years
        self.as_of = as_of
        self.administrative = administrative
        self._complete = complete
        self._evidence: dict[tuple[str, int], dict[str, set[Evidence]]] = {}
        self._figures: dict[str, dict[str, dict[str, Decimal]]] = {}
        self._returns = {(row.values["uscc"], row.values["year"]) for row in self._used("survey_rd_activity")}
        for source in FINANCE:
            figures: dict[str, dict[str, Decimal]] = defaultdict(dict)
            for row in self._used(source):
                if row.values["uscc"]:
                    figures[row.values["uscc"]][row.values["period"]] = row.values["revenue"]
            self._figures[source] = figures

    def _used(self, source: str) -> list[Row]:
        return [] if self.administrative and source.startswith("survey_") else self.rows[source]

    def reference_date(self, year: int) -> date:
        """31 December, or the as-of date if that is earlier."""
        return min(date(year, 12, 31), self.as_of)

    # --- who is asked

    def frame(self, year: int) -> list[Enterprise]:
        """The industrial enterprises in operation of the register of that year, else of the latest before."""
        register = self.rows["enterprise_register"]
        held = {row.values["frame_year"] for row in register}
        years = [whole for whole in self.whole_years & held if whole <= year]
        if not years:
            return []
        found = []
        for row in register:
            delivered: str = row.values["operating_area_code"]
            area = RENUMBERED.get(delivered, delivered)
            letter, division = _industry(row.values["industry_code"])
            industrial = letter in ("B", "C", "D") if division is None else int(division) in FRAME_DIVISIONS
            if (
                row.values["frame_year"] == max(years)
                and row.values["status"] == "在库"
                and industrial
                and area.startswith("34")
            ):
                members: dict[str, str] = {
                    "province": "340000",
                    "city": "_U" if area == "340000" else f"{area[:4]}00",
                    "county": "_U" if area == "340000" or area in CITIES else area,
                    "industry_section": letter or section_of(str(division)),
                    "industry_division": division or "_U",
                    "park": row.values["park_id"] or "_N",
                    "size": row.values["size"] or "_U",
                }
                found.append(Enterprise(row.values["uscc"], row.values["name"], members))
        return found

    def tier(self, uscc: str, year: int) -> Tier:
        """Revenue of that year: the year's figure, else December's; survey first; else what was reached so far."""
        sources = [self._figures[source].get(uscc, {}) for source in FINANCE]
        for figures in sources:
            for period in (str(year), f"{year}-12"):
                if period in figures:
                    return Tier(figures[period], True, period != str(year))
        partial = [
            (period, -order, revenue)
            for order, figures in enumerate(sources)
            for period, revenue in figures.items()
            if period.startswith(f"{year}-")
        ]
        return Tier(max(partial)[2], False, True) if partial else Tier(None, False, False)

    # --- what they answer

    def evidence(self, obligation: str, year: int) -> dict[str, set[Evidence]]:
        """Everything that speaks for each enterprise."""
        wanted = (obligation, year)
        if wanted not in self._evidence:
            found: dict[str, set[Evidence]] = defaultdict(set)
            collect = {"activity": self._activity, "institution": self._institution, "outcome": self._outcome}
            for uscc, row, key in collect[obligation](year):
                if uscc:
                    found[uscc].add((row.source, key))
            self._evidence[wanted] = found
        return self._evidence[wanted]

    def _activity(self, year: int) -> list[Found]:
        found: list[Found] = []
        for row in self._used("survey_rd_project"):
            if row.values["year"] == year and row.values["expenditure"] > 0:
                found.append(
                    (row.values["uscc"], row, (row.values["uscc"], str(year), row.values["project_no"]))
                )
        for row in self._used("survey_rd_activity"):
            if row.values["year"] == year and row.values["rd_expense"] > 0:
                found.append((row.values["uscc"], row, (row.values["uscc"], str(year))))
        for source in FINANCE:
            for row in self._used(source):
                if row.values["period"][:4] == str(year) and (row.values["rd_expense"] or 0) > 0:
                    found.append((row.values["uscc"], row, (row.values["uscc"], row.values["period"])))
        for row in self.rows["challenge_task"]:
            if self._under_way(row, row.values["started_on"] or row.values["taken_on"], year):
                found.append((row.values["lead_uscc"], row, (row.values["task_id"],)))
        for row in self.rows["science_project"]:
            approved = row.values["approved_on"] if row.values["status"] != "立项" else None
            if self._under_way(row, row.values["started_on"] or approved, year):
                found.append((row.values["lead_uscc"], row, (row.values["project_no"],)))
        for row in self.rows["university_industry_project"]:
            if row.values["key_project"] and self._under_way(row, row.values["started_on"], year):
                found.append((row.values["uscc"], row, (row.values["project_id"],)))
        return found

    def _under_way(self, row: Row, start: date | None, year: int) -> bool:
        return under_way(start, end_of(row), date(year, 1, 1), self.reference_date(year))

    def _institution(self, year: int) -> list[Found]:
        day = self.reference_date(year)
        found: list[Found] = []
        for source, key in (("rd_institution", "institution_id"), ("innovation_platform", "platform_id")):
            for row in self.rows[source]:
                if row.values["level"] in ("国家", "省", "市") and institution_stands(row.values, day):
                    found.append((row.values["host_uscc"], row, (row.values[key],)))
        for row in self._used("survey_rd_activity"):
            if row.values["year"] == year and row.values["institutions"] >= 1:
                found.append((row.values["uscc"], row, (row.values["uscc"], str(year))))
        return found

    def _outcome(self, year: int) -> list[Found]:
        day = self.reference_date(year)
        window = months_before(day, 36)
        found: list[Found] = []
        for row in self.rows["innovative_product"]:
            if product_counts(row.values, day, window):
                found.append((row.values["uscc"], row, (row.values["product_id"],)))
        for row in self.rows["patent"]:
            values = row.values
            if values["kind"] == "发明" and stands(values["granted_on"], values["lapsed_on"], day, window):
                found += [(holder, row, (values["patent_no"],)) for holder in values["holder_usccs"]]
        for row in self.rows["standard"]:
            values = row.values
            abolished = values["abolished_on"] or (row.delivered_on if values["stage"] == "废止" else None)
            if values["level"] in ("国际标准", "国家标准", "行业标准") and stands(
                values["published_on"], abolished, day, window
            ):
                found.append((values["uscc"], row, (values["standard_no"], values["uscc"] or "")))
        for row in self._used("survey_rd_activity"):
            counts = ("valid_inventions", "new_product_sales", "standards")
            if row.values["year"] == year and any(row.values[name] > 0 for name in counts):
                found.append((row.values["uscc"], row, (row.values["uscc"], str(year))))
        return found

    def status(self, obligation: str, year: int, uscc: str) -> tuple[str, str]:
        """MET, NOT_MET or UNKNOWN, and why."""
        if self.evidence(obligation, year).get(uscc):
            return "MET", "evidence"
        if (uscc, year) in self._returns:
            return "NOT_MET", "return_shows_none"
        if year in self._complete.get(obligation, []):
            return "NOT_MET", "registers_complete"
        return "UNKNOWN", "no_return"


def end_of(row: Row) -> date | None:
    """When a project ended; a closed one without an end ends when it was due, else when we were told."""
    if row.values["ended_on"] is None and row.values["status"] in ("验收", "终止", "退出"):
        return row.values["due_on"] or row.delivered_on
    end: date | None = row.values["ended_on"]
    return end


def under_way(start: date | None, end: date | None, first: date, day: date) -> bool:
    """Started by that day, and not ended before the year's first."""
    return start is not None and start <= day and (end is None or end >= first)


def institution_stands(values: Values, day: date) -> bool:
    """Recognised, still valid (the day itself included) and not revoked."""
    return bool(
        values["recognised_on"] <= day
        and (values.get("valid_until") is None or values["valid_until"] >= day)
        and (values["revoked_on"] is None or values["revoked_on"] > day)
    )


def product_counts(values: Values, day: date, window: date) -> bool:
    """News of the window, or declared valid to a day that has not passed; never after revocation."""
    lasts = values["valid_until"] is not None and values["valid_until"] >= day
    revoked = values["revoked_on"] is not None and values["revoked_on"] <= day
    return bool(
        values["recognised_on"] <= day and not revoked and (values["recognised_on"] > window or lasts)
    )


def _industry(code: str) -> tuple[str | None, str | None]:
    letter = code[0] if code[0].isalpha() else None
    digits = code[1:] if letter else code
    return letter, digits[:2] or None


def stands(since: date | None, until: date | None, day: date, window: date) -> bool:
    """A patent or standard: of the window, or older and still in force."""
    return since is not None and since <= day and (since > window or until is None or until > day)
