"""How a run ends that is cancelled while other threads of it are at work, or whose disk is full."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event

import duckdb
import pytest

from orchestration import records
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.progress import Progress
from orchestration.run import Run, open_run
from orchestration.settings import Settings

DAY = date(2026, 11, 23)


def state(run: Run) -> str:
    found: str = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))["state"]
    return found


def test_f03_clearing_at_once_leaves_no_way_to_whoever_still_writes_the_candidate(home: Home) -> None:
    opened, done = Event(), Event()
    with open_run(home, Settings(), DAY, Progress()) as run, ThreadPoolExecutor(1) as pool:

        def write() -> None:
            run.candidate.mkdir()
            with (run.candidate / "warehouse.duckdb").open("wb") as file:
                opened.set()
                done.wait()
                file.write(b"rows")
            (run.candidate / "manifest.json").write_text("{}")

        run.database.parent.mkdir(parents=True)
        run.tables = pool.submit(write)  # type: ignore[arg-type]  # what it gives is not looked at
        opened.wait()
        began = time.monotonic()
        run.clear(at_once=True)
        assert time.monotonic() - began < 1
        done.set()
        assert isinstance(run.tables.exception(), FileNotFoundError)
        assert not run.candidate.exists()
        assert not list(home.build.iterdir())


def test_tidying_up_waits_for_receipts_that_are_still_written(home: Home) -> None:
    with open_run(home, Settings(), DAY, Progress()) as run, ThreadPoolExecutor(1) as pool:
        run.database.parent.mkdir(parents=True)

        def write() -> list[Path]:
            time.sleep(0.2)
            (run.database.parent / "receipts.duckdb").touch()  # gone too early, there is no folder for it
            return []

        run.receipts = pool.submit(write)
        run.clear()
        assert run.receipts.result() == []
        assert not list(home.build.iterdir())


def test_f03_what_was_cancelled_comes_to_no_other_conclusion(home: Home) -> None:
    with open_run(home, Settings(), DAY, Progress()) as run, ThreadPoolExecutor(1) as pool:
        with run.committing:  # as a cancellation holds it
            run.conclude("cancelled")
            other = pool.submit(run.conclude, "refused")
            time.sleep(0.1)
            assert not other.done()
            assert state(run) == "cancelled"
        other.result()


def test_f06_what_fails_on_a_full_disk_ends_in_words_about_the_disk(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("orchestration.lacking.shutil.disk_usage", lambda _: usage(100, 90, 10))
    with pytest.raises(Stop) as stopped, open_run(home, Settings(), DAY, Progress()):
        raise sqlite3.OperationalError("disk I/O error")
    assert (stopped.value.exit_code, stopped.value.code) == (1, "disk_full")
    assert "10 bytes free" in stopped.value.en and "仅剩 10 字节" in stopped.value.zh
    (record,) = records.load_all(home)
    assert record.state == "failed"
    assert record.reasons[0]["en"] == stopped.value.en


def test_f06_what_a_run_takes_at_least_is_asked_for_before_it_takes_anything_in(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = home.inbox / "enterprise_revenue"
    source.mkdir(parents=True, exist_ok=True)
    (source / "a.csv").write_bytes(b"x" * 101)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("orchestration.lacking.shutil.disk_usage", lambda _: usage(2**30, 0, 2**30))
    with open_run(home, Settings(), DAY, Progress()) as run:
        assert [file.size for file in run.news.files] == [101]
    monkeypatch.setattr("orchestration.lacking.shutil.disk_usage", lambda _: usage(2**30, 0, 100))
    with pytest.raises(Stop) as stopped, open_run(home, Settings(), DAY, Progress()):
        raise AssertionError("the run began")
    assert (stopped.value.exit_code, stopped.value.code) == (1, "disk_full")
    assert stopped.value.details == {"free": 100, "needed": 101}
    assert "100 bytes free" in stopped.value.en and "at least 101" in stopped.value.en
    assert records.load_all(home)[-1].reasons[0]["en"] == stopped.value.en
    assert not list(home.raw.rglob("*.json"))


def test_f08_what_fails_for_want_of_memory_names_the_setting(home: Home) -> None:
    with pytest.raises(Stop) as stopped, open_run(home, Settings(), DAY, Progress()):
        raise duckdb.OutOfMemoryException("failed to allocate; SET memory_limit")
    assert (stopped.value.exit_code, stopped.value.code) == (1, "memory_short")
    for said in (stopped.value.zh, stopped.value.en):
        assert "memory_limit = 4GB" in said
    assert records.load_all(home)[0].state == "failed"


def test_what_fails_for_another_reason_keeps_its_own(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), open_run(home, Settings(), DAY, Progress()):
        raise ZeroDivisionError
    assert records.load_all(home)[0].state == "failed"


def test_f08_what_is_written_beside_the_checks_is_held_to_the_memory_and_threads_of_the_settings(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publication.candidate.write_tables", lambda *given: given[-1])
    settings = Settings.model_validate({"run": {"memory_limit": "1GB", "threads": 1}})
    with open_run(home, settings, DAY, Progress()) as run:
        assert run.write_tables({}).result() == {"memory_limit": "1GB", "threads": 1}
