"""The home to and from one archive, and old releases away: on whole homes, and killed in the middle."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow
WHO = ("--by", "张三", "--reason", "试恢复")


def kept(home: Path) -> dict[str, str]:
    """The hash of every file that a backup keeps."""
    return {
        name: sha256
        for name, sha256 in province.digest(home).items()
        if not name.startswith("warehouse/") and not name.startswith("releases/current/")
    }


@pytest.mark.timeout(600)
def test_a_restored_home_is_the_home_and_goes_on_where_it_was(
    home: Path, tmp_path: Path, innostat: Program
) -> None:
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    assert innostat("run", "--as-of", province.AS_OF, home=home).returncode == 0
    assert innostat("query", "select 1", home=home).returncode == 0
    file, back = tmp_path / "home.tar", tmp_path / "restored"
    done = innostat("backup", file, "--json", home=home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["left_out"] == []
    before = kept(home)
    done = innostat("restore", file, home=back)
    assert done.returncode == 0, done.stderr
    assert kept(back) == before
    assert province.current(back) == province.current(home) == "r000002-2026-03-31"
    for path in sorted(home.rglob("*")):
        if path.relative_to(home).parts[0] in {"raw", "releases", "runs", "decisions", "inbox"}:
            assert (back / path.relative_to(home)).stat().st_mode == path.stat().st_mode, path
    assert innostat("verify", home=back).returncode == 0
    status = json.loads(innostat("status", "--json", home=back).stdout)
    assert (status["current"], len(status["runs"])) == ("r000002-2026-03-31", 2)
    quiet = innostat("run", "--as-of", province.AS_OF, "--json", home=back)
    assert (quiet.returncode, json.loads(quiet.stdout)["state"]) == (0, "nothing_new"), quiet.stderr
    asked = innostat("query", "select count(*) as n from enterprise", "--json", home=back)
    assert json.loads(asked.stdout) == [{"n": 12}]
    assert (back / "warehouse" / "queries.jsonl").read_text(encoding="utf-8").count("\n") == 2
    assert innostat("rollback", "r000001-2026-03-31", *WHO, home=back).returncode == 0
    assert province.current(back) == "r000001-2026-03-31"
    # The typed rows were not kept: they are made again from the raw store, to the same release.
    province.deliver(back, "patent", "专利.csv", "专利号,类型,权利人,授权日\n")
    assert innostat("run", "--as-of", province.AS_OF, home=back).returncode == 0


def test_a_killed_backup_or_restore_leaves_nothing_that_passes_for_one(
    home: Path, tmp_path: Path, innostat: Program
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    file, back = place / "home.tar", place / "restored"
    before = kept(home)
    for boundary in ("backup_begun", "backup_written"):
        killed = innostat("backup", file, home=home, INNOSTAT_FAULT=boundary)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert not file.exists()
        assert kept(home) == before
    assert innostat("backup", file, home=home).returncode == 0
    for boundary in ("restore_begun", "restore_written"):
        killed = innostat("restore", file, home=back, INNOSTAT_FAULT=boundary)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert not back.exists()
    assert innostat("restore", file, home=back).returncode == 0
    assert sorted(os.listdir(place)) == ["home.tar", "restored"]
    assert innostat("verify", home=back).returncode == 0
