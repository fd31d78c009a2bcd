"""The screen of `innostat diff`, in 80 columns and two languages.

Here: layout. Not here: what differs (comparison.py).
"""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.messages import say
from orchestration.terminal import console, percent, plain_table, print_line, visible
from publication.diff_page import OBLIGATIONS, PURPOSES, changed_rates, counts, making, points

_DELIVERIES, _CELLS = 10, 50
_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def show(told: dict[str, Any], cells: list[dict[str, Any]] | None) -> None:
    """What differs, and the cells of one table where they were asked for."""
    out = console()
    out.print()
    print_line(out, "bold", f"{told['old']} → {told['new']}")
    for depth, zh, en in making(told["made_of"], _DELIVERIES):
        print_line(out, "dim", "  " * depth + visible(say(zh, en)))
    if cells is not None:
        _cells(out, cells)
    elif not told["tables"]:
        print_line(out, "green", say("所有表完全相同。", "All tables are the same."))
    else:
        _headline(out, told["headline"])
        _tables(out, told["tables"])
    out.print()


def _headline(out: Console, rates: list[dict[str, Any]]) -> None:
    """The province's rates that differ, in points."""
    if not (changed := changed_rates(rates)):
        return
    rows = _table(
        say("全省覆盖率", "Rate, province"),
        say("此前", "Before"),
        say("现在", "Now"),
        say("百分点", "Points"),
        say("达到/应达到", "Met of asked"),
    )
    for one in changed:
        name = (
            f"{one['reference_year']} {one['tier_basis']} {say(*OBLIGATIONS[one['obligation']])}"
            f" {say(*PURPOSES[one['purpose']])}"
        )
        rows.add_row(name, percent(one["old_rate"]), percent(one["new_rate"]), points(one), counts(one))
    out.print()
    out.print(rows)


def _tables(out: Console, tables: list[dict[str, Any]]) -> None:
    rows = _table(
        say("表", "Table"),
        say("新增行", "Rows added"),
        say("去除行", "removed"),
        say("改动行", "changed"),
        say("改动格", "Cells"),
    )
    for one in tables:
        numbers = (one[name] for name in ("rows_added", "rows_removed", "rows_changed", "cells_changed"))
        rows.add_row(visible(one["table"]), *(f"{number:,}" for number in numbers))
    out.print()
    out.print(rows)
    print_line(
        out,
        "dim",
        say(
            "--table 表名 逐格列出一张表；--csv、--parquet 可得全部。",
            "--table NAME lists one cell by cell; --csv and --parquet give all.",
        ),
    )


def _cells(out: Console, cells: list[dict[str, Any]]) -> None:
    out.print()
    for one in cells[:_CELLS]:
        sign, style = _SIGNS[one["change"]]
        place = " ".join(
            "—" if part is None else str(part) for part in json.loads(one["key"] or "{}").values()
        )
        values = [one["old_value"], one["new_value"]]
        if one["column_name"] is None:
            what = next((value for value in values if value is not None), "")
        else:
            what = f"{one['column_name']}: {' → '.join('—' if value is None else value for value in values)}"
        line = " ".join(part for part in (place, what) if part)
        out.print(Text.assemble((f" {sign} ", style), visible(line)), soft_wrap=True)
    if len(cells) > _CELLS:
        more = len(cells) - _CELLS
        print_line(out, "dim", say(f"另有 {more:,} 处；--csv 可得全部。", f"{more:,} more; --csv gives all."))
    if not cells:
        print_line(out, "green", say("这张表完全相同。", "This table is the same."))


def _table(first: str, *numbers: str) -> Table:
    rows = plain_table()
    rows.add_column(first)
    for title in numbers:
        rows.add_column(title, justify="right")
    return rows
