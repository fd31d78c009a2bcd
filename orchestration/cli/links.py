"""`innostat links`: names without codes; who waits, with suggestions, and writing down what a person decided."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from orchestration.cli.common import Date, print_json
from orchestration.cli.common import group as make_group
from orchestration.clock import today
from orchestration.home import Home, open_home
from orchestration.messages import Stop, counted, say
from orchestration.standing import reading, standing

_SHOWN = 20


@make_group(
    "links",
    "没有代码的名称：哪些在等待、可能是谁。只有人能决定，系统从不按相似度关联。",
    "Names without codes: who waits, and whom they may mean. Only a person decides; a likeness never links.",
    (
        "links",
        "links --source rd_institution --all",
        "links decide --source patent --name 甲公司 \\\n    --uscc 91340000148950117P --by 张三",
    ),
    with_json=True,
)
@click.option("--source", help=say("只看这个来源", "This source only"))
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help=say(f"全部列出（否则前 {_SHOWN} 个）", f"All of them (else the first {_SHOWN})"),
)
def command(home: Path, as_json: bool, source: str | None, everything: bool) -> int:
    """List who waits, by source, names in most rows first."""
    opened = open_home(home)
    release, names = _waiting(opened)
    names = [one for one in names if source in (None, one["source"])]
    if as_json:
        print_json({"release": release, "waiting": names})
    else:
        _show(release, names, None if everything else _SHOWN)
    return 0


@command.command_of(
    "decide",
    "把一个决定写入 decisions/links.csv：某来源的这个名称就是这家企业。下次运行起生效。",
    "Write a decision into decisions/links.csv: in this source, this name is this enterprise. The next run uses it.",
    (
        "links decide --source patent --name 甲公司 \\\n    --uscc 91340000148950117P --by 张三",
        "links decide --source patent --name 甲公司 \\\n    --uscc 91340000148950117P --by 张三 --on 2026-03-01",
    ),
    with_json=True,
)
@click.option(
    "--source", required=True, help=say("名称出现在哪个来源", "The source in which the name stands")
)
@click.option(
    "--name", required=True, help=say("等待关联的名称，照原样", "The name that waits, as it stands there")
)
@click.option("--uscc", required=True, help=say("企业的统一社会信用代码", "The enterprise's credit code"))
@click.option("--by", required=True, help=say("由谁决定", "Who decides"))
@click.option("--on", type=Date(), help=say("决定日期（否则今天）", "The day of the decision (else today)"))
def decide(home: Path, as_json: bool, source: str, name: str, uscc: str, by: str, on: date | None) -> int:
    """Judge the decision and add it."""
    from ingestion.contract import load_contracts
    from ingestion.deciding import decide_link
    from ingestion.decisions import DecisionError

    opened = open_home(home)
    day, registered = on or today(), _registered(opened)
    if not name.strip() or not by.strip():
        raise Stop(2, "decision", "--name 与 --by 都不能为空。", "neither --name nor --by may be blank.")
    try:
        added = decide_link(
            opened.decisions / "links.csv",
            load_contracts(),
            source=source,
            name=name,
            uscc=uscc,
            by=by,
            on=day,
            registered=registered,
        )
    except DecisionError as error:
        raise Stop(2, "decision", error.zh, error.en) from error
    known = "".join(uscc.split()).replace("-", "").upper() in registered
    if as_json:
        print_json({"added": added, "source": source, "name": name, "in_register": known, "decided_on": day})
        return 0
    click.echo(
        say(
            "已写入 decisions/links.csv，下次运行（innostat run）起生效。",
            "written into decisions/links.csv; the next innostat run uses it.",
        )
        if added
        else say(
            "decisions/links.csv 中已有这条决定，未改动。", "decisions/links.csv says so already; unchanged."
        )
    )
    if not known:
        click.echo(
            say(
                "注意：现行发布的名录中没有这个代码，这些行会有代码，但不属于任何在库企业。",
                "Note: no register of the current release has this code;\n"
                "its rows get the code, but belong to no enterprise of the frame.",
            )
        )
    return 0


def _registered(home: Home) -> set[str]:
    from publication.errors import QueryError
    from publication.waiting import registered_codes

    try:
        if standing(home) is None:
            return set()
        with reading(home) as release:
            return registered_codes(release)
    except QueryError as error:
        raise Stop(2, error.code, error.zh, error.en) from error


def _waiting(home: Home) -> tuple[str | None, list[dict[str, Any]]]:
    """The current release, and the names that wait in it but for those decided since."""
    import pyarrow as pa

    from ingestion.contract import load_contracts
    from ingestion.decisions import DecisionError
    from ingestion.links import name_form, read_decisions
    from publication.errors import QueryError
    from publication.waiting import waiting_names

    linked = [name for name, contract in load_contracts().items() if contract.links]
    try:
        with reading(home) as release:
            names = waiting_names(release)
        decisions = read_decisions(home.decisions / "links.csv", linked, today())
    except (DecisionError, QueryError) as error:
        raise Stop(2, getattr(error, "code", "decision"), error.zh, error.en) from error

    def forms(texts: list[str]) -> list[str]:
        return [str(form) for form in name_form(pa.array(texts, pa.string())).to_pylist()]

    decided = set(zip([one.source for one in decisions], forms([one.name for one in decisions]), strict=True))
    shown = forms([one["name"] for one in names])
    for one, form in zip(names, shown, strict=True):
        one["decided"] = (one["source"], form) in decided
        # A group is not its subsidiaries: nothing of one name says anything of the other (domain.md 3.3).
        for suggestion in one["suggestions"]:
            suggestion["group"] = ("集团" in one["name"]) != ("集团" in suggestion["name"])
    return release.name, names


def _show(release: str | None, names: list[dict[str, Any]], limit: int | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from orchestration.terminal import console

    out = console()
    waiting = [one for one in names if not one["decided"]]
    decided = len(names) - len(waiting)
    head = say(
        f"发布 {release}：{len(waiting):,} 个名称等待关联",
        f"release {release}: {counted(len(waiting), 'name')} without a code",
    )
    if decided:
        head += say(
            f"，另有 {decided:,} 个已决定、待下次运行", f", {decided:,} more are decided for the next run"
        )
    out.print(Text(head, "bold"))
    source = ""
    for one in waiting[:limit]:
        if one["source"] != source:
            source = one["source"]
            out.print(Text(f"\n{source}", "cyan"))
        rows = say(f"{one['n_rows']:,} 行", counted(one["n_rows"], "row"))
        out.print(Padding(Text(f"{one['name']}  ({rows}, {'、'.join(one['files'])})"), (0, 0, 0, 2)))
        same = sum(suggestion["score"] == 100 for suggestion in one["suggestions"])
        if same > 1:
            out.print(
                Padding(
                    Text(
                        say(f"同名企业 {same} 家，请核对", f"{same} enterprises of this name: look closely"),
                        "yellow",
                    ),
                    (0, 0, 0, 4),
                )
            )
        for suggestion in one["suggestions"]:
            mark = say("  集团与子公司不同", "  a group is not its subsidiary") if suggestion["group"] else ""
            line = f"{suggestion['score']:5.1f}  {suggestion['uscc']}  {suggestion['name']}{mark}"
            out.print(Padding(Text(line, "dim" if suggestion["group"] else ""), (0, 0, 0, 4)))
        if not one["suggestions"]:
            out.print(
                Padding(Text(say("没有相近的企业", "nothing like it in the register"), "dim"), (0, 0, 0, 4))
            )
    more = len(waiting) - len(waiting[:limit])
    if more:
        out.print(
            Text(say(f"\n另有 {more:,} 个；--all 全部列出。", f"\n{more:,} more; --all lists them."), "dim")
        )
    if waiting:
        out.print(
            Text(say("\n决定：innostat links decide --help", "\nDecide: innostat links decide --help"), "dim")
        )
