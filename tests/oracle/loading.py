"""Which rows hold at a date, in statistical and in administrative use (interface 3, Rows, Time, Links).

Here: files → rows, names → codes, conflicts, superseding, full deliveries, deletions.
Not here: how a cell is read (cells.py), what is made of the rows (statistics.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tests.oracle.cells import Values, is_note, read_row, tidy
from tests.oracle.deliveries import ODD, Decision, File, Province
from tests.oracle.forms import FORMS

Place = tuple[str, str, int]  # source, file, row of the file


@dataclass(frozen=True)
class Row:
    """An accepted row and the delivery that it came with."""

    source: str
    values: Values
    delivered_on: date
    run: int
    mode: str  # upsert, full or delete
    statistical: bool  # its delivery serves statistical use only
    place: Place

    def key(self) -> tuple[Any, ...] | None:
        """The key, None while a part of it waits for a code."""
        if self.source == "enterprise_title":
            title, number = self.values["title"], self.values["certificate_no"]
            who = self.values["uscc"] or f"name:{plain_name(self.values['enterprise_name'])}"
            return (title, tidy(number)) if number else (title, who, self.values["recognised_on"])
        key = tuple(self.values[name] for name in FORMS[self.source].key)
        return None if None in key else key


@dataclass(frozen=True)
class Holding:
    """What holds in one use at one date: rows by source, and the rows that contradict each other."""

    rows: dict[str, list[Row]]
    quarantined: set[Place]
    waiting: set[tuple[str, str]]  # source and name
    whole_years: frozenset[int]  # frame years of which some delivery was the whole register


@dataclass
class Loaded:
    """What became of the rows of all files that a run may use."""

    rows: list[Row] = field(default_factory=list)
    quarantined: set[Place] = field(default_factory=set)
    warned: set[Place] = field(default_factory=set)
    counts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # file: rows read, skipped

    def take(self, file: File, delivered_on: date) -> None:
        """Read one file."""
        mode = file.mode or ("full" if file.source == "enterprise_register" else "upsert")
        statistical = FORMS[file.source].statistical or file.purpose == "statistical"
        read = skipped = 0
        for number, row in enumerate(file.rows, start=file.first_row()):
            cells = [row.get(column, "") for column in file.columns]
            if not any(cell.strip() for cell in cells):
                continue
            read += 1
            place = (file.source, file.name, number)
            if is_note(cells):
                skipped += 1
                continue
            reading = read_row(file.source, {**row, **file.constants}, file.unit, delivered_on)
            if reading is None or ODD in row:
                self.quarantined.add(place)
                continue
            values, warned = reading
            self.rows.append(Row(file.source, values, delivered_on, file.run, mode, statistical, place))
            self.warned |= {place} if warned else set()
        self.counts[file.source, file.name] = (read, skipped)


def loaded(province: Province, run: int) -> Loaded:
    """All rows that the run of this index may use: known by then, and delivered by its as-of date."""
    as_of = province.as_ofs[run]
    seen: set[tuple[str, bytes, str]] = set()
    result = Loaded()
    for file in sorted(province.files, key=lambda one: one.run):
        identity = (file.source, file.content(), file.sidecar())
        if file.run > run or identity in seen:
            continue
        seen.add(identity)
        delivered_on = file.delivered_on or province.as_ofs[file.run]
        if delivered_on <= as_of:
            result.take(file, delivered_on)
    return result


def plain_name(name: str) -> str:
    """A name as it is compared: NFKC without white space, brackets and middle dots."""
    return re.sub(r"[\s​()\[\]{}<>〈〉《》〔〕【】「」『』·•・]", "", unicodedata.normalize("NFKC", name))


class Names:
    """Who is called what: the register of all frame years, and people's decisions."""

    def __init__(self, register: Iterable[Row], decisions: Iterable[Decision], as_of: date) -> None:
        self._codes: dict[str, set[str]] = defaultdict(set)
        for row in register:
            for name in (row.values["name"], *(row.values["former_names"] or ())):
                if name and plain_name(name):
                    self._codes[plain_name(name)].add(row.values["uscc"])
        self._decided = {
            (one.source, plain_name(one.name)): one.uscc
            for one in sorted(decisions, key=lambda one: one.decided_on)
            if one.decided_on <= as_of
        }

    def code(self, source: str, name: str | None) -> str | None:
        """The code of the one enterprise of this name; None for several or none."""
        if not name:
            return None
        decided = self._decided.get((source, plain_name(name)))
        codes = self._codes.get(plain_name(name), set())
        return decided or (next(iter(codes)) if len(codes) == 1 else None)

    def several(self, name: str | None) -> bool:
        """Whether more than one enterprise is or was called so."""
        return len(self._codes.get(plain_name(name or ""), ())) > 1


def _link(row: Row, names: Names) -> Row:
    form = FORMS[row.source]
    values = dict(row.values)
    if row.source == "patent" and row.mode != "delete":
        holders, codes = values["holders"], values["holder_usccs"] or []
        places = range(max(len(holders), len(codes)))
        given = [codes[place] if place < len(codes) else None for place in places]
        called = [holders[place] if place < len(holders) else None for place in places]
        values["holder_usccs"] = [
            code or names.code("patent", name) for code, name in zip(given, called, strict=True)
        ]
    elif form.link and values[form.link[0]] is None:
        values[form.link[0]] = names.code(row.source, values[form.link[1]])
    return replace(row, values=values)


def _waiting(row: Row, names: Names) -> set[tuple[str, str]]:
    """The names without a code that should have one; of a patent's holders only those that several could be.

    A row that ends a patent needs the patent's number alone: its holders wait for nobody.
    """
    link = FORMS[row.source].link
    found = [row.values[link[1]]] if link and row.values[link[0]] is None else []
    if row.source == "patent" and row.mode != "delete":
        holders = zip(row.values["holders"], row.values["holder_usccs"], strict=False)
        found = [name for name, code in holders if code is None and names.several(name)]
    return {(row.source, plain_name(name)) for name in found}


def _same(rows: list[Row]) -> bool:
    def comparable(value: Any) -> Any:
        return tidy(value) if isinstance(value, str) else value

    first, *others = [{name: comparable(value) for name, value in row.values.items()} for row in rows]
    return all(one == first for one in others)


def _settle(rows: list[Row], scope: str | None) -> tuple[list[Row], set[Place]]:
    """The rows of one source that hold after all deliveries, in order; rows without a whole key wait aside."""
    held: dict[tuple[Any, ...], Row] = {}
    conflicts: set[Place] = set()
    deliveries: dict[tuple[date, int], list[Row]] = defaultdict(list)
    for row in rows:
        if not row.values.get("consolidated"):
            deliveries[row.delivered_on, row.run].append(row)
    for moment in sorted(deliveries):
        by_key: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        ended: set[tuple[Any, ...]] = set()
        for row in deliveries[moment]:
            key = row.key()
            if key is not None:
                by_key[key].append(row)
                if row.mode == "delete":
                    ended.add(key)
        # Told and ended at one moment contradict each other; what is only ended may be ended twice.
        good = {
            key: some
            for key, some in by_key.items()
            if (all(row.mode == "delete" for row in some) if key in ended else _same(some))
        }
        conflicts |= {row.place for key, some in by_key.items() if key not in good for row in some}
        if scope:
            replaced = {row.values[scope] for some in good.values() for row in some if row.mode == "full"}
            held = {key: row for key, row in held.items() if row.values[scope] not in replaced}
        for key, some in good.items():
            held.pop(key, None)
            if key not in ended:
                held[key] = some[0]
    return list(held.values()), conflicts


def registers(rows: list[Row]) -> tuple[list[Row], list[Row], set[Place]]:
    """The register that holds in statistical use, that of administrative use, and the rows that contradict each other."""
    entries = [row for row in rows if row.source == "enterprise_register"]
    statistical, conflicts = _settle(entries, "frame_year")
    told = [row for row in entries if not row.statistical and row.place not in conflicts]
    administrative, more = _settle(told, "frame_year")
    return statistical, administrative, conflicts | more


def holding(
    rows: list[Row], register: list[Row], names: Names, *, administrative: bool, out: frozenset[Place]
) -> Holding:
    """What holds in one of the two uses beside its register, without the rows that are `out` already."""
    whole = frozenset(
        row.values["frame_year"] for row in rows
        if row.source == "enterprise_register" and row.mode == "full" and row.place not in out
        and not (administrative and row.statistical)
    )  # fmt: skip
    held = {"enterprise_register": register}
    quarantined: set[Place] = set()
    waiting: set[tuple[str, str]] = set()
    for source in FORMS:
        if source == "enterprise_register":
            continue
        linked = [
            _link(row, names) for row in rows
            if row.source == source and row.place not in out and not (administrative and row.statistical)
        ]  # fmt: skip
        held[source], conflicts = _settle(linked, None)
        quarantined |= conflicts
        aside = [
            row for row in linked
            if not row.values.get("consolidated") and (row.key() is None or row.mode == "delete")
        ]  # fmt: skip
        for row in (*held[source], *aside):
            waiting |= _waiting(row, names)
    return Holding(held, quarantined, waiting, whole)
