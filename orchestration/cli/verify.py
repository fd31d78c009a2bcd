"""`innostat verify`: are releases and the raw store, byte for byte, what was written?"""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.home import open_home
from orchestration.messages import counted, say
from orchestration.progress import for_terminal


@make(
    "verify",
    "重新计算哈希：一个或全部发布的每个文件，以及原始文件库。不改动任何内容；有不符则逐一列出，退出码 1。",
    "Hash everything again: every file of one release or all, and the raw store. Changes nothing; what differs is"
    " named, one by one, with exit code 1.",
    ("verify", "verify r000012-2026-11-23", "verify --json"),
    with_json=True,
)
@click.argument("release", required=False)
def command(home: Path, as_json: bool, release: str | None) -> int:
    """Check, then say what is sound and what is not."""
    from orchestration.verification import verify

    opened, progress = open_home(home), for_terminal(silent=as_json)
    progress.begin("verify")
    try:
        found = verify(opened, release, progress.tell)
    finally:
        progress.stop()
    if as_json:
        print_json(found)
        return 0 if found["ok"] else 1
    files = sum(one["files"] for one in found["releases"])
    click.echo(
        say(
            f"发布 {len(found['releases'])} 个，文件 {files:,} 个；原始文件 {found['raw']['files']:,} 个。",
            f"{counted(len(found['releases']), 'release')} with {counted(files, 'file')};"
            f" {counted(found['raw']['files'], 'raw file')}.",
        )
    )
    for one in found["offenders"]:
        click.echo(say(f"✗ {one['zh']}", f"✗ {one['en']}"))
    if found["ok"]:
        click.echo(say("✓ 与写入时完全一致。", "✓ all are what was written."))
        return 0
    if found["trouble"] and found["trouble"]["code"] == "release_damaged":
        click.echo(say(found["trouble"]["zh"], found["trouble"]["en"]))
    click.echo(
        say(
            f"共 {len(found['offenders'])} 处不符；请从备份恢复所列内容。",
            f"{counted(len(found['offenders']), 'difference')}; restore what is listed from a backup.",
        )
    )
    return 1
