"""F01, F03, F04, F10: runs that are killed, cancelled, or started while another is under way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from orchestration.stages import BOUNDARIES
from publication.releases import Releases
from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow

BEFORE = BOUNDARIES[: BOUNDARIES.index("release_renamed")]
AFTER = BOUNDARIES[BOUNDARIES.index("release_renamed") :]


def start(home: Path, *options: str) -> subprocess.Popen[str]:
    program = Path(sys.executable).parent / "innostat"
    return subprocess.Popen(
        [program, "run", "--as-of", province.AS_OF, "--home", home, "--lang", "en", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_stage(home: Path, stage: str) -> None:
    """Until the second run of the home has come to this stage."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        path = home / "runs" / "r000002" / "run.json"
        if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["stage"] == stage:
            return
        time.sleep(0.02)
    raise AssertionError(f"the run never came to {stage}")


def last_state(home: Path, innostat: Program) -> str:
    status = json.loads(innostat("status", "--json", home=home).stdout)
    state: str = status["runs"][-1]["state"]
    return state


@pytest.mark.timeout(900)
def test_f01_a_kill_at_any_boundary_leaves_the_release_as_it_was_and_the_next_run_starts_clean(
    home: Path, innostat: Program
) -> None:
    first = province.current(home)
    before = province.digest(home / "releases" / first)
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    for boundary in BEFORE:
        run = innostat("run", "--as-of", province.AS_OF, home=home, INNOSTAT_FAULT=boundary)
        assert run.returncode == -signal.SIGKILL, f"{boundary}: {run.stdout}{run.stderr}"
        assert province.current(home) == first, boundary
        assert province.digest(home / "releases" / first) == before, boundary
        assert last_state(home, innostat) == "died", boundary
    run = innostat("run", "--as-of", province.AS_OF, home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    died = [province.record(home, f"r{number:06d}")["state"] for number in range(2, len(BEFORE) + 2)]
    assert set(died) == {"died"}
    assert province.digest(home / "releases" / first) == before
    assert Releases(home).verify(province.current(home)).ok
    assert (
        len(list((home / "raw" / "ledger").iterdir())) == 2
    )  # the file was recorded once, by the run that loaded it
    assert not list((home / "warehouse" / "build").iterdir())
    assert not list(home.glob("runs/*/candidate"))


@pytest.mark.timeout(600)
def test_f04_a_kill_around_the_switch_leaves_the_old_or_the_new_release_and_nothing_is_published_twice(
    home: Path, innostat: Program
) -> None:
    for number, boundary in enumerate(AFTER, 2):
        old, release = province.current(home), f"r{2 * number - 2:06d}-{province.AS_OF}"
        province.revenue(home, f"更正{number}.csv", of="A", yuan=10**9 + number, day="2026-03-02")
        run = innostat("run", "--as-of", province.AS_OF, home=home, INNOSTAT_FAULT=boundary)
        assert run.returncode == -signal.SIGKILL, f"{boundary}: {run.stdout}{run.stderr}"
        assert province.current(home) == (old if boundary == "release_renamed" else release), boundary
        again = innostat("run", "--as-of", province.AS_OF, "--json", home=home)
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["state"] == "nothing_new", boundary
        assert province.current(home) == release
        assert province.record(home, release[:7])["state"] == "published"
        assert Releases(home).verify(release).ok


def test_f04_the_first_publication_killed_before_the_switch_is_finished_by_the_next_run(
    fresh: Path, innostat: Program
) -> None:
    """Its release lies there and no pointer does, which is not the same as a pointer that was taken away (F61)."""
    province.register(fresh)
    province.revenue(fresh)
    arguments = ("run", "--as-of", province.AS_OF, "--json")
    killed = innostat(*arguments, home=fresh, INNOSTAT_FAULT="release_renamed")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    status = innostat("status", "--json", home=fresh)
    assert (status.returncode, json.loads(status.stdout)["current"]) == (0, None)
    again = innostat(*arguments, home=fresh)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["state"] == "nothing_new"

    (fresh / "releases" / "current").unlink()
    refused = innostat(*arguments, home=fresh)
    assert refused.returncode == 3
    assert f"innostat rollback {province.record(fresh, 'r000001')['release']}" in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stage", ["take_in", "build", "check"])
def test_f03_a_cancelled_run_stops_within_five_seconds_and_says_so(
    home: Path, innostat: Program, number: signal.Signals, stage: str
) -> None:
    first = province.current(home)
    before = province.digest(home / "releases" / first)
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    run = start(home, "--json")
    wait_for_stage(home, stage)
    asked = time.monotonic()
    os.kill(run.pid, number)
    told, said = run.communicate(timeout=60)
    assert time.monotonic() - asked < 5
    assert run.returncode == 1, said
    assert said.splitlines()[-1] == "cancelled; the current release stands."
    assert json.loads(told)["error"] == "cancelled"
    assert last_state(home, innostat) == "cancelled"
    assert not list((home / "warehouse" / "build").iterdir())
    assert not (home / "runs" / "r000002" / "candidate").exists()
    assert province.digest(home / "releases" / first) == before


def test_f10_a_second_run_at_the_same_time_is_told_who_holds_the_home(home: Path, innostat: Program) -> None:
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    run = start(home)
    wait_for_stage(home, "take_in")
    second = innostat("run", "--as-of", province.AS_OF, home=home)
    assert second.returncode == 4
    assert "r000002" in second.stderr
    assert str(run.pid) in second.stderr
    said, errors = run.communicate(timeout=240)
    assert run.returncode == 0, said + errors
    assert not (home / "runs" / "r000003").exists()
