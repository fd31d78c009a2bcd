"""What is remembered of runs, and the tidying up after those that were killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from orchestration import records
from orchestration.home import Home
from orchestration.records import Record
from orchestration.recovery import recover


def record(
    run_id: str, state: records.State, as_of: str = "2026-11-23", release: str | None = None
) -> Record:
    return Record(run_id, as_of, 1, "2026-11-23T06:00:00+08:00", state=state, release=release)


def test_a_record_comes_back_as_it_was_written(home: Home) -> None:
    kept = record("r000001", "refused")
    kept.reasons = [{"code": "check_failed", "zh": "否", "en": "No"}]
    records.save(home, kept)
    assert records.load_all(home) == [kept]


def test_every_state_has_words_in_both_languages() -> None:
    assert all(zh and en for zh, en in records.STATE_WORDS.values())


def test_a_run_that_was_killed_is_told_as_died_and_its_scraps_go(home: Home) -> None:
    records.save(home, record("r000001", "running"))
    candidate = home.run_dir("r000001") / "candidate"
    candidate.mkdir()
    scraps = home.build_db("r000001")
    scraps.parent.mkdir(parents=True)
    scraps.write_bytes(b"half a database")
    recover(home)
    assert [one.state for one in records.load_all(home)] == ["died"]
    assert not candidate.exists()
    assert not list(home.build.iterdir())


@pytest.mark.parametrize("state", ["cancelled", "refused", "failed"])
def test_what_a_run_left_that_was_killed_while_it_tidied_up_goes_with_the_next(
    home: Home, state: records.State
) -> None:
    records.save(home, record("r000001", state))
    candidate = home.run_dir("r000001") / "candidate"
    candidate.mkdir()
    recover(home)
    assert not candidate.exists()
    assert [one.state for one in records.load_all(home)] == [state]


def test_a_held_candidate_is_kept(home: Home) -> None:
    records.save(home, record("r000001", "held"))
    (home.run_dir("r000001") / "candidate").mkdir()
    recover(home)
    assert (home.run_dir("r000001") / "candidate").is_dir()


def test_f04_a_release_that_was_in_place_when_its_run_died_becomes_current(
    home: Home, publish: Callable[..., str]
) -> None:
    publish("r000001")
    added = publish("r000002", current=False)
    records.save(home, record("r000002", "running", release=added))
    recover(home)
    assert (home.releases / "current").readlink().name == added
    assert records.load_all(home)[-1].state == "published"


def test_f04_a_release_named_but_never_in_place_leaves_current_alone(
    home: Home, publish: Callable[..., str]
) -> None:
    first = publish("r000001")
    records.save(home, record("r000002", "running", release="r000002-2026-11-24"))
    recover(home)
    assert (home.releases / "current").readlink().name == first
    assert records.load_all(home)[-1].state == "died"


def test_the_latest_date_is_that_of_a_run_that_came_to_its_end(home: Home) -> None:
    assert records.latest_as_of([]) is None
    runs = [
        record("r000001", "published", "2026-11-01"),
        record("r000002", "nothing_new", "2026-11-03"),
        record("r000003", "failed", "2062-11-03"),
        record("r000004", "died", "2062-11-03"),
    ]
    assert records.latest_as_of(runs) == date(2026, 11, 3)
