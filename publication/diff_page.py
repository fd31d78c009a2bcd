"""`diff.md`: what changed against the release before, as a page in both languages.

Belongs here: Markdown out of what was compared, and the words for what releases were made of, which the screen uses too.
Does not: comparing (differences.py, orchestration.comparison).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publication.words import percent

_DELIVERIES = 50
_FILES = (("deliveries_added", "新增文件", "more"), ("deliveries_gone", "不再使用的文件", "no longer used"))
OBLIGATIONS = {
    "activity": ("创新活动", "activity"),
    "institution": ("创新机构", "institution"),
    "outcome": ("创新成果", "outcome"),
}
PURPOSES = {"statistical": ("统计", "statistical"), "administrative": ("行政", "administrative")}
# Of Markdown and HTML, within a line; an underscore inside a word is none.
_SIGNS = re.compile(r"([\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_FIRST = "这是第一个发布，没有可比较的。\n\nThis is the first release: there is nothing to compare it with.\n"
_LEGEND = (
    "每张表与每个格的变化见 `diff.parquet`，或用 `innostat diff` 查看。\n\n"
    "Each cell that changed is in `diff.parquet`; `innostat diff` shows them.\n"
)


def page(release_id: str, compared: Mapping[str, Any] | None) -> str:
    """The page of a release; `compared` is what orchestration.comparison gives, None for a first release."""
    title = f"# {release_id}：与上一发布相比 | Against the release before\n\n"
    if compared is None:
        return title + _FIRST
    parts = [f"{compared['old']} → {compared['new']}\n\n", *_made_of(compared["made_of"])]
    parts += [*_headline(compared["headline"]), *_tables(compared["tables"]), "\n", _LEGEND]
    return title + "".join(parts)


def making(differs: Mapping[str, Any], most: int = _DELIVERIES) -> Iterator[tuple[int, str, str]]:
    """What differs in what two releases were made of, as lines in Chinese and English; 1: below the line before.

    Names are as they were delivered.
    """
    if "as_of" in differs:
        dates = f"{differs['as_of']['old']} → {differs['as_of']['new']}"
        yield 0, f"参考日 {dates}", f"as of {dates}"
    for name, zh, en in _FILES:
        some = differs.get(name, [])
        if some:
            files = "file" if len(some) == 1 else "files"
            yield 0, f"{zh} {len(some):,} 个：", f"{len(some):,} {files} {en}:"
        for one in some[:most]:
            line = f"{one['source']}/{one['name']} ({one['delivered_on']})"
            yield 1, line, line
        if len(some) > most:
            yield 1, f"另有 {len(some) - most:,} 个", f"and {len(some) - most:,} more"
    if "decisions" in differs:
        names = ", ".join(differs["decisions"])
        yield 0, f"人工决定：{names}", f"decisions: {names}"
    for name, values in differs.get("settings", {}).items():
        change = f"{name}: {values['old']} → {values['new']}"
        yield 0, f"设置 {change}", f"setting {change}"
    if "program" in differs:
        yield 0, "程序有变化", "the program has changed"
    if not differs:
        yield 0, "输入、决定、设置和程序都相同", "made of the same files, decisions, settings and program"


def changed_rates(rates: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rates of which anything changed."""
    facts = ("rate", "met", "asked")
    return [one for one in rates if any(one[f"old_{fact}"] != one[f"new_{fact}"] for fact in facts)]


def points(one: Mapping[str, Any]) -> str:
    """A rate's change, in points."""
    return "—" if one["points"] is None else f"{one['points']:+.2f}"


def counts(one: Mapping[str, Any]) -> str:
    """How many of how many, before and now."""
    asked = ((one[f"{side}_met"], one[f"{side}_asked"]) for side in ("old", "new"))
    return " → ".join("—" if n is None else f"{met:,}/{n:,}" for met, n in asked)


def _made_of(differs: Mapping[str, Any]) -> Iterator[str]:
    yield "## 为何不同 | Why\n\n"
    for depth, zh, en in making(differs):
        text = _plain(zh) if zh == en else f"{_plain(zh)} | {_plain(en)}"
        yield f"{'  ' * depth}- {text}\n"


def _headline(rates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "\n## 全省覆盖率 | The province's rates\n\n"
    if not (changed := changed_rates(rates)):
        yield "没有变化。 None changed.\n"
        return
    yield "| 年 Year | 分档 Tiers | 要求 Obligation | 用途 Use"
    yield " | 此前 Before | 现在 Now | 百分点 Points | 达到/应达到 Met of asked |\n"
    yield "| --- | --- | --- | --- | ---: | ---: | ---: | ---: |\n"
    for one in changed:
        obligation, purpose = " ".join(OBLIGATIONS[one["obligation"]]), " ".join(PURPOSES[one["purpose"]])
        before, now = ("—" if rate is None else percent(rate) for rate in (one["old_rate"], one["new_rate"]))
        yield (
            f"| {one['reference_year']} | {one['tier_basis']} | {obligation} | {purpose} | {before} | {now}"
            f" | {points(one)} | {counts(one)} |\n"
        )


def _tables(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "\n## 各表 | The tables\n\n"
    if not tables:
        yield "完全相同。 All are the same.\n"
        return
    yield "| 表 Table | 新增行 Rows added | 去除行 removed | 改动行 changed | 改动格 Cells |\n"
    yield "| --- | ---: | ---: | ---: | ---: |\n"
    for one in tables:
        numbers = (one[name] for name in ("rows_added", "rows_removed", "rows_changed", "cells_changed"))
        yield f"| `{one['table']}` | {' | '.join(f'{number:,}' for number in numbers)} |\n"


def _plain(text: str) -> str:
    """A text of others in Markdown, as itself."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
