"""The home to and from one archive, and old releases away: on whole homes, and killed in the middle."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
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


def figures(release: Path) -> dict[str, list[tuple[object, ...]]]:
    """All figures of a release but those that are counted per release."""
    tables = {
        "coverage": "true",
        "first_published": "true",
        "indicator_value": "indicator_id NOT IN ('Q-4', 'Q-5', 'Q-6')",
    }
    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as con:
        return {
            table: con.execute(f"SELECT * FROM {table} WHERE {of} ORDER BY ALL").fetchall()
            for table, of in tables.items()
        }


@pytest.mark.timeout(900)
def test_a_release_that_was_removed_is_made_again_with_the_same_figures(
    home: Path, tmp_path: Path, innostat: Program
) -> None:
    """Those too that were first published by releases that are gone."""
    days = ("2026-04-01", "2026-04-02")
    for number, day in enumerate(days):
        province.revenue(home, f"{day}.csv", of="AB"[: number + 1], yuan=90_000_000 + number, day=day)
        run = innostat("run", "--as-of", day, home=home)
        assert run.returncode == 0, run.stdout + run.stderr
    first, second, third = "r000001-2026-03-31", "r000002-2026-04-01", "r000003-2026-04-02"
    shutil.copytree(home / "releases" / second, old := tmp_path / "old")

    look = innostat("prune", "--keep", "1", "--dry-run", "--json", home=home)
    assert [one["release"] for one in json.loads(look.stdout)["removed"]] == [first, second]
    assert not any(one["differs"] for one in json.loads(look.stdout)["removed"])
    for boundary, left in (("prune_noted", {first, second, third}), ("prune_moved", {second, third})):
        killed = innostat("prune", "--keep", "1", home=home, INNOSTAT_FAULT=boundary)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert {name for name in os.listdir(home / "releases") if name.startswith("r")} == left
        assert innostat("verify", home=home).returncode == 0
    done = innostat("prune", "--keep", "1", home=home)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(home / "releases")) == ["current", third]

    refused = innostat("rollback", second, *WHO, home=home)
    assert refused.returncode == 2 and "innostat run --as-of 2026-04-01" in refused.stderr
    quiet = innostat("run", "--as-of", days[1], "--json", home=home)
    assert json.loads(quiet.stdout)["state"] == "nothing_new", quiet.stderr
    again = innostat("run", "--as-of", days[0], "--json", home=home)
    assert again.returncode == 0, again.stderr
    remade = home / "releases" / json.loads(again.stdout)["release"]
    assert remade.name == f"{province.record(home)['run_id']}-2026-04-01"
    assert figures(remade) == figures(old)
    assert province.current(home) == third
    assert innostat("rollback", remade.name, *WHO, home=home).returncode == 0
    listed = json.loads(innostat("releases", "--json", home=home).stdout)
    assert [bool(one["pruned"]) for one in listed] == [True, True, False, False]
    assert innostat("verify", home=home).returncode == 0
