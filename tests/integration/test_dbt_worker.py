"""The process that builds with dbt: it waits for its sources, tells how each node ended, and does not outlive the run."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import dbt_runner, dbt_worker
from orchestration.dbt_worker import DbtWorker
from orchestration.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    dbt_runner.manifest(home)
    return home


@pytest.fixture
def worker(home: Home, tmp_path: Path) -> Iterator[DbtWorker]:
    worker = dbt_worker.start(home, tmp_path / "innostat.duckdb", 1, "600MB", tmp_path / "dbt.log")
    yield worker
    worker.close()


def test_the_database_is_not_opened_before_it_is_ready(home: Home, tmp_path: Path) -> None:
    database, asked = tmp_path / "innostat.duckdb", []

    def ready() -> None:
        asked.append(database.exists())

    dbt_runner.build(home, database, 1, "600MB", lambda *_: None, only="area", ready=ready)
    assert asked == [False]
    assert database.exists()


def test_each_node_is_told_of_as_it_ends_and_again_in_the_results(worker: DbtWorker) -> None:
    told: list[tuple[str, str]] = []
    results = worker.build(lambda name, status, seconds: told.append((name, status)))
    # No source is in the database: seeds are built, what reads a source is not.
    statuses = {one.unique_id.split(".")[2]: one.status for one in results}
    assert statuses["area"] == "success"
    assert statuses["stg_patent"] == "error"
    assert ("area", "success") in told and ("stg_patent", "error") in told


def test_a_process_that_died_is_told_of_with_what_it_said(worker: DbtWorker, tmp_path: Path) -> None:
    worker._process.kill()
    worker._process.wait()
    (tmp_path / "dbt.log").write_text("no room\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="the dbt process ended with -9: no room"):
        worker.build(lambda *_: None)


def test_f16_a_process_that_hangs_is_ended_and_told_of(worker: DbtWorker) -> None:
    worker._process.send_signal(signal.SIGSTOP)
    with pytest.raises(RuntimeError, match=r"dbt was stopped: no node ended for 0.5 s"):
        worker.build(lambda *_: None, patience=0.5)
    assert worker._process.returncode == -9


def test_it_ends_at_once_when_the_run_is_killed_in_the_middle_of_a_build(worker: DbtWorker) -> None:
    ended: list[str] = []

    def killed(name: str, status: str, seconds: float) -> None:
        if not ended:
            assert worker._process.stdin is not None
            worker._process.stdin.close()  # as when the run is killed; its end of the answers stays open here
        ended.append(name)

    with pytest.raises(RuntimeError, match="the dbt process ended with 1: "):
        worker.build(killed)
    assert len(ended) < 20


def test_it_ends_when_the_run_ends_without_a_build(worker: DbtWorker) -> None:
    assert worker._process.stdin is not None
    worker._process.stdin.close()  # as when the run is killed
    assert worker._process.wait(timeout=60) == 0


def test_closing_does_not_wait_for_its_imports(worker: DbtWorker) -> None:
    began = time.monotonic()
    worker.close()
    assert worker._process.returncode == -9
    assert time.monotonic() - began < 5
