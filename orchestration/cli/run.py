"""`innostat run`: one daily cycle, from the inbox to a release."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import click

from orchestration.cli import tell_end
from orchestration.cli.common import Date, print_json
from orchestration.cli.common import command as make
from orchestration.clock import today
from orchestration.environment import prepare
from orchestration.home import open_home
from orchestration.messages import Stop, say
from orchestration.progress import for_terminal
from orchestration.run import cancellable, open_run
from orchestration.settings import load_settings


@make(
    "run",
    "一次完整运行：读入新文件，计算，检查，通过后发布。没有新内容时什么也不发布。",
    "One daily cycle: load what is new, build, check, publish if the gate passes. Nothing new: no release.",
    ("run", "run --home /data/innostat --as-of 2026-10-31", "run --json"),
    with_json=True,
)
@click.option(
    "--as-of",
    type=Date(),
    help=say("参考日，如 2026-11-23（否则今天）", "Reference date, as 2026-11-23 (else today)"),
)
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help=say("计算引擎", "Engine"),
)
def command(home: Path, as_json: bool, as_of: date | None, engine: str) -> int:
    """Run, then show what came of it."""
    if engine == "spark":
        raise Stop(
            2,
            "engine_not_installed",
            "此安装不含 spark 引擎，请去掉 --engine 选项。",
            "this installation has no spark engine; leave --engine out.",
        )
    opened = open_home(home)
    settings = load_settings(opened.settings_file)
    prepare(opened)
    began = time.monotonic()
    code = 0

    def tell_cancelled(zh: str, en: str) -> None:
        tell_end("cancelled", zh, en, as_json=as_json)

    with (
        open_run(opened, settings, as_of or today(), for_terminal(silent=as_json)) as run,
        cancellable(run, tell_cancelled),
    ):
        if not run.news.any:
            run.summary["problems"] = [vars(one) for one in run.news.scan.problems]
            run.conclude("nothing_new")
        else:
            from orchestration.execute import execute

            try:
                execute(run)
            except Stop as stop:
                if run.record.state == "running":
                    raise
                code = stop.exit_code
    from orchestration import summary

    result = {**summary.result(run), "seconds": round(time.monotonic() - began, 1)}
    if as_json:
        print_json(result)
    else:
        from orchestration import screen

        screen.show_run(result)
    return code
