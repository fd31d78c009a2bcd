"""The cells of the published tables as the oracle works them out (interface 4 and 5).

Here: coverage, obligation_status, gap_list and the H1–H5 family of indicator_value.
Not here: what is true of one enterprise (statistics.py), the comparison with the pipeline (compare.py).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle import loading
from tests.oracle.deliveries import Province
from tests.oracle.forms import CITIES
from tests.oracle.loading import holding, loaded, registers
from tests.oracle.statistics import THRESHOLDS, Books, Enterprise, Tier

DIMENSIONS = ("province", "city", "county", "industry_section", "industry_division", "park", "size")
BASELINE, TARGET_YEAR = date(2024, 12, 31), date(2027, 12, 31)
TOLERANCE = Fraction(1, 100)
# A delivery for statistics only and an administrative one that contradict each other at one moment: "all of them are
# quarantined, whichever file they came in", in both uses. (The other reading: in statistical use alone.)
CONFLICTS_CROSS_USES = True
Cell = dict[str, Any]
Table = dict[tuple[Any, ...], Cell]
Asked = dict[tuple[int, str, str, str], list[tuple[Enterprise, Tier, bool | None]]]


class Oracle:
    """All tables of one run."""

    def __init__(self, province: Province, run: int) -> None:
        self.province = province
        self.as_of = province.as_ofs[run]
        self.loaded = loaded(province, run)
        self.quarantined = set(self.loaded.quarantined)
        self.waiting: set[tuple[str, str]] = set()
        self.books: dict[str, Books] = {}
        statistical, administrative, conflicts = registers(self.loaded.rows)
        self.quarantined |= conflicts
        # "Linked through the register of all frame years": one name means one enterprise in both uses.
        names = loading.Names([*statistical, *administrative], province.decisions, self.as_of)
        for purpose, register in (("statistical", statistical), ("administrative", administrative)):
            told = purpose == "administrative"
            out = frozenset(self.quarantined if CONFLICTS_CROSS_USES else self.loaded.quarantined)
            held = holding(self.loaded.rows, register, names, administrative=told, out=out)
            self.quarantined |= held.quarantined
            self.waiting |= held.waiting
            self.books[purpose] = Books(held, self.as_of, province.complete, administrative=told)
        self._questions: Asked = {}
        self._counted: dict[Any, dict[tuple[str, str], Cell]] = {}

    def deliveries(self) -> Table:
        """Table delivery: accepted, quarantined and skipped rows add up to those read."""
        table: Table = {}
        for file, (read, skipped) in self.loaded.counts.items():
            out = sum((source, name) == file for source, name, _ in self.quarantined)
            table[file] = {
                "rows_read": read, "rows_accepted": read - skipped - out, "rows_quarantined": out,
                "rows_skipped": skipped,
            }  # fmt: skip
        return table

    @property
    def years(self) -> range:
        """The years published."""
        return range(self.province.first_year, self.as_of.year + 1)

    def runs_still(self, year: int) -> bool:
        """Whether the year is not over at the as-of date."""
        return self.as_of < date(year, 12, 31)

    def _questioned(self, year: int, basis: str, purpose: str, obligation: str) -> list[Any]:
        """Each enterprise of the frame, its revenue, and whether it is asked (None: can't be known)."""
        wanted = (year, basis, purpose, obligation)
        if wanted not in self._questions:
            books = self.books[purpose]
            answers = []
            for enterprise in books.frame(year):
                tier = books.tier(enterprise.uscc, year if basis == "CY" else year - 1)
                answers.append((enterprise, tier, tier.reaches(THRESHOLDS[obligation])))
            self._questions[wanted] = answers
        return self._questions[wanted]

    def _keys(self, years: range) -> list[tuple[int, str, str, str]]:
        return [
            (year, basis, purpose, obligation)
            for year in years
            for basis in ("CY", "PY")
            for purpose in self.books
            for obligation in THRESHOLDS
        ]

    def _counts(self, year: int, basis: str, purpose: str, obligation: str) -> dict[tuple[str, str], Cell]:
        wanted = (year, basis, purpose, obligation)
        if wanted in self._counted:
            return self._counted[wanted]
        cells: dict[tuple[str, str], Cell] = {}
        for member in ("340000", *CITIES):
            cells["province" if member == "340000" else "city", member] = _empty()
        for enterprise, tier, asked in self._questioned(year, basis, purpose, obligation):
            for dimension in DIMENSIONS:
                cell = cells.setdefault((dimension, enterprise.members[dimension]), _empty())
                if asked is None:
                    cell["n_tier_unknown"] += 1
                elif asked:
                    status, _ = self.books[purpose].status(obligation, year, enterprise.uscc)
                    cell["n_asked"] += 1
                    cell[f"n_{status.lower()}"] += 1
                    cell["provisional"] |= tier.provisional
        self._counted[wanted] = cells
        return cells

    def coverage(self) -> Table:
        """Table coverage; rates as fractions."""
        table: Table = {}
        for year, basis, purpose, obligation in self._keys(self.years):
            baseline = self._counts(2024, basis, purpose, obligation)
            for (dimension, member), cell in self._counts(year, basis, purpose, obligation).items():
                rate, upper = _rates(cell)
                base = _rates(baseline[dimension, member])[0] if (dimension, member) in baseline else None
                path = self._path(base, year)
                running = self.runs_still(year)
                on_track = None if running or rate is None or path is None else rate >= path - TOLERANCE
                table[year, basis, purpose, obligation, dimension, member] = {
                    **{name: cell[name] for name in cell if name.startswith("n_")},
                    "threshold_yuan": THRESHOLDS[obligation],
                    "rate": rate,
                    "rate_upper": upper,
                    "target_rate": Fraction(1),
                    "path_rate": path,
                    "on_track": on_track,
                    "vintage": "N" if running else "P",
                    "obs_status": "F" if running else "P" if cell["provisional"] else "A",
                    "definition_id": f"{obligation}-1",
                }
        return table

    def _path(self, base: Fraction | None, year: int) -> Fraction | None:
        day = self.books["statistical"].reference_date(year)
        if base is None or year < BASELINE.year:
            return None
        gone = Fraction((day - BASELINE).days, (TARGET_YEAR - BASELINE).days)
        return base + (1 - base) * min(max(gone, Fraction(0)), Fraction(1))

    def rate_change(self, year: int, basis: str, purpose: str, obligation: str, area: str) -> Fraction | None:
        """Table coverage_change: the rate of an area less that of the year before, if both years ask someone."""
        member = ("province" if area == "340000" else "city", area)
        before, now = (
            _rates(self._counts(one, basis, purpose, obligation).get(member, _empty()))[0]
            for one in (year - 1, year)
        )
        return None if before is None or now is None else now - before

    def obligation_status(self) -> Table:
        """Table obligation_status, of both uses."""
        table: Table = {}
        for year, basis, purpose, obligation in self._keys(self.years):
            books = self.books[purpose]
            for enterprise, tier, asked in self._questioned(year, basis, purpose, obligation):
                if asked:
                    status, reason = books.status(obligation, year, enterprise.uscc)
                    evidence = sorted(books.evidence(obligation, year).get(enterprise.uscc, ()))
                    table[year, basis, purpose, obligation, enterprise.uscc] = {
                        "revenue_yuan": tier.revenue,
                        "status": status,
                        "reason_code": reason,
                        "evidence_source": evidence[0][0] if evidence else None,
                        "evidence_key": evidence[0][1] if evidence else None,
                        "evidence_count": len(evidence),
                    }
        return table

    def gap_list(self) -> Table:
        """Table gap_list: CY of finished years, PY while a year runs, administrative use."""
        table: Table = {}
        for year in self.years:
            basis = "PY" if self.runs_still(year) else "CY"
            for obligation in THRESHOLDS:
                for enterprise, tier, asked in self._questioned(year, basis, "administrative", obligation):
                    status, _ = self.books["administrative"].status(obligation, year, enterprise.uscc)
                    if asked and status != "MET":
                        city = enterprise.members["city"]
                        row = table.setdefault(
                            (year, enterprise.uscc),
                            {"name": enterprise.name, "city_code": city, "revenue_yuan": tier.revenue}
                            | {f"missing_{one}": None for one in THRESHOLDS},
                        )
                        row[f"missing_{obligation}"] = "unknown" if status == "UNKNOWN" else "missing"
        return table

    def all_three(self, year: int, basis: str, purpose: str, area: str) -> tuple[int, int]:
        """H4: of those asked for an outcome, how many meet all three; and how many there are."""
        dimension = "province" if area == "340000" else "city"
        books = self.books[purpose]
        asked = [
            enterprise.uscc
            for enterprise, _, is_asked in self._questioned(year, basis, purpose, "outcome")
            if is_asked and enterprise.members[dimension] == area
        ]
        met = [uscc for uscc in asked if all(books.status(one, year, uscc)[0] == "MET" for one in THRESHOLDS)]
        return len(met), len(asked)


def _empty() -> Cell:
    return {
        "n_asked": 0, "n_met": 0, "n_not_met": 0, "n_unknown": 0, "n_tier_unknown": 0, "provisional": False,
    }  # fmt: skip


def _rates(cell: Cell) -> tuple[Fraction | None, Fraction | None]:
    if cell["n_asked"] == 0:
        return None, None
    asked = cell["n_asked"]
    return Fraction(cell["n_met"], asked), Fraction(cell["n_met"] + cell["n_unknown"], asked)


def band(revenue: Decimal) -> str:
    """The leaf tier that a revenue belongs to."""
    reached = [name for name, threshold in THRESHOLDS.items() if revenue >= threshold]
    return reached[-1] if reached else ""
