"""What each source promises to deliver, read from `sources/*.yml` and validated as one set.

Belongs here: the meaning of the contract files and nothing else. Does not belong here: how a file is read
(`readers`), how a title finds its column (`header`), how a cell gets its type (`cells`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args
from unicodedata import normalize

import yaml

Type = Literal[
    "text", "int", "decimal", "money", "bool", "date", "month", "year", "period", "uscc", "area", "industry",
    "list", "enum",
]  # fmt: skip
Purpose = Literal["statistical", "administrative"]
Element = Literal["text", "uscc", "area", "enum"]

SOURCES = Path(__file__).parent / "sources"
_SOURCE_KEYS = {"register", "title", "purpose", "delivery", "links", "alternative_key", "columns"}
_COLUMN_KEYS = {"type", "key", "required", "headers", "values", "code"}

# What ends or plans something may lie ahead of the delivery; every other date or month begins something.
LIES_AHEAD = frozenset(
    {
        "due_on", "original_due_on", "valid_until", "revoked_on", "lapsed_on", "abolished_on", "ended_on",
        "exited_on", "closed_on", "withdrawn_on", "left_on", "finished_on", "planned_on",
    }
)  # fmt: skip
# Registers whose periods are plans: rounds to come, returns that will be due.
PLANNED_PERIODS = frozenset({"reporting_round", "return_roster"})
# Money whose sign cannot be negative, told by the column's name.
_NEVER_NEGATIVE = ("revenue", "expense", "expenditure")


class ContractError(ValueError):
    """The contract files contradict themselves; the offenders are listed, sorted."""

    def __init__(self, offenders: list[str]) -> None:
        super().__init__("\n".join(["ingestion/sources:", *sorted(offenders)]))
        self.offenders = sorted(offenders)


@dataclass(frozen=True)
class Column:
    """One column of a source."""

    name: str
    type: Type
    headers: tuple[str, ...]
    key: bool = False
    required: bool = False
    values: tuple[str, ...] = ()
    code: int | None = None

    @property
    def element(self) -> Element:
        """What the places of a list hold: codes are told by the column's name, as in `holder_usccs`."""
        if self.values:
            return "enum"
        if self.name.endswith("_usccs"):
            return "uscc"
        return "area" if self.name.endswith("_area_codes") else "text"

    @property
    def never_negative(self) -> bool:
        """Revenue, expense and expenditure below zero are an error, other money is not."""
        return self.type == "money" and any(word in self.name for word in _NEVER_NEGATIVE)

    @property
    def begins(self) -> bool:
        """True for a date that may not lie after the delivery."""
        return self.type in ("date", "month") and self.name not in LIES_AHEAD


@dataclass(frozen=True)
class Source:
    """One source: what its files hold, how a later file meets an earlier one, and who may see it."""

    name: str
    register: str
    title: str
    purpose: Purpose
    mode: Literal["full", "upsert"]
    scope: tuple[str, ...]
    links: Mapping[str, str]  # code column → name column
    columns: Mapping[str, Column]
    alternative_key: tuple[
        str, ...
    ] = ()  # columns that, where all are filled, identify a row instead of the key

    @property
    def keys(self) -> tuple[str, ...]:
        """The key columns, in the contract's order."""
        return tuple(name for name, column in self.columns.items() if column.key)

    @property
    def required_pairs(self) -> dict[str, str]:
        """Links of which one cell of both must be filled (one of two optional columns may stay blank)."""
        return {code: name for code, name in self.links.items() if self._wanted(code) or self._wanted(name)}

    @property
    def required_alone(self) -> frozenset[str]:
        """Required columns that no link can stand in for."""
        pairs = {column for pair in self.links.items() for column in pair}
        return frozenset(name for name, c in self.columns.items() if c.required and name not in pairs)

    def _wanted(self, name: str) -> bool:
        return self.columns[name].required or self.columns[name].key


@cache
def load_contracts(folder: Path = SOURCES) -> dict[str, Source]:
    """All contracts by source name, sorted; raises ContractError with every offender found."""
    offenders: list[str] = []
    sources: dict[str, Source] = {}
    for path in sorted(folder.glob("*.yml")):
        loaded = yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
        if not isinstance(loaded, dict) or list(loaded) != [path.stem]:
            offenders.append(f"{path.name}: the one top-level key must be {path.stem}")
            continue
        found = _offenders(path.stem, loaded[path.stem])
        offenders += found
        if not found:
            sources[path.stem] = _source(path.stem, loaded[path.stem])
    if offenders:
        raise ContractError(offenders)
    return sources


def scope_columns() -> dict[str, str]:
    """The column by which each source that comes scope by scope is counted (the register: its frame year)."""
    return {name: source.scope[0] for name, source in load_contracts().items() if source.scope}


def _source(name: str, entry: dict[str, Any]) -> Source:
    mode, _, scope = entry["delivery"].partition(" per ")
    columns = {
        column: Column(
            name=column,
            type=c["type"],
            headers=tuple(c["headers"]),
            key=c.get("key", False),
            required=c.get("required", False),
            values=tuple(c.get("values", ())),
            code=c.get("code"),
        )
        for column, c in entry["columns"].items()
    }
    return Source(
        name=name,
        register=entry["register"],
        title=entry["title"],
        purpose=entry["purpose"],
        mode=mode,
        scope=tuple(scope.replace(",", " ").split()),
        links=dict(entry.get("links") or {}),
        columns=columns,
        alternative_key=tuple(entry.get("alternative_key") or ()),
    )


def _offenders(name: str, entry: Any) -> list[str]:
    """Everything wrong with one contract, in words."""
    if not isinstance(entry, dict) or not isinstance(entry.get("columns"), dict):
        return [f"{name}: must be a mapping with columns"]
    wrong = [f"{name}: unknown key {key}" for key in entry.keys() - _SOURCE_KEYS]
    wrong += [
        f"{name}: {key} is missing"
        for key in ("register", "title", "purpose", "delivery")
        if not entry.get(key)
    ]
    columns: dict[str, Any] = entry["columns"]
    if entry.get("purpose") not in get_args(Purpose):
        wrong.append(f"{name}: purpose must be statistical or administrative")
    mode, per, scope = str(entry.get("delivery")).partition(" per ")
    if mode not in ("full", "upsert") or (per and mode != "full"):
        wrong.append(f"{name}: delivery must be upsert, full or full per COLUMN")
    for column in [
        *scope.replace(",", " ").split(),
        *(c for pair in (entry.get("links") or {}).items() for c in pair),
        *(entry.get("alternative_key") or ()),
    ]:
        if column not in columns:
            wrong.append(f"{name}: delivery, links or alternative_key name the unknown column {column}")
    for column, c in columns.items():
        wrong += _column_offenders(f"{name}.{column}", c)
    if not any(isinstance(c, dict) and c.get("key") for c in columns.values()):
        wrong.append(f"{name}: no key column")
    titles = Counter(
        title
        for column, c in columns.items()
        if isinstance(c, dict)
        for title in {
            column.casefold(),
            *(normalize("NFKC", str(h)).casefold() for h in c.get("headers") or ()),
        }
    )
    return wrong + [
        f"{name}: the title {title} stands for several columns" for title, n in titles.items() if n > 1
    ]


def _column_offenders(place: str, column: Any) -> list[str]:
    if not isinstance(column, dict):
        return [f"{place}: must be a mapping"]
    wrong = [f"{place}: unknown key {key}" for key in column.keys() - _COLUMN_KEYS]
    if column.get("type") not in get_args(Type):
        wrong.append(f"{place}: unknown type {column.get('type')}")
    if not column.get("headers"):
        wrong.append(f"{place}: no Chinese title")
    values = column.get("values") or []
    if (column.get("type") == "enum") != bool(values) and column.get("type") != "list":
        wrong.append(f"{place}: an enum, and only an enum or a list, has values")
    wrong += [f"{place}: the value {v} is not in NFKC" for v in values if normalize("NFKC", str(v)) != v]
    return wrong
