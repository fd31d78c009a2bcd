"""`innostat check`: what a run would make of files, before they are delivered."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import contract_of, print_json
from orchestration.cli.usage import BadValueError
from orchestration.clock import today
from orchestration.environment import SEEDS
from orchestration.messages import say

if TYPE_CHECKING:
    from ingestion.contract import Source
    from ingestion.typed_receipt import Receipt

_ISSUES = """
SELECT _sheet AS sheet, _row AS row, column_name, value, rule, severity, detail_zh, detail_en
FROM read_parquet($path) ORDER BY severity, sheet, row, column_name LIMIT $limit
"""
_SHOWN = 20


def _regular(ctx: click.Context, parameter: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files; a pipe has no end to wait for."""
    from ingestion.inbox import problem

    for path in files:
        if not path.is_file():
            refused = problem("not_a_file", str(path))
            raise BadValueError(refused.zh, refused.en, parameter, ctx)
    return files


@make(
    "check",
    "试读文件：哪些行会被采用、哪些被隔离及原因。不写入任何内容。",
    "A dry run over files: what would be accepted, what quarantined and why. Writes nothing.",
    ("check 营业收入.xlsx --source enterprise_revenue", "check *.csv --source patent --json"),
    with_json=True,
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_regular,
)
@click.option(
    "--source", required=True, help=say("来源名称，即收件箱文件夹名", "The source: its inbox folder's name")
)
def command(home: Path, as_json: bool, files: tuple[Path, ...], source: str) -> int:
    """Try each file."""
    contract = contract_of(source)
    found = [_try(path, contract) for path in files]
    if as_json:
        print_json(found)
    else:
        for one in found:
            _show(one)
    return 0


def _try(path: Path, source: Source) -> dict[str, Any]:
    """The receipt and the first issues of one file, typed in a folder that is gone afterwards."""
    import duckdb

    from ingestion.inbox import SIDECAR, decode
    from ingestion.reference import Reference
    from ingestion.rules import row_rules
    from ingestion.store import Delivery, delivery_id
    from ingestion.typed import type_delivery

    beside = path.with_name(path.name + SIDECAR)
    sidecar = decode(beside.read_bytes()) if beside.is_file() else None
    with path.open("rb") as file:  # as a stream: a delivery may be larger than memory
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    delivery = Delivery(
        delivery_id=delivery_id(source.name, sha256, ""),
        source=source.name,
        name=path.name,
        sha256=sha256,
        size=path.stat().st_size,
        sidecar=sidecar,
        delivered_on=_delivered_on(sidecar, source),
        run_id="check",
        run_seq=0,
    )
    with TemporaryDirectory() as folder:
        typed = Path(folder) / "typed"
        receipt: Receipt = type_delivery(delivery, source, path, Reference(SEEDS), typed)
        issues = []
        if receipt.refused is None:
            with duckdb.connect() as con:
                rows = con.execute(_ISSUES, {"path": str(typed / "issues.parquet"), "limit": _SHOWN})
                names = [column[0] for column in rows.description]
                issues = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    rules = row_rules()
    for issue in issues:
        rule = rules[issue["rule"]]
        issue |= {"zh": rule.zh, "en": rule.en, "advice_zh": rule.advice_zh, "advice_en": rule.advice_en}
    return {**asdict(receipt), "file": str(path), "issues": issues}


def _delivered_on(sidecar: str | None, source: Source) -> Any:
    from ingestion.rules import RefusedError
    from ingestion.sidecar import parse_sidecar

    try:
        return parse_sidecar(sidecar, source).delivered_on or today()
    except RefusedError:  # typing refuses the file for it, in words
        return today()


def _show(one: dict[str, Any]) -> None:
    from rich.text import Text

    from orchestration.terminal import console

    out = console()

    def line(text: str, style: str = "") -> None:
        out.print(Text(text, style), soft_wrap=True)

    line(one["file"], "bold")
    if one["refused"]:
        line(
            say(f"  ✗ 整个文件不会被采用：{one['refused']['zh']}", f"  ✗ refused: {one['refused']['en']}"),
            "red",
        )
        return
    counts = {name: f"{one[name]:,}" for name in ("rows_read", "accepted", "quarantined", "skipped")}
    line(
        say(
            "  读入 {rows_read} = 采用 {accepted} + 隔离 {quarantined} + 跳过 {skipped}".format(**counts),
            "  {rows_read} read = {accepted} accepted + {quarantined} quarantined + {skipped} skipped".format(
                **counts
            ),
        ),
        "green" if not one["quarantined"] else "yellow",
    )
    for note in one["notes"]:
        line(say(f"  · {note['zh']}", f"  · {note['en']}"), "dim")
    for issue in one["issues"]:
        where = f"{issue['sheet']} " if issue["sheet"] else ""
        detail = say(issue["detail_zh"], issue["detail_en"])
        mark = say("隔离", "quarantine") if issue["severity"] == "quarantine" else say("提示", "warning")
        what = say(issue["zh"], issue["en"]) + (f" ({detail})" if detail else "")
        row = say(
            f"{where}第 {issue['row']} 行 {issue['column_name']}",
            f"{where}row {issue['row']} {issue['column_name']}",
        )
        line(f"  {mark}  {row} = {issue['value']!r}：{what}")
    if len(one["issues"]) == _SHOWN:
        line(say(f"  （只显示前 {_SHOWN} 条）", f"  (the first {_SHOWN})"), "dim")
