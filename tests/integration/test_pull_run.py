"""A pull as part of a run: what it brings is a delivery, what it cannot bring is told, and today's release stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from tests.integration import province

Program = Callable[..., CompletedProcess[str]]


def set_pull(home: Path, url: str) -> None:
    settings = home / "innostat.toml"
    pull = f'\n[pull.share]\nkind = "folder"\nsource = "enterprise_revenue"\nurl = "{url}"\n'
    settings.write_text(
        settings.read_text(encoding="utf-8").split("\n[pull.share]")[0] + pull, encoding="utf-8"
    )


def test_what_a_pull_brings_is_published_and_a_pull_that_fails_leaves_it_so(
    fresh: Path, tmp_path: Path, innostat: Program
) -> None:
    share = tmp_path / "elsewhere"
    province.register(fresh)
    province.revenue(share)
    set_pull(fresh, f"file://{share}/inbox/enterprise_revenue")
    first = innostat("run", "--as-of", province.AS_OF, "--json", home=fresh)
    assert first.returncode == 0, first.stdout + first.stderr
    result = json.loads(first.stdout)
    assert result["state"] == "published"
    assert result["sources"]["enterprise_revenue"]["accepted"] == len(province.ENTERPRISES)

    again = json.loads(innostat("run", "--as-of", province.AS_OF, "--json", home=fresh).stdout)
    assert again["state"] == "nothing_new"

    set_pull(fresh, f"file://{share}/nowhere")
    failed = innostat("run", "--as-of", province.AS_OF, "--json", home=fresh)
    assert failed.returncode == 0
    result = json.loads(failed.stdout)
    assert result["release"] == f"r000001-{province.AS_OF}"
    assert any("[pull.share]" in problem["zh"] for problem in result["problems"]), result["problems"]
