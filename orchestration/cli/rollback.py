"""`innostat rollback`: an earlier release becomes the current one again."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json, signed
from orchestration.home import open_home
from orchestration.messages import say


@make(
    "rollback",
    "让现行发布指回以前的发布。什么也不删除；在输入等改变之前，同样的内容不会再次发布。",
    "Point current at an earlier release. Nothing is deleted, and the same is not published again until inputs change.",
    (
        "rollback r000011-2026-11-22 --by 张三 --reason 营收文件单位有误",
        'rollback r000011-2026-11-22 --by "Li Si" --reason "revenue in the wrong unit" --json',
    ),
    with_json=True,
)
@click.argument("release")
@signed
def command(home: Path, as_json: bool, release: str, by: str, reason: str) -> int:
    """Switch, and say what stands."""
    from orchestration.approvals import rollback

    done = rollback(open_home(home), release, by, reason)
    if as_json:
        print_json(done)
        return 0
    before = done["current"] or say("（无）", "(none)")
    click.echo(
        say(
            f"✓ 现行发布：{release}（此前：{before}）", f"✓ the current release: {release} (before: {before})"
        )
    )
    click.echo(
        say(
            "在输入、决定、设置或程序改变之前，innostat run 不会再次发布同样的内容。",
            "innostat run publishes the same again only once inputs, decisions, settings or the program change.",
        )
    )
    return 0
