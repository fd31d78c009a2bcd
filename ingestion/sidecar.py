"""The sidecar `FILE.meta.toml`: what a provider may say about a file that the file itself does not.

Belongs here: reading and validating the sidecar's text. Does not belong here: finding it (`inbox`),
acting on it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from ingestion.contract import Purpose, Source
from ingestion.rules import RefusedError, refuse
from ingestion.units import UNITS

_KEYS = {"delivered_on", "unit", "sheet", "rows", "sha256", "mode", "purpose", "columns", "constants"}


@dataclass(frozen=True)
class Sidecar:
    """A valid sidecar; a file without one has the defaults."""

    delivered_on: date | None = None
    unit: str | None = None
    sheet: str | None = None
    rows: int | None = None
    sha256: str | None = None
    mode: Literal["full", "upsert", "delete"] | None = None
    purpose: Purpose | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # title as delivered → canonical name
    constants: Mapping[str, str] = field(default_factory=dict)  # canonical name → value as text


def parse_sidecar(text: str | None, source: Source) -> Sidecar:
    """Read a sidecar's text; raises RefusedError (code `sidecar_invalid`) with the reason in words."""
    if text is None:
        return Sidecar()
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(f"不是有效的 TOML（{error}）", f"not valid TOML ({error})") from None
    if unknown := sorted(said.keys() - _KEYS):
        raise _invalid(f"未知的项 {'、'.join(unknown)}", f"unknown keys {', '.join(unknown)}")
    columns = _table(said, "columns")
    constants = _table(said, "constants")
    for name in [*columns.values(), *constants]:
        if name not in source.columns:
            raise _invalid(
                f"来源 {source.name} 没有列 {name}", f"the source {source.name} has no column {name}"
            )
    return Sidecar(
        delivered_on=_date(said.get("delivered_on")),
        unit=_choice(said, "unit", tuple(UNITS)),
        sheet=_text(said, "sheet"),
        rows=_count(said.get("rows")),
        sha256=_sha256(said.get("sha256")),
        mode=_choice(said, "mode", ("full", "upsert", "delete")),
        purpose=_choice(said, "purpose", ("statistical", "administrative")),
        columns={title: str(name) for title, name in columns.items()},
        constants={name: _as_cell(name, value) for name, value in constants.items()},
    )


def _invalid(zh: str, en: str) -> RefusedError:
    return refuse("sidecar_invalid", reason_zh=zh, reason_en=en)


def _table(said: dict[str, Any], key: str) -> dict[str, Any]:
    value = said.get(key, {})
    if not isinstance(value, dict) or (
        key == "columns" and not all(isinstance(v, str) for v in value.values())
    ):
        raise _invalid(f"[{key}] 应为一个表", f"[{key}] must be a table of names")
    return value


def _text(said: dict[str, Any], key: str) -> str | None:
    value = said.get(key)
    if value is not None and not isinstance(value, str):
        raise _invalid(f"{key} 应为文本", f"{key} must be text")
    return value


def _choice(said: dict[str, Any], key: str, choices: tuple[str, ...]) -> Any:
    value = _text(said, key)
    if value is not None and value not in choices:
        raise _invalid(f"{key} 只能是 {'、'.join(choices)}", f"{key} must be one of {', '.join(choices)}")
    return value


def _date(value: Any) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _invalid(f"delivered_on 不是日期：{value}", f"delivered_on is no date: {value}") from None
    if isinstance(value, datetime):
        return value.date()
    if value is not None and not isinstance(value, date):
        raise _invalid(f"delivered_on 不是日期：{value}", f"delivered_on is no date: {value}")
    return value


def _count(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise _invalid("rows 应为非负整数", "rows must be a whole number")
    return value


def _sha256(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise _invalid("sha256 应为64位十六进制数", "sha256 must be 64 hexadecimal digits")
    return value.lower()


def _as_cell(name: str, value: Any) -> str:
    """A constant as the text that a cell would hold: it meets the same rules."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | date):
        return str(value)
    raise _invalid(f"[constants] 的 {name} 应为单个值", f"the constant {name} must be a single value")
