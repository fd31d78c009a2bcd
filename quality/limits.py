"""The limits of the gate and of disclosure control, with the defaults of interface 6 and 7: their one home.

What belongs here: numbers that a statistician may set in innostat.toml. What does not: the queries that use
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self


class LimitsError(ValueError):
    """A settings table that holds a limit nobody knows, or a value outside its range."""

    def __init__(self, table: str, zh: list[str], en: list[str]) -> None:
        self.zh = f"innostat.toml [{table}]：" + "；".join(sorted(zh))
        self.en = f"innostat.toml [{table}]: " + "; ".join(sorted(en))
        super().__init__(f"{self.zh} | {self.en}")


@dataclass(frozen=True)
class _Limits:
    _table: ClassVar[str]

    @classmethod
    def from_settings(cls, table: Mapping[str, Any]) -> Self:
        """The limits of a settings table; what it doesn't name keeps its default."""
        kinds = {field.name: str(field.type) for field in fields(cls)}
        zh, en, values = [], [], dict[str, Any]()
        for name, value in table.items():
            if name not in kinds:
                zh.append(f"没有名为 {name} 的设置（可用：{'、'.join(kinds)}）")
                en.append(f"there is no setting {name} (known: {', '.join(kinds)})")
            elif not _fits(kinds[name], value):
                zh.append(f"{name} = {value!r} 不是 {_MEANING[kinds[name]][0]}")
                en.append(f"{name} = {value!r} is not {_MEANING[kinds[name]][1]}")
            else:
                values[name] = tuple(value) if isinstance(value, list) else value
        if zh:
            raise LimitsError(cls._table, zh, en)
        return cls(**values)


_MEANING = {
    "float": ("0 到 1 之间的份额", "a share between 0 and 1"),
    "int": ("非负整数", "a whole number of 0 or more"),
    "tuple[str, ...]": ("来源名称列表", "a list of source names"),
}


def _fits(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if kind == "float":
        return isinstance(value, int | float) and 0 <= value <= 1
    if kind == "int":
        return isinstance(value, int) and value >= 0
    return isinstance(value, list | tuple) and all(isinstance(name, str) and name.strip() for name in value)


@dataclass(frozen=True)
class GateLimits(_Limits):
    """`[gate]`: what a release needs, and how far it may differ from the last before a person looks at it."""

    _table: ClassVar[str] = "gate"

    # A `|` separates sources of which any will do.
    required: tuple[str, ...] = ("enterprise_register", "enterprise_revenue | survey_finance")
    quarantined_share: float = 0.05
    # Below this many rows one bad row is a large share and says nothing about the delivery.
    quarantined_min_rows: int = 100
    rows_drop: float = 0.30
    # Thousand and ten thousand yuan are a factor of ten apart; no source's median grows so within a year.
    unit_factor: int = 5
    # The median of a handful of enterprises may well move so far.
    unit_min_rows: int = 20
    # Large firms' file beside small firms' differs by tens; a whole unit (千元 for 元) by a thousand.
    unit_peer_factor: int = 300
    # From how many times last year's a single enterprise's revenue is told to a person (F44).
    jump_factor: int = 100
    # An optional column of a handful of rows may well be empty once.
    column_min_rows: int = 100
    rate_move: float = 0.10
    # One enterprise moves the rate of a city with fewer by more than 10 points.
    rate_min_asked: int = 10


@dataclass(frozen=True)
class DisclosureLimits(_Limits):
    """`[public]`: how many enterprises must stand behind a public cell."""

    _table: ClassVar[str] = "public"

    min_units: int = 3
    # Each of met, not met, unknown, tier unknown is none or at least this many.
    min_part: int = 3
    # "None of them is covered" says something of each: it needs a larger crowd.
    min_units_none_met: int = 10
