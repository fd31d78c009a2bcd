"""The screen of `innostat explain`: 80 columns, Chinese or English.

Here: layout. Not here: what is shown (cli.explain).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from orchestration.messages import say
from orchestration.terminal import console, percent, plain_table, print_line
from publication.words import OBLIGATIONS

_RATES = ("rate", "share")
_STATUS = {
    "MET": ("已覆盖", "covered"),
    "NOT_MET": ("未覆盖", "not covered"),
    "UNKNOWN": ("不明", "unknown"),
}


def show(told: Mapping[str, Any], limit: int) -> None:
    """Everything that is known of the figure, the shortest first."""
    out = console()
    indicator = told["indicator"]
    print_line(out, "bold", f"{indicator['indicator_id']} {say(indicator['name_zh'], indicator['name_en'])}")
    area, period = told["area"], told["period"]
    print_line(
        out,
        "",
        say(
            f"{area['name']}（{area['code']}） · {period} · 发布 {told['release']}",
            f"{area['name']} ({area['code']}) · {period} · release {told['release']}",
        ),
    )
    _words(out, indicator)
    _values(out, told["values"])
    if told["obligations"]:
        _coverage(out, told["coverage"])
        _sources(out, told["evidence_by_source"], told["tier_basis"])
        _enterprises(out, told, limit)
    else:
        _records(out, told["records"], limit)
    if told["confidential"] is not None:
        _confidential(out, told["confidential"], limit)


def _words(out: Console, indicator: Mapping[str, Any]) -> None:
    lines = (
        (say("定义", "Definition"), _one_language(indicator["definition"])),
        (say("公式", "Formula"), indicator["formula"]),
        (say("来源", "Sources"), indicator["sources"]),
        (say("目标", "Target"), indicator["target_text"]),
        (say("原文", "The policy"), indicator["quote"]),
        (say("注意", "Mind"), _one_language(indicator["caveat"])),
    )
    table = plain_table(header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, text in lines:
        if text:
            table.add_row(Text(name, "bold"), Text(str(text)))
    out.print()
    out.print(table)


def _one_language(text: str | None) -> str:
    zh, _, en = (text or "").partition(" | ")
    return say(zh, en or zh)


def _values(out: Console, values: Iterable[Mapping[str, Any]]) -> None:
    _title(out, say("本次发布的数值", "What the release says"))
    table = plain_table()
    for heading in (say("量", "measure"), say("口径", "reading"), say("类别", "category")):
        table.add_column(heading)
    for heading in (say("数值", "value"), say("分子 / 分母", "of"), say("目标", "target")):
        table.add_column(heading, justify="right")
    table.add_column(say("状态", "status"))
    notes = []
    for one in values:
        rate = _is_rate(one)
        table.add_row(
            one["measure"],
            one["reading"],
            Text(one["category"]),
            _number(one["value"], rate),
            _fraction(one),
            f"{one['target_operator']} {_number(one['target_value'], rate)}"
            if one["target_operator"]
            else "",
            f"{one['status']} {one['vintage']}",
        )
        if one["note"] and one["note"] not in notes:
            notes.append(one["note"])
    out.print(table)
    for note in notes:
        print_line(out, "dim", _one_language(note))


def _coverage(out: Console, rows: Iterable[Mapping[str, Any]]) -> None:
    _title(out, say("各项计数", "The counts"))
    table = plain_table()
    table.add_column(say("要求", "obligation"))
    table.add_column(say("用途", "use"))
    table.add_column("")
    for heading in (
        say("应覆盖", "asked"), say("已覆盖", "met"), say("未覆盖", "not met"), say("不明", "unknown"),
        say("营收不明", "no tier"),
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for row in rows:
        statistical = row["purpose"] == "statistical"
        counts = ("n_asked", "n_met", "n_not_met", "n_unknown", "n_tier_unknown")
        table.add_row(
            say(*OBLIGATIONS[row["obligation"]]),
            say("统计", "statistical") if statistical else say("行政", "administrative"),
            row["tier_basis"],
            *(f"{row[name]:,}" for name in counts),
        )
    out.print(table)


def _sources(out: Console, rows: Iterable[Mapping[str, Any]], basis: str) -> None:
    _title(
        out,
        say(
            f"已覆盖企业的证据来自（{basis}；一户可有多个来源）",
            f"What covers them ({basis}; one enterprise may have several)",
        ),
    )
    table = plain_table()
    for heading in (say("要求", "obligation"), say("用途", "use"), say("来源", "source")):
        table.add_column(heading)
    table.add_column(say("企业", "enterprises"), justify="right")
    table.add_column(say("条", "pieces"), justify="right")
    for row in rows:
        table.add_row(
            say(*OBLIGATIONS[row["obligation"]]),
            say("统计", "statistical") if row["purpose"] == "statistical" else say("行政", "administrative"),
            row["source"],
            f"{row['n_enterprises']:,}",
            f"{row['n_pieces']:,}",
        )
    out.print(table)


def _enterprises(out: Console, told: Mapping[str, Any], limit: int) -> None:
    rows = told["enterprises"]
    basis = told["tier_basis"]
    _title(
        out,
        say(
            f"行政用途下的企业（{basis}，{len(rows):,} 条）",
            f"Enterprises in administrative use ({basis}, {len(rows):,})",
        ),
    )
    print_line(
        out,
        "dim",
        say(
            "统计调查的答复只以上面的计数出现，不逐户列示。",
            "Survey answers appear in the counts above only, never enterprise by enterprise.",
        ),
    )
    for row in rows[: limit or None]:
        status = say(*_STATUS[row["status"]])
        what = say(*OBLIGATIONS[row["obligation"]])
        _line(out, 2, Text.assemble((row["uscc"], "bold"), f" {row['name']} · {what} · {status}"))
        revenue = f"{row['revenue_yuan']:,.0f}"
        _line(
            out,
            4,
            say(
                f"营业收入 {revenue} 元 · {row['reason_code']}",
                f"revenue {revenue} yuan · {row['reason_code']}",
            ),
        )
        for piece in row["evidence"]:
            _line(out, 4, f"{piece['source']} {piece['id']} ← {_place(piece)}")
    _more(out, len(rows), limit)


def _records(out: Console, records: Mapping[str, Any] | None, limit: int) -> None:
    if records is None:
        print_line(
            out,
            "dim",
            say(
                "这个数由其他指标推算，没有自己的记录；请解释其所依据的指标（如 H1、H2、H3）。",
                "This figure follows from others and has no records of its own; explain those (such as H1, H2, H3).",
            ),
        )
        return
    _title(out, say("由行政来源重新计数", "Counted again from administrative sources"))
    for one in records["counts"]:
        name = " · ".join(part for part in (one["measure"], one["reading"], one["category"]) if part)
        of = f" ({_fraction(one)})" if one["denominator"] is not None else ""
        print_line(out, "", f"{name}: {_number(one['value'], _is_rate(one))}{of}")
    if not records["complete"]:
        print_line(
            out,
            "yellow",
            say(
                "与上面不同之处来自统计调查或仅供统计的报送，只计数，不列示。",
                "What is missing against the release comes from surveys or statistical deliveries: "
                "counted above, never listed.",
            ),
        )
    rows = records["records"]
    _title(out, say(f"背后的记录（{len(rows):,} 条）", f"The records behind it ({len(rows):,})"))
    for row in rows[: limit or None]:
        mark = "" if row["is_counted"] else say("（只在分母）", " (in the base only)")
        labels = [row["reading"] if row["reading"] != "main" else "", row["category"], _amount(row)]
        label = " · ".join(part for part in labels if part)
        _line(
            out, 2, Text.assemble((row["record"], "bold"), f"{mark}  {row['counts_from']}  {label}".rstrip())
        )
        for piece in row["delivered"] or []:
            _line(out, 4, f"{piece['source']} ← {_place(piece)}")
    _more(out, len(rows), limit)


def _confidential(out: Console, rows: list[Mapping[str, Any]], limit: int) -> None:
    _title(
        out,
        say(
            f"统计用途（保密，{len(rows):,} 条；不得用于统计以外的目的）",
            f"Statistical use (confidential, {len(rows):,}; for statistical purposes only)",
        ),
    )
    for row in rows[: limit or None]:
        status = say(*_STATUS[row["status"]])
        piece = (
            f" · {row['evidence_source']} {row['evidence_id']} ({row['evidence_count']})"
            if row["evidence_source"]
            else ""
        )
        _line(out, 2, f"{row['uscc']} · {row['obligation']} · {status}{piece}")
    _more(out, len(rows), limit)


def _line(out: Console, indent: int, text: str | Text) -> None:
    out.print(Padding(Text(text) if isinstance(text, str) else text, (0, 0, 0, indent)))


def _title(out: Console, text: str) -> None:
    out.print()
    print_line(out, "bold", text)


def _more(out: Console, found: int, limit: int) -> None:
    if limit and found > limit:
        print_line(
            out,
            "dim",
            say(
                f"另有 {found - limit:,} 条；--limit 0 可得全部。",
                f"{found - limit:,} more; --limit 0 gives all.",
            ),
        )


def _place(piece: Mapping[str, Any]) -> str:
    sheet = f"[{piece['sheet']}]" if piece["sheet"] else ""
    return say(f"{piece['file']}{sheet} 第 {piece['row']} 行", f"{piece['file']}{sheet} row {piece['row']}")


def _number(value: float | None, rate: bool) -> str:
    if value is None:
        return "—"
    if rate:
        return percent(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def _is_rate(one: Mapping[str, Any]) -> bool:
    return one["measure"] in _RATES or str(one["measure"]).endswith("_share")


def _amount(row: Mapping[str, Any]) -> str:
    """What this record adds to a sum or a ratio of sums."""
    if row["amount"] is None:
        return ""
    base = "" if row["base"] is None else f" / {_number(row['base'], False)}"
    return f"{'、'.join(row['measures'])} {_number(row['amount'], False)}{base}"


def _fraction(one: Mapping[str, Any]) -> str:
    if one["denominator"] is None:
        return ""
    return f"{_number(one['numerator'], False)} / {_number(one['denominator'], False)}"
