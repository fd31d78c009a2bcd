"""`innostat backup`: the home into one archive."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from orchestration.archive import shown
from orchestration.cli.common import command as make
from orchestration.cli.common import print_json, refuse_no_folder
from orchestration.home import open_home
from orchestration.messages import counted, say
from orchestration.progress import for_terminal


@make(
    "backup",
    "把数据目录中无法重新得到的一切写入一个 tar 文件：设置、决定、收件夹、原始文件、运行记录、发布。先核对后写入；"
    "数据目录有损坏则不备份。文件权限为 0600：其中有调查答复。",
    "All of the home that can't be made again into one tar file: settings, decisions, inbox, raw files, runs,"
    " releases. Verified first; a damaged home is not backed up. The file's mode is 0600: it holds survey answers.",
    (
        "backup /mnt/backup/innostat-2026-11-23.tar",
        "backup /mnt/backup/monday.tar --home /data/innostat --json",
    ),
    with_json=True,
)
@click.argument("file", type=click.Path(path_type=Path), metavar=say("文件", "FILE"))
def command(home: Path, as_json: bool, file: Path) -> int:
    """Write it, and say what is in it."""
    from orchestration.backup import back_up

    opened, progress = open_home(home), for_terminal(silent=as_json)
    refuse_no_folder(file)
    progress.begin("backup")
    try:
        done = back_up(opened, file, progress.tell)
    finally:
        progress.stop()
    if as_json:
        print_json(done)
        return 0
    current = done["current"] or say("（无）", "(none)")
    click.echo(
        say(
            f"✓ {done['file']}：文件 {done['files']:,} 个，{done['size']:,} 字节；现行发布：{current}",
            f"✓ {done['file']}: {counted(done['files'], 'file')}, {done['size']:,} bytes;"
            f" the current release: {current}",
        )
    )
    for path in done["left_out"]:
        click.echo(say(f"  未包括 {shown(path)}", f"  not in it: {shown(path)}"))
    click.echo(
        say(
            f"恢复到新的数据目录：innostat restore {shlex.quote(done['file'])} --home 目录",
            f"into a new home: innostat restore {shlex.quote(done['file'])} --home DIR",
        )
    )
    return 0
