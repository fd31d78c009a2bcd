"""`innostat releases`: what has been published."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from orchestration import standing
from orchestration.acts import acts_or_stop, told_of
from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.home import open_home
from orchestration.messages import say


@make(
    "releases",
    "列出全部发布，最新在后；星号为现行发布。",
    "All releases, the newest last; the star marks the current one.",
    ("releases", "releases --json"),
    with_json=True,
)
def command(home: Path, as_json: bool) -> int:
    """List them."""
    from publication.releases import Releases

    opened = open_home(home)
    trouble = standing.trouble(opened, hashed=True)
    if trouble:
        click.echo(say(f"✗ {trouble.zh}", f"✗ {trouble.en}"), err=True)
    code = standing.REFUSED if trouble else 0
    found = Releases(opened.root).list()
    acts = acts_or_stop(opened)
    if as_json:
        print_json(
            [{**asdict(one), "acts": [act.told() for act in told_of(acts, one.release_id)]} for one in found]
        )
        return code
    if not found:
        click.echo(say("还没有任何发布。", "There is no release yet."))
    for one in found:
        mark = "*" if one.current else " "
        click.echo(
            say(f"{mark} {one.release_id}  参考日 {one.as_of}", f"{mark} {one.release_id}  as of {one.as_of}")
        )
        for act in told_of(acts, one.release_id):
            click.echo(say(*(f"    {words}" for words in act.words())))
    return code
