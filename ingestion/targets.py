"""Targets that people set or change: `decisions/targets.csv`, by indicator, area and period.

Belongs here: reading that file, whole or not at all. Not here: the policy's own targets (a seed of dbt_project),
what a target means for an indicator (dbt_project).
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb

from ingestion.decisions import DecisionError
from ingestion.inbox import decode

# City allocations, the final text of the policy. `period` is a year, quarter, month or week; the rest has defaults.
COLUMNS = ("indicator_id", "area_code", "period", "target_value")
_DEFAULTS = {"measure": "count", "reading": "*", "operator": ">=", "note": ""}
_KEY = ("indicator_id", "measure", "reading", "area_code", "period")
_PERIOD = re.compile(r"\d{4}(-(Q[1-4]|0[1-9]|1[0-2]|W[0-5]\d))?")
_OPERATORS = (">=", "=", "~", "<=")

TABLE = """
    CREATE TABLE raw.target_decision (
        indicator_id VARCHAR, measure VARCHAR, reading VARCHAR, area_code VARCHAR, period_from VARCHAR,
        period_to VARCHAR, operator VARCHAR, target_value DOUBLE, note VARCHAR)"""


def read_targets(path: Path) -> list[dict[str, str]]:
    """The targets in the file; no file means none. Raises DecisionError naming every line that can't be used."""
    if not path.exists():
        return []
    reader = csv.DictReader(decode(path.read_bytes()).splitlines())
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        names = ", ".join(missing)
        raise DecisionError(f"{path} 的第一行缺少列：{names}", f"{path}: the first line lacks {names}")
    targets: list[dict[str, str]] = []
    wrong: list[tuple[str, str]] = []
    lines: dict[tuple[str, ...], int] = {}
    for line, row in enumerate(reader, start=2):
        cells = {name: (value or "").strip() for name, value in row.items() if name}
        if not any(cells.values()):
            continue
        target = {**_DEFAULTS, **{name: value for name, value in cells.items() if value}}
        bad = [
            name
            for name, good in (
                ("indicator_id", bool(target.get("indicator_id"))),
                ("area_code", bool(re.fullmatch(r"\d{6}|\*", target.get("area_code", "")))),
                ("period", bool(_PERIOD.fullmatch(target.get("period", "")))),
                ("target_value", bool(re.fullmatch(r"\d+(\.\d+)?", target.get("target_value", "")))),
                ("operator", target["operator"] in _OPERATORS),
            )
            if not good
        ]
        names = "、".join(bad)
        first = lines.setdefault(tuple(target.get(name, "") for name in _KEY), line)
        if bad:
            wrong.append((f"第 {line} 行 {names} 无效", f"line {line}: {names} not valid"))
        elif first != line:
            wrong.append(
                (f"第 {line} 行与第 {first} 行是同一个数", f"line {line}: the same figure as line {first}")
            )
        targets.append(target)
    if wrong:
        raise DecisionError(
            f"{path} 有错误，未采用：" + "；".join(zh for zh, _ in wrong),
            f"{path} is not usable: " + "; ".join(en for _, en in wrong),
        )
    return targets


def fill(con: duckdb.DuckDBPyConnection, targets: list[dict[str, str]]) -> None:
    """Make raw.target_decision of the open build database."""
    con.execute(TABLE)
    columns = (
        "indicator_id",
        "measure",
        "reading",
        "area_code",
        "period",
        "period",
        "operator",
        "target_value",
        "note",
    )
    for target in targets:
        con.execute(
            "INSERT INTO raw.target_decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [target[c] for c in columns]
        )
