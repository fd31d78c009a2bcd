"""`innostat restore`: a home out of an archive."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.clock import shown
from orchestration.messages import counted, say
from orchestration.progress import for_terminal


@make(
    "restore",
    "从备份恢复数据目录。目标不存在或为空；每个文件都按哈希核对之后，才一步到位；备份不完好则什么也不留下。",
    "A home out of a backup. The target does not exist or is empty; every file is proved by its hash before the home"
    " is put in place, in one step. Of a backup that is not whole nothing is left.",
    (
        "restore /mnt/backup/innostat-2026-11-23.tar --home /data/innostat",
        "restore /mnt/backup/monday.tar --home /tmp/look --json",
    ),
    with_json=True,
)
@click.argument("file", type=click.Path(path_type=Path), metavar=say("文件", "FILE"))
def command(home: Path, as_json: bool, file: Path) -> int:
    """Restore, and say what stands there now."""
    from orchestration.restore import restore

    progress = for_terminal(silent=as_json)
    progress.begin("restore")
    try:
        done = restore(home, file, progress.tell)
    finally:
        progress.stop()
    if as_json:
        print_json(done)
        return 0
    current, made = done["current"] or say("（无）", "(none)"), shown(done["created_at"])
    click.echo(
        say(
            f"✓ {done['home']}：文件 {done['files']:,} 个，全部核对无误；备份于 {made}；现行发布：{current}",
            f"✓ {done['home']}: {counted(done['files'], 'file')}, all proved; backed up {made};"
            f" the current release: {current}",
        )
    )
    where = f"innostat status --home {shlex.quote(done['home'])}"
    click.echo(say(f"接下来：{where}", f"next: {where}"))
    return 0
