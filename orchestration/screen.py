"""The closing screen of a run, in 80 columns and two languages.

Here: layout with rich, which knows that a Chinese character is two columns wide. Not here: the figures.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestration.messages import language, say
from orchestration.summary import command_to_approve, withheld_words
from orchestration.terminal import bar, console, percent, plain_table, print_line, short

_REASONS_SHOWN = 6
_OBLIGATIONS = {
    "activity": ("创新活动", "Activity"),
    "institution": ("创新机构", "Institution"),
    "outcome": ("创新成果", "Outcome"),
}


def show_run(result: dict[str, Any]) -> None:
    """What came of a run: the release and its headline, or why there is none."""
    out = console()
    state = result["state"]
    out.print()
    if state == "published":
        _title(out, result)
        _headline(out, result["headline"])
        _rows(out, result)
        _quarantine(out, result)
        _problems(out, result["problems"])
        _files(out, result)
        _next(out, result)
    elif state == "nothing_new":
        print_line(out, "green", say("没有新内容，不需要发布。", "Nothing new to publish."))
        print_line(
            out, "", say(f"现行发布：{result['release']}", f"The current release: {result['release']}")
        )
        if result["withheld"]:
            print_line(out, "yellow", say(*withheld_words(result["withheld"])))
        _problems(out, result["problems"])
    else:
        _refusal(out, result)
    out.print()


def _title(out: Console, result: dict[str, Any]) -> None:
    aside = (
        say("（旧参考日，不改动现行发布）", " (earlier date: current is unchanged)")
        if result["aside"]
        else ""
    )
    head = Table.grid(expand=True)
    head.add_column()
    head.add_column(justify="right")
    head.add_row(Text(say("✓ 已发布", "✓ Published"), "bold green"), Text(result["release"], "bold"))
    out.print(Padding(head, (0, 1)))
    facts = say(
        "参考日 {as_of} · 名录企业 {enterprises:,} 家，其中在库 {enterprises_active:,} 家 · {seconds} 秒",
        "as of {as_of} · {enterprises:,} enterprises in the register, {enterprises_active:,} active · {seconds} s",
    ).format(**result)
    print_line(out, "dim", facts + aside)


def _headline(out: Console, rows: list[dict[str, Any]]) -> None:
    """The rates of the last finished year with target and counts, the running year's nowcast beside them."""
    finished = [row for row in rows if row["tier_basis"] == "CY"]
    running = [row for row in rows if row["tier_basis"] == "PY"]
    main = finished or running
    if not main:
        return
    nowcast = {row["obligation"]: row for row in running} if finished else {}
    table = plain_table()
    table.add_column(say("覆盖率", "Coverage"))
    for title in ("", str(main[0]["year"]), "", say("已覆盖/应覆盖", "covered / N"), say("目标", "target")):
        table.add_column(title, justify="right", no_wrap=True)
    if nowcast:
        table.add_column(say(f"{running[0]['year']} 至今", f"{running[0]['year']} now"), justify="right")
    for row in main:
        cells: list[str | Text] = [
            say(*_OBLIGATIONS[row["obligation"]]),
            Text(_threshold(row["threshold_yuan"]), "dim"),
            Text(percent(row["rate"]), "bold cyan"),
            bar(row["rate"], row["path_rate"]),
            f"{row['n_met']:,} / {row['n_asked']:,}",
            percent(row["target_rate"]),
        ]
        if nowcast:
            cells.append(Text(percent(nowcast[row["obligation"]]["rate"]), "dim"))
        table.add_row(*cells)
    out.print()
    out.print(Padding(table, (0, 1)))
    if any(row["path_rate"] is not None for row in main):
        print_line(out, "dim", say("┃ 为按轨迹此时应达到之处", "┃ is where the path to full coverage stands"))
    if any(row["n_unknown"] for row in main):
        upper = " · ".join(percent(row["rate_upper"]) for row in main)
        print_line(
            out,
            "dim",
            say(
                f"状态未知者算未覆盖；若都已覆盖，则为 {upper}",
                f"unknown counts as not covered; were all covered: {upper}",
            ),
        )


def _rows(out: Console, result: dict[str, Any]) -> None:
    deliveries = result["deliveries"]
    if not deliveries:
        return
    by_source: dict[str, list[int]] = {}
    for one in deliveries:
        line = by_source.setdefault(one["source"], [0] * 5)
        for place, value in enumerate((1, one["read"], one["accepted"], one["quarantined"], one["skipped"])):
            line[place] += value
    table = plain_table()
    table.add_column(say("来源", "Source"), max_width=32, overflow="fold")
    for title in (
        say("文件", "files"),
        say("读入", "read"),
        say("采用", "accepted"),
        say("隔离", "quarantined"),
        say("跳过", "skipped"),
    ):
        table.add_column(title, justify="right", no_wrap=True)
    for source, counts in sorted(by_source.items()):
        shown = [f"{count:,}" for count in counts]
        shown[3] = f"[yellow]{shown[3]}[/yellow]" if counts[3] else shown[3]
        table.add_row(_source_title(source), *shown)
    totals = [sum(line[place] for line in by_source.values()) for place in range(5)]
    table.add_row(say("合计", "Total"), *(f"{total:,}" for total in totals), style="bold")
    out.print()
    out.print(Padding(table, (0, 1)))
    read, accepted, quarantined, skipped = (f"{total:,}" for total in totals[1:])
    conserved = say(
        f"读入 {read} = 采用 {accepted} + 隔离 {quarantined} + 跳过 {skipped}",
        f"{read} read = {accepted} accepted + {quarantined} quarantined + {skipped} skipped",
    )
    print_line(
        out,
        *(("green", f"✓ {conserved}") if totals[1] == sum(totals[2:]) else ("bold red", f"✗ {conserved}")),
    )
    for one in deliveries:
        if one["refused"]:
            print_line(
                out,
                "red",
                say(
                    f"整个文件未采用：{one['source']}/{one['name']}",
                    f"file refused: {one['source']}/{one['name']}",
                ),
            )


def _quarantine(out: Console, result: dict[str, Any]) -> None:
    reasons = result["quarantine"]
    if not reasons:
        return
    out.print()
    print_line(
        out,
        "bold",
        say(
            "隔离最多的原因（改正后重新送交即自动恢复）",
            "Why rows are in quarantine (a corrected file brings them back)",
        ),
    )
    table = plain_table(header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for one in reasons[:_REASONS_SHOWN]:
        table.add_row(Text(f"{one['rows']:,}", "yellow"), Text(say(one["zh"], one["en"])))
    out.print(Padding(table, (0, 1)))
    for count, zh, en in (
        (result["unlinked"], "另有 {:,} 行只有名称，尚待关联信用代码。",
         "{:,} more rows have a name only and wait for a credit code."),
        (result["outside_register"], "机构、成果与营收中有 {:,} 个信用代码不在名录中（表 outside_register）。",
         "{:,} credit codes of institutions, outcomes and revenue are in no register (table outside_register)."),
    ):  # fmt: skip
        if count:
            print_line(out, "", say(zh, en).format(count))


def _problems(out: Console, problems: list[dict[str, Any]]) -> None:
    if problems:
        out.print()
    for one in problems:
        print_line(out, "yellow", say(f"！{one['zh']}", f"! {one['en']}"))


def _files(out: Console, result: dict[str, Any]) -> None:
    release, run = short(result["paths"]["release"]), short(result["paths"]["run"])
    out.print()
    print_line(out, "bold", say("文件", "Files"))
    for path, zh, en in (
        (f"{release}/public/indicators.xlsx", "可对外公布的指标表", "indicators, safe to hand out"),
        (
            f"{release}/restricted/gap_list.xlsx",
            "企业缺口清单（内部）",
            "gap list by enterprise (restricted)",
        ),
        (f"{release}/warehouse.duckdb", "供分析的数据库", "database for analysts"),
        (f"{run}/receipts/", "各来源的接收回执", "receipts by source"),
    ):
        out.print(Text.assemble(f"   {path}  ", (say(zh, en), "dim")), soft_wrap=True)


def _next(out: Console, result: dict[str, Any]) -> None:
    home = _home_option(result)
    # All that tells one rate from another: without it the sixteen would be of any year, basis and purpose.
    sql = (
        "SELECT reference_year, member_name, rate FROM coverage WHERE obligation='activity' AND dimension='city'"
        " AND purpose='statistical' AND tier_basis='CY'"
    )
    out.print()
    print_line(out, "bold", say("接下来可以", "Next"))
    for text in (f'innostat query{home} "{sql}"', f"innostat status{home}", f"innostat ui{home}"):
        out.print(Text(f"   {text}", "cyan"), soft_wrap=True)


def _refusal(out: Console, result: dict[str, Any]) -> None:
    held = result["state"] == "held"
    title = (
        say("✗ 候选发布被扣留，等待人工审核", "✗ The candidate is held for review")
        if held
        else say("✗ 未发布", "✗ Not published")
    )
    print_line(out, "bold red", title)
    stands = result["release"]
    print_line(
        out,
        "",
        say(f"现行发布不变：{stands}", f"The current release stands: {stands}")
        if stands
        else say("目前还没有任何发布。", "There is no release yet."),
    )
    for number, reason in enumerate(result["reasons"][:_REASONS_SHOWN], 1):
        out.print()
        out.print(Padding(Text(f"{number}. {say(reason['zh'], reason['en'])}"), (0, 1)))
        out.print(Padding(Text(f"→ {say(reason['remedy_zh'], reason['remedy_en'])}", "cyan"), (0, 1, 0, 4)))
    more = len(result["reasons"]) - _REASONS_SHOWN
    if more > 0:
        out.print()
        print_line(out, "", say(f"另有 {more} 条，见报告。", f"{more} more reasons are in the report."))
    _problems(out, result["problems"])
    out.print()
    if held:
        _path(out, "候选发布", "Candidate", f"{result['paths']['run']}/candidate")
    _path(out, "报告", "Report", result["paths"]["report"])
    if held:
        command = command_to_approve(result["run"], result["candidate_sha256"])
        print_line(
            out,
            "",
            say("看过无误后批准这一个候选：", "To approve this very candidate once you have looked at it:"),
        )
        out.print(Text(f"   innostat {command}{_home_option(result)}", "cyan"), soft_wrap=True)


def _path(out: Console, zh: str, en: str, path: str) -> None:
    out.print(Text(f" {say(zh, en)}  {short(path)}"), soft_wrap=True)


def _threshold(yuan: int) -> str:
    return say(f"≥{yuan / 10**8:g}亿元", f"≥¥{yuan / 10**6:g}m")


def _source_title(source: str) -> str:
    if language() == "en":
        return source
    from ingestion.contract import load_contracts

    contract = load_contracts().get(source)
    return contract.title if contract else source


def _home_option(result: dict[str, Any]) -> str:
    home = os.path.dirname(os.path.dirname(result["paths"]["run"]))
    if os.path.realpath("home") == home:
        return ""
    return f" --home {shlex.quote(short(home))}"
