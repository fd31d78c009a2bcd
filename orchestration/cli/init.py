"""`innostat init`: make a data home."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.home import make_home
from orchestration.messages import say
from orchestration.news import source_names


@make(
    "init",
    "建立数据目录：文件夹、带注释的 innostat.toml、每个来源一个收件夹。已有的文件不会改动。",
    "Make the data home: folders, a commented innostat.toml, one inbox folder a source. What is there stays.",
    ("init", "init --home /data/innostat"),
    with_json=True,
)
def command(home: Path, as_json: bool) -> int:
    """Create what is missing."""
    sources = sorted(source_names())
    made = make_home(home, sources)
    if as_json:
        print_json({"home": made.root, "settings": made.settings_file, "sources": sources})
        return 0
    click.echo(say(f"数据目录已就绪：{made.root}", f"the data home is ready: {made.root}"))
    click.echo(say(f"  设置     {made.settings_file}", f"  settings {made.settings_file}"))
    click.echo(
        say(
            f"  收件夹   {made.inbox}/<来源>/，共 {len(sources)} 个来源",
            f"  inbox    {made.inbox}/<source>/, {len(sources)} sources",
        )
    )
    click.echo(say("下一步：", "Next:"))
    shown = f" --home {home}"
    click.echo(
        say(
            f"  innostat sample{shown}   放入示例省份",
            f"  innostat sample{shown}   put a sample province into the inbox",
        )
    )
    click.echo(say(f"  innostat run{shown}      运行并发布", f"  innostat run{shown}      run and publish"))
    return 0
