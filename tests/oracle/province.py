"""Random provinces from a seed: enterprises, what the sources say of them, and the deliveries that say it.

Here: which file brings which row, when, with which sidecar. Not here: the facts themselves (people.py, facts.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.oracle.cells import last_day
from tests.oracle.deliveries import MONEY_HEADERS, ODD, Decision, File, Province, Target
from tests.oracle.facts import Fact
from tests.oracle.forms import FORMS, MAY_LIE_AHEAD, YUAN
from tests.oracle.people import Calendar, Person, enterprise_name, make_people, write
from tests.oracle.policy_facts import AllFacts

AS_OFS = (
    date(2025, 6, 30), date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 28), date(2026, 5, 31),
    date(2026, 11, 23), date(2026, 12, 31), date(2027, 3, 1), date(2028, 2, 29), date(2024, 12, 31),
)  # fmt: skip
YEARS = range(2022, 2028)
Slot = tuple[int, date | None]  # the run that first sees the file, and delivered_on of its sidecar
Parcel = tuple[Slot, str | None, str | None]  # slot, mode, purpose: rows of one parcel share a file or two


class _Maker:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.as_ofs = self._runs()
        self.slots = self._slots()
        self.files: list[File] = []
        self.people = make_people(self.rng, YEARS)
        self.facts = AllFacts(self.rng, self.people, Calendar(self.rng, self.as_ofs), range(2023, 2027))

    def _runs(self) -> tuple[date, ...]:
        forward = sorted(self.rng.sample(AS_OFS, self.rng.choice((1, 1, 2, 2, 3))))
        if len(forward) > 1 and self.rng.random() < 0.4:
            forward.append(self.rng.choice(forward[:-1]))  # back to an earlier day: nothing new is loaded
        return tuple(forward)

    def _slots(self) -> list[Slot]:
        slots: list[Slot] = []
        latest = date.min
        for run, as_of in enumerate(self.as_ofs):
            if as_of < latest:
                continue
            latest = as_of
            slots.append((run, None))
            for _ in range(self.rng.randint(1, 3)):
                back = self.rng.choice((0, 1, 30, 90, 180, 365, 700, -1, -40))
                slots.append((run, as_of - timedelta(days=back)))
            if run and self.rng.random() < 0.6:
                slots.append(
                    (run, self.when(self.rng.choice(slots)))
                )  # the day of another delivery, in a later run
        return slots

    def when(self, slot: Slot) -> date:
        """The delivery date of a slot."""
        return slot[1] or self.as_ofs[slot[0]]

    # --- rows into parcels

    def deliver(self, source: str, facts: list[Fact]) -> None:
        """Spread the facts over the slots, with duplicates, conflicts, revisions and deletions among them."""
        rng = self.rng
        parcels: dict[Parcel, list[Fact]] = defaultdict(list)
        for fact in facts:
            if not self._fitting(source, fact) and rng.random() < 0.93:
                continue
            slot = self._slot_for(source, fact)
            purpose = "statistical" if rng.random() < 0.08 else None
            parcels[slot, None, purpose].append(fact)
            used = {(self.when(slot), slot[0])}
            roll = rng.random()
            if roll < 0.04:
                parcels[slot, None, None].append(fact)
            elif roll < 0.07:
                parcels[slot, None, rng.choice((None, "statistical"))].append(self.facts.revise(source, fact))
            elif roll < 0.27:
                revised = self.facts.revise(source, fact)
                twins = [
                    one for one in self._fitting(source, revised)
                    if self.when(one) == self.when(slot) and one[0] != slot[0]
                ]  # fmt: skip
                later = rng.choice(twins) if twins and rng.random() < 0.5 else self._slot_for(source, revised)
                parcels[later, None, "statistical" if rng.random() < 0.05 else None].append(revised)
                used.add((self.when(later), later[0]))
            ends = [one for one in self.slots if (self.when(one), one[0]) not in used]
            if rng.random() < 0.04 and ends:
                parcels[rng.choice(ends), "delete", "statistical" if rng.random() < 0.2 else None].append(
                    fact
                )
        self._post(source, parcels)

    def _fitting(self, source: str, fact: Fact) -> list[Slot]:
        """The slots at which nothing in the row lies ahead."""
        begun = max(_beginnings(source, fact), default=date.min)
        return [slot for slot in self.slots if self.when(slot) >= begun]

    def _slot_for(self, source: str, fact: Fact) -> Slot:
        fit = self._fitting(source, fact)
        return self.rng.choice(fit if fit and self.rng.random() < 0.95 else self.slots)

    def _post(
        self, source: str, parcels: dict[Parcel, list[Fact]], constants: dict[str, str] | None = None
    ) -> None:
        for (slot, mode, purpose), facts in parcels.items():
            self.rng.shuffle(facts)
            cut = self.rng.randrange(len(facts)) if self.rng.random() < 0.3 else 0
            for part in filter(None, (facts[:cut], facts[cut:])):
                self.files.append(self._file(source, part, slot, mode, purpose, constants or {}))

    def _file(
        self, source: str, facts: list[Fact], slot: Slot, mode: str | None, purpose: str | None,
        constants: dict[str, str],
    ) -> File:  # fmt: skip
        rng, form = self.rng, FORMS[source]
        unit, unit_in = rng.choice(tuple(YUAN)), rng.choice(MONEY_HEADERS)
        if unit_in == "yuan":
            unit = "元"  # the title says it
        empty = {name for name in form.columns if all(fact.get(name) is None for fact in facts)}
        kept = set(form.link or ())
        columns = [
            name for name, column in form.columns.items()
            if name not in constants and (column.required or name in kept or name not in empty or rng.random() < 0.5)
        ]  # fmt: skip
        rng.shuffle(columns)
        cells = [{name: write(rng, source, name, fact.get(name), unit) for name in columns} for fact in facts]
        rows = self._among(cells, columns)
        money = any(form.columns[name].type == "money" for name in columns)
        return File(
            source, f"{rng.choice(('', '市/', '2026年/'))}{source}_{len(self.files):03d}.csv", tuple(columns), rows,
            slot[0], slot[1], mode, purpose, constants, unit, unit_in if money else "title",
            rng.random() < 0.7, rng.choice(("utf-8", "utf-8-sig", "gb18030")),
            ("某某单位名录",) if rng.random() < 0.2 else (),
        )  # fmt: skip

    def _among(self, rows: list[dict[str, str]], columns: list[str]) -> tuple[dict[str, str], ...]:
        """Sometimes a blank row, a total, a footer or a ragged row among the rows."""
        rng = self.rng
        if rng.random() < 0.08 and len(rows) > 4:
            rows[rng.randrange(len(rows))][ODD] = rng.choice(("long", "short"))
        for line, chance in (
            ("", 0.05),
            ("合计", 0.08),
            ("其中：大型", 0.04),
            ("单位负责人：张三", 0.05),
            ("注：初步数", 0.04),
        ):
            if rng.random() < chance:
                rows.insert(rng.randint(1, len(rows)), {columns[0]: line})
        return tuple(rows)

    # --- the register

    def deliver_register(self) -> None:
        """Whole registers of some frame years, some twice, some corrected by an upsert, some for statistics only."""
        rng = self.rng
        years = [year for year in range(2023, 2028) if rng.random() < 0.75] or [2024]
        for year in years:
            fit = [slot for slot in self.slots if self.when(slot) >= date(year, 1, 1)]
            for slot in rng.sample(fit, min(len(fit), rng.choices((1, 2), (50, 50))[0])):
                purpose = "statistical" if rng.random() < 0.06 else None
                rows = [self._entry(person, year) for person in self.people if rng.random() < 0.93]
                rows += [dict(rng.choice(rows))] if rows and rng.random() < 0.2 else []
                rows += [self._changed(rng.choice(rows))] if len(rows) > 4 and rng.random() < 0.2 else []
                constants = {"frame_year": str(year)} if rng.random() < 0.3 else {}
                if rows:
                    self._post("enterprise_register", {(slot, None, purpose): rows}, constants)
            for mode in ("upsert", "delete"):
                if fit and rng.random() < 0.3:
                    some = rng.sample(self.people, min(3, len(self.people)))
                    rows = [self._changed(self._entry(person, year)) for person in some]
                    slot = rng.choice(fit)
                    if mode == "upsert" or not self._register_there(slot, year):
                        self._post("enterprise_register", {(slot, mode, None): rows})

    def _register_there(self, slot: Slot, year: int) -> bool:
        """Whether rows of that frame year come at the same moment (what a deletion then means is not said)."""
        moment = (self.when(slot), slot[0])
        return any(
            file.source == "enterprise_register"
            and (self.when((file.run, file.delivered_on)), file.run) == moment
            for file in self.files
        )

    def _entry(self, person: Person, year: int) -> Fact:
        rng = self.rng
        return {
            "frame_year": year, "uscc": person.code, "name": person.names[year], "former_names": person.former or None,
            "operating_area_code": person.areas[year], "registered_area_code": rng.choice((None, "340102", "!341402")),
            "industry_code": rng.choices((person.industries[year], "!D13"), (98, 2))[0], "size": person.size or None,
            "park_id": person.park or None,
            "status": rng.choices(("在库", "退库", "注销", "!筹建"), (94, 3, 2, 1))[0],
            "opened_on": None, "closed_on": None,
        }  # fmt: skip

    def _changed(self, row: Fact) -> Fact:
        change: dict[str, Any] = {
            "name": enterprise_name(self.rng), "operating_area_code": "340102", "status": "退库", "size": "大型",
        }  # fmt: skip
        name = self.rng.choice(tuple(change))
        return {**row, name: change[name]}

    # --- the rest

    def decisions(self) -> tuple[Decision, ...]:
        """Choices for some names, of known and unknown enterprises."""
        rng = self.rng
        found: list[Decision] = []
        for _ in range(rng.randint(0, 12)):
            chosen, named = rng.choice(self.people), rng.choice(self.people)
            name = enterprise_name(rng) if rng.random() < 0.2 else named.names[rng.choice(YEARS)]
            source = rng.choice(
                ("rd_institution", "innovative_product", "standard", "patent", "enterprise_revenue")
            )
            decided = rng.choice(self.as_ofs) + timedelta(days=rng.choice((-300, -1, 0, 1, 1)))
            if all((source, name) != (one.source, one.name) for one in found):
                found.append(Decision(source, name, chosen.code, decided))
        return tuple(found)

    def targets(self) -> tuple[Target, ...]:
        """Numbers that people set for cities and the province, low enough to be reached or just missed."""
        rng, found = self.rng, {}
        for indicator, reading in (
            ("T02-1", "A"),
            ("T06-1", "B"),
            ("T07-2", "net"),
            ("T09-1", "A"),
            ("T05-1", "main"),
        ):
            for area in rng.sample(("340000", "340100", "340200"), 2):
                year = rng.randint(2025, 2026)
                operator, number = rng.choice((">=", "~", "=", "<=")), rng.choice((1, 2, 3, 10))
                found[indicator, area, year] = Target(indicator, reading, area, year, operator, number)
        return tuple(found.values()) if rng.random() < 0.7 else ()

    def sent_again(self) -> None:
        """Once more, in a later run: unchanged under another name, which means nothing, or as of another day."""
        last = self.slots[-1][0]
        for file in list(self.files):
            if self.rng.random() < 0.08:
                name = f"again/{len(self.files)}.csv"
                day = self.when(self.rng.choice(self.slots)) if self.rng.random() < 0.4 else file.delivered_on
                if (file.run < last or day != file.delivered_on) and file.mode is None:
                    self.files.append(replace(file, name=name, run=last, delivered_on=day))

    def make(self) -> Province:
        rng, facts = self.rng, self.facts
        self.deliver_register()
        self.deliver("enterprise_revenue", facts.revenues("enterprise_revenue", 0.7, 0.3))
        if rng.random() < 0.8:
            self.deliver("survey_finance", facts.revenues("survey_finance", 0.4, 0.3))
        for source in FORMS:
            make = getattr(facts, source, None)
            if make and rng.random() < 0.85:
                self.deliver(source, make())
        self.sent_again()
        complete = {
            obligation: sorted(year for year in range(2023, 2027) if rng.random() < 0.3)
            for obligation in ("activity", "institution", "outcome")
            if rng.random() < 0.5
        }
        first_year = rng.choice((2024, 2024, 2024, 2023, 2025))
        return Province(
            self.seed,
            self.as_ofs,
            first_year,
            complete,
            self.decisions(),
            tuple(self.files),
            self.targets(),
        )


def _beginnings(source: str, fact: Fact) -> list[date]:
    found = []
    for name, value in fact.items():
        kind = FORMS[source].columns[name].type
        if kind in ("date", "month") and isinstance(value, date) and name not in MAY_LIE_AHEAD:
            found.append(value)
        elif kind in ("year", "period") and value is not None:
            found.append(last_day(value))
    return found


def make_province(seed: int) -> Province:
    """The province of that seed, always the same."""
    return _Maker(seed).make()
