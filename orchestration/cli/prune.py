"""`innostat prune`: old releases away, each still to be made again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from orchestration.cli.common import Date, print_json
from orchestration.cli.common import command as make
from orchestration.home import open_home
from orchestration.messages import counted, say
from orchestration.news import REASONS
from orchestration.progress import for_terminal


@make(
    "prune",
    "清理旧发布：较旧、无人再用、且输入俱在因而可以重新做出的。现行发布、approvals.csv 提到的、待审候选所比较的从不清理；"
    "原始文件、决定和运行记录不动。清理前，清单保存在 runs/<运行>/pruned/。",
    "Old releases away: those that nobody needs and that can be made again, for all of their inputs are there. Never"
    " the current one, one that approvals.csv names or a held candidate was compared with; raw files, decisions and"
    " runs stay. The manifest of each is kept under runs/<run>/pruned/.",
    ("prune --dry-run", "prune --keep 60", "prune --before 2026-01-01 --keep 12 --json"),
    with_json=True,
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help=say("最新的 N 个不清理（两项都不给则为 30）", "The newest N stay (30 if neither is given)"),
)
@click.option(
    "--before",
    type=Date(),
    metavar=say("日期", "DATE"),
    help=say("只清理参考日早于此日的", "Only releases as of before this date"),
)
@click.option("--dry-run", is_flag=True, help=say("只说会清理哪些", "Only say which would go"))
def command(home: Path, as_json: bool, keep: int | None, before: date | None, dry_run: bool) -> int:
    """Remove them, or say which would go."""
    from orchestration.prune import prune

    opened, progress = open_home(home), for_terminal(silent=as_json)
    progress.begin("prune")
    try:
        done = prune(opened, keep, before, dry_run, progress.tell)
    finally:
        progress.stop()
    if as_json:
        print_json(done)
    else:
        _show(done)
    return 0


def _show(done: dict[str, Any]) -> None:
    gone, size = done["removed"], sum(one["bytes"] for one in done["removed"])
    for one in gone:
        zh = "、".join(REASONS[reason][0] for reason in one["differs"])
        en = ", ".join(REASONS[reason][1] for reason in one["differs"])
        click.echo(
            say(
                f"- {one['release']}  重新做出：innostat run --as-of {one['as_of']}{zh and f'（此后{zh}）'}",
                f"- {one['release']}  again: innostat run --as-of {one['as_of']}{en and f' (since then {en})'}",
            )
        )
    for one in done["stay"]:
        click.echo(say(f"  {one['release']} 保留：{one['zh']}", f"  {one['release']} stays: {one['en']}"))
    stay = done["kept"] + len(done["stay"])
    would = done["dry_run"]
    click.echo(
        say(
            f"{'将清理' if would else '✓ 已清理'} {len(gone)} 个发布（{size:,} 字节），保留 {stay} 个。",
            f"{'would remove' if would else '✓ removed'} {counted(len(gone), 'release')} ({size:,} bytes);"
            f" {counted(stay, 'release')} {'would stay' if would else 'left'}.",
        )
    )
