"""What the sources say of a random province: facts as plain values, and how a fact is revised later.

Here: rows before they are written as text. Not here: which delivery they come with (province.py).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from tests.oracle.forms import FORMS
from tests.oracle.people import CENT, Calendar, Person, credit_code, enterprise_name, near_step

Fact = dict[str, Any]
# A spreadsheet's rounding, letters that no code has, too short, another check character (only a warning).
BAD_CODES = ("!911101066976941000", "!91340100MAO00000XX", "!91340100MA", "!91340100MA0000001B")


class Facts:
    """Random facts about known enterprises, strangers and names that fit several or nobody."""

    def __init__(self, rng: Random, people: list[Person], calendar: Calendar, years: range) -> None:
        self.rng, self.people, self.calendar, self.years = rng, people, calendar, years
        self._number = 0

    def _next(self, letter: str) -> str:
        self._number += 1
        return f"{letter}{self._number:04d}"

    def _maybe(self, value: Any, chance: float) -> Any:
        return value if self.rng.random() < chance else None

    def _person(self) -> Person:
        return self.rng.choice(self.people)

    def _name(self, person: Person) -> str:
        if person.former and self.rng.random() < 0.2:
            return self.rng.choice(person.former)
        return person.names[self.rng.choice(self.years)]

    def _pair(self, by_name: float) -> tuple[str | None, str | None]:
        """A code and a name: of one person, or the name alone, or the code alone, or of a stranger."""
        roll = self.rng.random()
        person = self._person()
        if roll < 0.05:
            return None, enterprise_name(self.rng)
        if roll < 0.08:
            return credit_code(self.rng), enterprise_name(self.rng)
        if self.rng.random() < by_name:
            return None, self._name(person)
        return person.code, self._maybe(self._name(person), 0.85)

    def _area(self) -> str | None:
        return self.rng.choices((None, "340102", "!349999"), (80, 18, 2))[0]

    def _spell(self) -> tuple[date, date | None]:
        """Mostly at an edge."""
        if self.rng.random() < 0.6:
            return self.calendar.spell()
        return self.calendar.day(), self._maybe(self.calendar.day(ahead=True), 0.4)

    # --- money

    def _amount(self) -> Decimal | None:
        """An optional expense: missing, nothing, a cent, or something."""
        return self.rng.choice((None, None, Decimal(0), Decimal(0), CENT, Decimal("123456.78")))

    def revenues(self, source: str, chance: float, months: float) -> list[Fact]:
        """Yearly and cumulative figures, some consolidated, some by name only."""
        found = []
        for person in self.people:
            for year in self.years:
                periods = [str(year)] if self.rng.random() < chance else []
                if self.rng.random() < months:
                    periods += [f"{year}-{month:02d}" for month in self.rng.sample((2, 6, 9, 10, 11, 12), 2)]
                found += [self._figure(source, person, period, year) for period in periods]
                if self.rng.random() < 0.04:
                    group = self._figure(source, person, str(year), year)
                    found.append({**group, "revenue": near_step(self.rng) * 3, "consolidated": True})
        return found

    def _figure(self, source: str, person: Person, period: str, year: int) -> Fact:
        rng = self.rng
        code: str | None = person.code
        name = self._maybe(self._name(person), 0.6)
        if rng.random() < 0.15:
            code, name = None, self._name(person)
        elif rng.random() < 0.03:
            code = rng.choice(BAD_CODES)
        revenue = person.revenue[year] if rng.random() < 0.7 else near_step(rng)
        wrong = rng.choices((None, -revenue, revenue + Decimal("0.0000001"), "!约一亿"), (94, 3, 2, 1))[0]
        return {
            "uscc": code, "name": name, "period": period, "revenue": wrong or revenue,
            "rd_expense": rng.choices((self._amount(), -CENT, "!待定"), (95, 3, 2))[0],
            "consolidated": rng.choice((None, False)),
        }  # fmt: skip

    # --- survey of research and development

    def survey_rd_project(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people) // 2):
            for number in range(self.rng.randint(1, 2)):
                found.append({
                    "uscc": self._person().code, "year": self.rng.choice(self.years), "project_no": str(number + 1),
                    "project_name": "新工艺研究", "started_on": self._maybe(date(self.rng.randint(2022, 2025), 3, 1), 0.7),
                    "finished_on": None, "expenditure": self.rng.choice((Decimal(0), CENT, Decimal(50000))),
                    "recognised": self.rng.choice((None, True, False)),
                })  # fmt: skip
        return found

    def survey_rd_activity(self) -> list[Fact]:
        rng, found = self.rng, []
        for person in self.people:
            for year in self.years:
                if rng.random() < 0.5:
                    found.append({
                        "uscc": person.code, "year": year, "rd_staff": rng.randint(0, 50),
                        "rd_expense": rng.choice((Decimal(0), Decimal(0), CENT, Decimal(900000))),
                        "institutions": rng.choice((0, 0, 0, 1, 2)), "valid_inventions": rng.choice((0, 0, 0, 1)),
                        "new_product_sales": rng.choice((Decimal(0), Decimal(0), Decimal(0), CENT)),
                        "standards": rng.choices((0, 1, "!若干"), (80, 18, 2))[0],
                    })  # fmt: skip
        return found

    # --- projects

    def _course(self, statuses: tuple[str, ...]) -> Fact:
        day = self.calendar.year_edge
        return {
            "started_on": self._maybe(day(), 0.7), "due_on": self._maybe(day(), 0.6),
            "ended_on": self._maybe(day(), 0.4), "status": self.rng.choice(statuses), "area_code": self._area(),
        }  # fmt: skip

    def challenge_task(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people) // 2 + 1):
            code, name = self._pair(0.35)
            found.append({
                "task_id": self._next("JB"), "title": "轴承攻关", "mode": self.rng.choice(("揭榜挂帅", "定向委托")),
                "lead_uscc": code, "lead_name": name, "posted_on": self._maybe(self.calendar.day(), 0.4),
                "taken_on": self._maybe(self.calendar.year_edge(), 0.5),
                "industry_code": self.rng.choices((None, "C26", "!B26"), (80, 17, 3))[0],
                **self._course(("发榜", "揭榜", "实施", "延期", "验收", "终止")),
            })  # fmt: skip
        return found

    def science_project(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people) // 2 + 1):
            code, name = self._pair(0.35)
            found.append({
                "project_no": self._next("KY"), "programme": "重点研发计划", "title": "材料研究", "lead_uscc": code,
                "lead_name": name, "approved_on": self.calendar.year_edge(),
                **self._course(("立项", "实施", "验收", "终止")),
            })  # fmt: skip
        return found

    def university_industry_project(self) -> list[Fact]:
        return [
            {
                "project_id": self._next("CX"), "title": "联合研发", "uscc": self._person().code, "institute": "某大学",
                "key_project": self.rng.random() < 0.7, "entered_on": self.calendar.day(),
                **self._course(("储备", "实施", "验收", "退出")),
            }
            for _ in range(len(self.people) // 3 + 1)
        ]  # fmt: skip

    # --- institutions

    def innovation_platform(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people) // 4 + 1):
            code, name = self._pair(0.3)
            found.append({
                "platform_id": self._next("PT"), "name": "创新中心", "kind": "重点实验室",
                "level": self.rng.choice(("国家", "省")), "host_name": name, "host_uscc": code,
                "area_code": self._area(), "recognised_on": self.calendar.day(),
                "revoked_on": self._maybe(self.calendar.day(ahead=True), 0.4),
            })  # fmt: skip
        return found

    def rd_institution(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people)):
            code, name = self._pair(0.6)
            since, until = self._spell()
            found.append({
                "institution_id": self._next("JG"), "name": "技术中心",
                "kind": self.rng.choice(("企业技术中心", "企业研发中心", "工业设计中心", "重点实验室")),
                "level": self.rng.choices(("国家", "省", "市", "企业自建", "!区县"), (20, 40, 20, 18, 2))[0],
                "host_name": name, "host_uscc": code, "co_builders": self._maybe([self._person().code], 0.2),
                "location_area_code": self.rng.choice((None, "330106", "!999999")), "area_code": self._area(),
                "recognised_on": since, "valid_until": until,
                "cultivated_on": self._maybe(self.calendar.year_edge(), 0.4),
                "revoked_on": self._maybe(self.calendar.day(ahead=True), 0.2),
            })  # fmt: skip
        return found

    # --- outcomes

    def innovative_product(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people)):
            code, name = self._pair(0.4)
            since, until = self._spell()
            found.append({
                "product_id": self._next("CP"), "name": "新机床", "uscc": code, "enterprise_name": name,
                "kind": self.rng.choice(FORMS["innovative_product"].columns["kind"].values),
                "recognised_on": since, "valid_until": until,
                "revoked_on": self._maybe(self.calendar.day(ahead=True), 0.2), "area_code": self._area(),
            })  # fmt: skip
        return found

    def standard(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people) // 2 + 1):
            code, name = self._pair(0.4)
            stage = self.rng.choice(("研究", "立项", "发布", "发布", "废止", "废止"))
            out = stage in ("发布", "废止")
            since, until = self._spell()
            found.append({
                "standard_no": self._next("GB/T "), "uscc": code, "enterprise_name": name, "name": "试验方法",
                "level": self.rng.choice(FORMS["standard"].columns["level"].values),
                "role": self.rng.choice(("牵头", "参与")), "stage": stage,
                "published_on": self._maybe(since, 0.95) if out else None,
                "abolished_on": until if stage == "废止" else None,
                "area_code": self._area(),
            })  # fmt: skip
        return found

    def patent(self) -> list[Fact]:
        found = []
        for _ in range(len(self.people) // 2 + 1):
            pairs = [self._pair(0.4) for _ in range(self.rng.choice((1, 1, 2, 3)))]
            since, until = self._spell()
            holders = [name or "某某大学" for _, name in pairs]
            codes = [code if self.rng.random() < 0.97 else "9134O100BAD" for code, _ in pairs]
            if self.rng.random() < 0.1:
                codes = codes[:-1]
            found.append({
                "patent_no": self._next("ZL"), "kind": self.rng.choice(("发明", "发明", "发明", "实用新型")),
                "title": "一种装置", "holders": holders, "holder_usccs": codes or None,
                "granted_on": self._maybe(since, 0.93), "lapsed_on": until,
            })  # fmt: skip
        return found

    # --- what a later delivery says instead

    def revise(self, source: str, fact: Fact) -> Fact:
        """The same key with something else in the row."""
        rng, other = self.rng, dict(fact)
        columns = FORMS[source].columns
        open_to_change = [
            name for name in fact
            if name not in FORMS[source].key and columns[name].type in ("date", "money", "enum", "int")
        ]  # fmt: skip
        for name in rng.sample(open_to_change, min(len(open_to_change), rng.randint(1, 2))):
            spec = columns[name]
            if spec.type == "date":
                other[name] = (
                    self.calendar.day(ahead=True) if spec.required else self._maybe(self.calendar.day(), 0.6)
                )
            elif spec.type == "money":
                other[name] = (
                    near_step(rng) if name == "revenue" else rng.choice((Decimal(0), CENT, Decimal(777)))
                )
            elif spec.type == "int":
                other[name] = rng.choice((0, 1, 3))
            else:
                other[name] = rng.choice(spec.values)
        return other
