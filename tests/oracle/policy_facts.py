"""What only the sources of the policy's numbers say of a random province: pilot platforms, titles, promotion.

Here: rows before they are written as text. Not here: the sources of coverage, how a fact is revised (facts.py).
"""

from __future__ import annotations

from datetime import date

from tests.oracle.facts import Fact, Facts
from tests.oracle.forms import FORMS
from tests.oracle.people import enterprise_name


class AllFacts(Facts):
    """The facts of all sources that the oracle knows."""

    def pilot_platform(self) -> list[Fact]:
        return [
            {
                "platform_id": self._next("ZS"), "name": "中试平台", "host_uscc": self._maybe(self._person().code, 0.7),
                "area_code": self._area(), "entered_on": self.calendar.day(),
                "key_cultivated_on": self._maybe(self.calendar.year_edge(), 0.8), "exited_on": None,
            }
            for _ in range(self.rng.choice((3, 12, 40)))
        ]  # fmt: skip

    # --- titles and promotion

    def enterprise_title(self) -> list[Fact]:
        rng, found = self.rng, []
        titles = FORMS["enterprise_title"].columns["title"].values
        code, name = self._pair(0.4)
        for _ in range(len(self.people) * 2):
            if rng.random() < 0.7:  # else the same enterprise once more
                code, name = self._pair(0.4)
            day = self.calendar.year_edge()
            found.append({
                "title": rng.choice(titles), "enterprise_name": name or enterprise_name(rng), "uscc": code,
                "certificate_no": self._maybe(self._next("GR"), 0.5),
                "stage": rng.choices(("认定", "公示", "培育"), (88, 6, 6))[0], "recognised_on": day,
                "valid_until": self._maybe(self.calendar.day(ahead=True), 0.3),
                "revoked_on": self._maybe(self.calendar.day(ahead=True), 0.2), "area_code": self._area(),
            })  # fmt: skip
        return found

    def promotion_event(self) -> list[Fact]:
        rng = self.rng
        return [
            {
                "event_id": self._next("HD"), "kind": rng.choices(("每周一品", "每月一会", "专场发布"), (60, 30, 10))[0],
                "held_on": rng.choice((self.calendar.year_edge(), date(2025, 5, rng.randint(10, 20)),
                                       date(2026, rng.randint(1, 12), rng.randint(1, 28)))),
                "status": rng.choices(("举办", "计划", "取消"), (85, 10, 5))[0], "area_code": self._area(),
            }
            for _ in range(rng.choice((5, 40, 100)))
        ]  # fmt: skip
