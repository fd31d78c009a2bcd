"""`innostat releases`: what has been published."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration import standing
from orchestration.acts import Act, acts_or_stop, told_of
from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.clock import shown
from orchestration.home import open_home
from orchestration.messages import say
from orchestration.pruned import Pruned, all_pruned

if TYPE_CHECKING:
    from publication.releases import Release


@make(
    "releases",
    "列出全部发布，最新在后；星号为现行发布。已清理的也列出。",
    "All releases, the newest last; the star marks the current one. Those that were removed are among them.",
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
    removed = {one.release: one for one in all_pruned(opened)}
    found = [*Releases(opened.root).list(), *(one.line for one in removed.values())]
    found.sort(key=lambda one: one.release_id)
    acts = acts_or_stop(opened)
    if as_json:
        print_json([_told(one, removed.get(one.release_id), told_of(acts, one.release_id)) for one in found])
        return code
    if not found:
        click.echo(say("还没有任何发布。", "There is no release yet."))
    for one in found:
        mark, gone = "*" if one.current else " ", removed.get(one.release_id)
        zh = f"  已由 {gone.by} 于 {shown(gone.at)[:10]} 清理" if gone else ""
        en = f"  removed by {gone.by} on {shown(gone.at)[:10]}" if gone else ""
        click.echo(
            say(
                f"{mark} {one.release_id}  参考日 {one.as_of}{zh}",
                f"{mark} {one.release_id}  as of {one.as_of}{en}",
            )
        )
        for act in told_of(acts, one.release_id):
            click.echo(say(*(f"    {words}" for words in act.words())))
    return code


def _told(one: Release, gone: Pruned | None, acts: list[Act]) -> dict[str, Any]:
    """A release for programs; `pruned` says who removed it, and is null of one that is there."""
    return {**asdict(one), "acts": [act.told() for act in acts], "pruned": asdict(gone) if gone else None}
