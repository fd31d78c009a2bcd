"""Corrections that people decide: `decisions/corrections.csv`, a cell that is known to be wrong and what is right.

Belongs here: reading that file, whole or not at all. Not here: finding the cells and changing them (`correcting`).

A line is for a value that its provider will not or can not deliver again. It names the row by `column=value;column=value`
(by the value alone where the key is one column), the value that stands there now, and the right one. Money is in yuan;
a cell in quarantine is named by the text that was delivered.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unicodedata import normalize

from ingestion.contract import Source
from ingestion.decisions import DecisionError
from ingestion.inbox import decode

COLUMNS = ("source", "key", "column", "wrong_value", "right_value", "reason", "decided_by", "decided_on")


@dataclass(frozen=True)
class Correction:
    """One line of the file."""

    line: int
    source: str
    key_text: str
    key: Mapping[str, str]  # column → value
    column: str
    wrong: str
    right: str
    reason: str
    decided_by: str
    decided_on: date


def read_corrections(path: Path, contracts: Mapping[str, Source], as_of: date) -> list[Correction]:
    """The corrections decided by this date. No file means none; a wrong line is refused, never passed over."""
    if not path.exists():
        return []
    reader = csv.DictReader(io.StringIO(decode(path.read_bytes()), newline=""))
    header = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = header
    if missing := [column for column in COLUMNS if column not in header]:
        raise DecisionError(
            f"{path} 的第一行缺少列：{'、'.join(missing)}（应有 {','.join(COLUMNS)}）",
            f"{path}: the first line lacks {', '.join(missing)} (it should be {','.join(COLUMNS)})",
        )
    found: list[Correction] = []
    wrong: list[tuple[int, str, str]] = []
    seen: dict[tuple[str, frozenset[tuple[str, str]], str], int] = {}
    for row in reader:
        line = reader.line_num
        cells = {name: (row[name] or "").strip() for name in COLUMNS}
        if not any(cells.values()):
            continue
        result = _correction(line, cells, contracts)
        if not isinstance(result, Correction):
            wrong.append((line, *result))
            continue
        identity = (result.source, frozenset(result.key.items()), result.column)
        if (first := seen.setdefault(identity, line)) != line:
            wrong.append(
                (line, f"与第 {first} 行改的是同一个单元格", f"corrects the same cell as line {first}")
            )
        found.append(result)
    if wrong:
        raise unusable(path, wrong)
    return [one for one in found if one.decided_on <= as_of]


def unusable(path: Path, wrong: list[tuple[int, str, str]]) -> DecisionError:
    """The file cannot be used: each offending line, in both languages."""
    return DecisionError(
        f"{path} 有错误，未采用：" + "；".join(f"第 {line} 行 {zh}" for line, zh, _ in sorted(wrong)),
        f"{path} is not usable: " + "; ".join(f"line {line}: {en}" for line, _, en in sorted(wrong)),
    )


def _correction(
    line: int, cells: Mapping[str, str], contracts: Mapping[str, Source]
) -> Correction | tuple[str, str]:
    source = contracts.get(cells["source"])
    if source is None:
        return f"没有来源“{cells['source']}”", f"there is no source '{cells['source']}'"
    key = _key(cells["key"], source)
    if isinstance(key, tuple):
        return key
    if cells["column"] not in source.columns:
        columns = "、".join(source.columns)
        return (
            f"来源 {source.name} 没有列“{cells['column']}”（有 {columns}）",
            f"{source.name} has no column '{cells['column']}' (it has {columns.replace('、', ', ')})",
        )
    if normalize("NFKC", cells["wrong_value"]) == normalize("NFKC", cells["right_value"]):
        return "错误值与正确值相同", "wrong_value and right_value are the same"
    for name in ("reason", "decided_by"):
        if not cells[name]:
            return f"{name} 为空：请写明理由和决定人", f"{name} is blank: say why, and who decided"
    try:
        decided_on = date.fromisoformat(
            "-".join(part.zfill(2) for part in re.split("[-/]", cells["decided_on"]))
        )
    except ValueError:
        return (
            f"决定日期（decided_on）“{cells['decided_on']}”不是 2026-03-01 这样的日期",
            f"decided_on '{cells['decided_on']}' is no date like 2026-03-01",
        )
    return Correction(
        line,
        source.name,
        cells["key"],
        key,
        cells["column"],
        cells["wrong_value"],
        cells["right_value"],
        cells["reason"],
        cells["decided_by"],
        decided_on,
    )


def _key(text: str, source: Source) -> dict[str, str] | tuple[str, str]:
    """The columns that name the row; all of the key, where the name of a link may stand for its code."""
    if "=" not in text and len(source.keys) == 1:
        return {source.keys[0]: text} if text else ("key 为空", "the key is blank")
    pairs = [pair.partition("=") for pair in normalize("NFKC", text).split(";") if pair.strip()]
    key = {column.strip(): value.strip() for column, _, value in pairs}
    wanted = ";".join(f"{column}=…" for column in source.keys)
    if unknown := [column for column in key if column not in source.columns]:
        return (
            f"key 中没有列 {'、'.join(unknown)}（应为 {wanted}）",
            f"key: no column {', '.join(unknown)} ({wanted})",
        )
    whole = all(column in key or source.links.get(column) in key for column in source.keys)
    other = bool(source.alternative_key) and all(column in key for column in source.alternative_key)
    if not (whole or other):
        return f"key 不完整（应为 {wanted}）", f"the key is not whole (it should be {wanted})"
    return key
