"""Approving, going back, making final: what must be so before, what is so afterwards, and after a kill at any step."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import approvals, lock, records
from orchestration.acts import read_acts
from orchestration.approvals import approve, freeze, rollback
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.news import hash_code, hash_decisions, look
from orchestration.records import Record
from orchestration.recovery import recover
from orchestration.settings import Settings
from orchestration.stages import ACT_BOUNDARIES
from orchestration.verification import verify
from publication.durable import sha256_bytes, sha256_file, to_json
from publication.releases import Releases

DAY = "2026-03-31"
R1, R2, R3 = (f"r{number:06d}-{DAY}" for number in (1, 2, 3))
WHO = ("张三", "已核实")


def write(home: Home, folder: Path, release_id: str, decision: str, previous: str | None, **more: Any) -> str:
    """A candidate as its files and manifest are judged here; gives back its manifest's hash."""
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("CREATE TABLE coverage AS SELECT unnest([2024, 2025]) AS reference_year")
    manifest = {
        "release_id": release_id,
        "run_id": release_id[:7],
        "as_of": DAY,
        "code_version": hash_code(),
        "inputs": [],
        "settings": Settings().model_dump(mode="json"),
        "definitions": {"decisions": hash_decisions(home)},
        "next_change_on": None,
        "files": {
            path.name: {"sha256": sha256_file(path), "size": path.stat().st_size} for path in folder.iterdir()
        },
        "approvals": [],
        "verdict": {"decision": decision},
        "previous": previous,
        **more,
    }
    (folder / "manifest.json").write_bytes(to_json(manifest))
    return sha256_bytes(to_json(manifest))


def publish(home: Home, release_id: str, **more: Any) -> str:
    """A release that the gate passed."""
    folder = home.run_dir(release_id[:7]) / "candidate"
    sha256 = write(home, folder, release_id, "publish", None, **more)
    Releases(home.root).publish(folder, release_id, make_current=True)
    record = Record(
        release_id[:7], DAY, 1, "", state="published", release=release_id, candidate_sha256=sha256
    )
    records.save(home, record)
    return sha256


def hold(home: Home, release_id: str, previous: str | None, aside: bool = False) -> str:
    """A candidate that the gate held."""
    folder = home.run_dir(release_id[:7]) / "candidate"
    sha256 = write(home, folder, release_id, "hold", previous)
    record = Record(release_id[:7], DAY, 1, "", state="held", aside=aside, candidate_sha256=sha256)
    records.save(home, record)
    return sha256


def state(home: Home, run_id: str) -> str:
    return next(one.state for one in records.load_all(home) if one.run_id == run_id)


def refused(call: Callable[..., Any], *arguments: Any) -> Stop:
    with pytest.raises(Stop) as stop:
        call(*arguments)
    assert stop.value.zh != stop.value.en
    return stop.value


@pytest.mark.parametrize("named", ["r000002", R2, "runs/r000002", "runs/r000002/candidate"])
def test_an_approved_candidate_is_the_current_release_and_names_who_approved_it(
    home: Home, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.root)
    publish(home, R1)
    sha256 = hold(home, R2, R1)
    done = approve(home, named, sha256, *WHO)
    assert done["release"] == R2
    releases = Releases(home.root)
    assert releases.current() == R2 and releases.verify(R2).ok
    (named_there,) = releases.manifest(R2)["approvals"]
    assert (named_there["kind"], named_there["by"], named_there["reason"]) == ("approve", *WHO)
    assert named_there["manifest_sha256"] == sha256
    (act,) = read_acts(home)
    assert act.told() == named_there
    assert state(home, "r000002") == "published"
    assert not (home.run_dir("r000002") / "candidate").exists()
    assert verify(home, None, lambda _: None)["ok"]
    assert not look(home, Settings(), date.fromisoformat(DAY), None).any  # an approval is no news
    assert refused(approve, home, named, sha256, *WHO).code == "not_held"


def test_the_first_release_can_be_approved(home: Home) -> None:
    approve(home, "r000001", hold(home, R1, None), *WHO)
    assert Releases(home.root).current() == R1
    assert read_acts(home)[0].current == ""


def test_an_earlier_dates_candidate_is_approved_beside_the_current_release(home: Home) -> None:
    publish(home, R1)
    done = approve(home, "r000002", hold(home, R2, None, aside=True), *WHO)
    assert done["aside"] and Releases(home.root).current() == R1
    recover(home)
    assert Releases(home.root).current() == R1
    assert state(home, "r000002") == "published"


def test_only_the_very_candidate_with_this_hash_is_approved(home: Home) -> None:
    publish(home, R1)
    sha256, other = hold(home, R2, R1), "0" * 64
    stop = refused(approve, home, "r000002", other, *WHO)
    assert (stop.exit_code, stop.code) == (3, "manifest_differs")
    assert sha256 in stop.en and other in stop.en
    assert Releases(home.root).current() == R1 and read_acts(home) == []


def test_a_candidate_that_was_changed_is_not_approved_and_the_file_is_named(home: Home) -> None:
    publish(home, R1)
    sha256 = hold(home, R2, R1)
    (home.run_dir("r000002") / "candidate" / "warehouse.duckdb").write_bytes(b"another")
    stop = refused(approve, home, "r000002", sha256, *WHO)
    assert (stop.exit_code, stop.code) == (3, "files_differ") and "warehouse.duckdb" in stop.zh
    assert read_acts(home) == []


def test_a_candidate_compared_with_another_release_is_not_approved(home: Home) -> None:
    publish(home, R1)
    sha256 = hold(home, R2, R1)
    publish(home, R3)
    stop = refused(approve, home, "r000002", sha256, *WHO)
    assert (stop.exit_code, stop.code) == (3, "current_moved")
    assert R1 in stop.en and R3 in stop.en
    assert Releases(home.root).current() == R3


@pytest.mark.parametrize(
    "named", ["r000009", "r000002-2026-01-01", "../r000002", "/tmp/runs/r000002/candidate", "current", ""]
)
def test_an_unknown_candidate_is_wrong_usage(home: Home, named: str) -> None:
    publish(home, R1)
    stop = refused(approve, home, named, hold(home, R2, R1), *WHO)
    assert (stop.exit_code, stop.code) == (2, "candidate_unknown")


def test_what_the_gate_passed_or_refused_is_not_to_be_approved(home: Home) -> None:
    sha256 = publish(home, R1)
    assert refused(approve, home, R1, sha256, *WHO).code == "not_held"
    records.save(home, Record("r000002", DAY, 1, "", state="refused"))
    assert refused(approve, home, "r000002", sha256, *WHO).exit_code == 2


def test_a_rollback_is_on_record_and_the_same_is_not_published_again(home: Home) -> None:
    old = publish(home, R1, code_version="older")
    new = publish(home, R2)
    releases, day = Releases(home.root), date.fromisoformat(DAY)
    done = rollback(home, R1, "张三", "单位有误")
    assert (done["release"], done["current"], releases.current()) == (R1, R2, R1)
    assert done["manifest_sha256"] == old and releases.verify(R2).ok
    news = look(home, Settings(), day, day)
    assert not news.any and news.withheld == read_acts(home)[0]
    # As days pass by nothing changes; a file, a decision, a setting do.
    assert not look(home, Settings(), date(2027, 1, 1), day).any
    assert look(home, Settings.model_validate({"coverage": {"first_year": 2020}}), day, day).any
    (home.inbox / "patent" / "a.csv").write_text("x", encoding="utf-8")
    assert look(home, Settings(), day, day).reasons[0] == "files"
    (home.inbox / "patent" / "a.csv").unlink()
    freeze(home, 2025, *WHO)
    assert "decisions" in look(home, Settings(), day, day).reasons
    assert refused(approve, home, R2, "0" * 64, *WHO).code == "manifest_differs"
    assert approve(home, R2, new, *WHO)["release"] == R2
    assert releases.current() == R2
    assert refused(approve, home, R2, new, *WHO).code == "not_held"


def test_what_was_taken_back_comes_back_only_where_nothing_took_its_place(home: Home) -> None:
    publish(home, R1)
    sha256 = publish(home, R2)
    rollback(home, R1, *WHO)
    publish(home, R3)
    stop = refused(approve, home, R2, sha256, *WHO)
    assert (stop.exit_code, stop.code) == (3, "current_moved") and R3 in stop.en


def test_a_rollback_to_nowhere_to_itself_or_to_a_damaged_release_is_refused(home: Home) -> None:
    publish(home, R1)
    publish(home, R2)
    assert refused(rollback, home, R3, *WHO).exit_code == 2
    assert refused(rollback, home, R2, *WHO).code == "already_current"
    damaged = home.releases / R1 / "warehouse.duckdb"
    damaged.chmod(0o600)
    damaged.write_bytes(b"another")
    assert "warehouse.duckdb" in refused(rollback, home, R1, *WHO).en
    assert Releases(home.root).current() == R2 and read_acts(home) == []


@pytest.mark.parametrize("pointer", ["r000009-2026-11-23", None])
def test_f61_a_rollback_mends_a_pointer_to_nowhere(home: Home, pointer: str | None) -> None:
    publish(home, R1)
    (home.releases / "current").unlink()
    if pointer:
        (home.releases / "current").symlink_to(pointer)
    rollback(home, R1, *WHO)
    assert Releases(home.root).current() == R1


def test_a_year_is_made_final_as_the_current_release_has_it_and_once(home: Home) -> None:
    assert refused(freeze, home, 2025, *WHO).code == "no_release"
    sha256 = publish(home, R1)
    assert refused(freeze, home, 2026, *WHO).code == "year_running"
    assert refused(freeze, home, 2023, *WHO).code == "year_unknown"
    done = freeze(home, 2025, *WHO)
    assert (done["release"], done["manifest_sha256"], done["as_of"]) == (R1, sha256, DAY)
    stop = refused(freeze, home, 2025, *WHO)
    assert stop.code == "already_final" and "张三" in stop.en
    assert [one.subject for one in read_acts(home)] == ["2025"]
    assert look(home, Settings(), date.fromisoformat(DAY), None).reasons == ["decisions"]


@pytest.mark.parametrize(
    "call", [lambda h: approve(h, "r000002", "0" * 64, *WHO), lambda h: rollback(h, R1, *WHO), lambda h: freeze(h, 2025, *WHO)]
)  # fmt: skip
def test_nothing_is_done_while_another_holds_the_home_or_the_file_cannot_be_used(
    home: Home, call: Callable[[Home], Any]
) -> None:
    publish(home, R1)
    hold(home, R2, R1)
    with lock.hold(home.lock_file):
        assert refused(call, home).exit_code == 4
    home.approvals.write_text("kind\n", encoding="utf-8")
    stop = refused(call, home)
    assert (stop.exit_code, stop.code) == (2, "decisions") and "approvals.csv" in stop.zh


class _Dead(BaseException):
    """The process was killed here."""


def killed_at(monkeypatch: pytest.MonkeyPatch, deadly: int, act: Callable[[], Any]) -> bool:
    """Do it, and die ahead of the so-manieth step that changes the disk; False if it came to its end."""
    count = 0
    with monkeypatch.context() as patch:
        for name in ("rename", "replace", "symlink", "fsync", "chmod", "unlink"):
            real = getattr(os, name)

            def step(*args: Any, _real: Callable[..., Any] = real, **kwargs: Any) -> Any:
                nonlocal count
                count += 1
                if count == deadly:
                    raise _Dead
                return _real(*args, **kwargs)

            patch.setattr(os, name, step)
        try:
            act()
        except _Dead:
            return True
    return False


def test_an_approval_killed_at_any_step_leaves_the_old_or_the_new_and_can_be_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.home import make_home

    ends = set()
    for deadly in range(1, 1000):
        home = make_home(tmp_path / str(deadly), ["patent"])
        publish(home, R1)
        sha256 = hold(home, R2, R1)
        if not killed_at(monkeypatch, deadly, lambda h=home, s=sha256: approve(h, "r000002", s, *WHO)):
            break
        releases = Releases(home.root)
        assert releases.current() in {R1, R2}
        assert all(releases.verify(one.release_id).ok for one in releases.list())
        recover(home)  # as the next run does
        ends.add(state(home, "r000002"))
        if state(home, "r000002") == "held":
            assert releases.current() == R1
            approve(home, "r000002", sha256, *WHO)
        assert releases.current() == R2 and releases.verify(R2).ok
        assert state(home, "r000002") == "published"
        assert len(read_acts(home)) == 1
        assert verify(home, None, lambda _: None)["ok"]
        assert not look(home, Settings(), date.fromisoformat(DAY), None).any
    assert deadly > 20
    assert ends == {"held", "published"}


def test_a_rollback_killed_at_any_step_is_done_or_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.home import make_home

    ends = set()
    for deadly in range(1, 1000):
        home = make_home(tmp_path / str(deadly), ["patent"])
        publish(home, R1, code_version="older")
        publish(home, R2)
        if not killed_at(monkeypatch, deadly, lambda h=home: rollback(h, R1, *WHO)):
            break
        releases = Releases(home.root)
        assert releases.current() in {R1, R2}
        recover(home)
        ends.add(releases.current())
        # On record and done, or neither: then the release stands that stood.
        assert (releases.current() == R1) == (len(read_acts(home)) == 1)
        assert not look(home, Settings(), date.fromisoformat(DAY), None).any
    assert deadly > 5
    assert ends == {R1, R2}


@pytest.mark.parametrize("boundary", [*ACT_BOUNDARIES, "release_renamed", "current_switched", "recorded"])
def test_each_boundary_of_an_approval_is_passed(
    home: Home, boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where INNOSTAT_FAULT can kill the program, a kill is survived (the step by step test knows none of these names)."""
    publish(home, R1)
    sha256 = hold(home, R2, R1)

    def die(name: str) -> None:
        if name == boundary:
            raise _Dead

    with monkeypatch.context() as patch, pytest.raises(_Dead):
        patch.setattr(approvals, "boundary", die)
        approve(home, "r000002", sha256, *WHO)
    recover(home)
    if state(home, "r000002") == "held":
        approve(home, "r000002", sha256, *WHO)
    assert Releases(home.root).current() == R2
    assert len(read_acts(home)) == 1


def test_verify_names_every_offender_of_releases_raw_store_and_pointer(home: Home) -> None:
    publish(home, R1)
    publish(home, R2)
    assert verify(home, None, lambda _: None)["ok"]
    manifest = home.releases / R1 / "manifest.json"
    told = json.loads(manifest.read_bytes())
    manifest.chmod(0o600)
    manifest.write_bytes(to_json({**told, "as_of": "2025-03-31"}))
    changed = home.releases / R2 / "warehouse.duckdb"
    changed.chmod(0o600)
    changed.write_bytes(b"another")
    (home.releases / "scratch").mkdir()
    (home.raw / "blobs").mkdir()
    (home.raw / "blobs" / "notes.txt").write_text("mine")
    (home.releases / "current").unlink()
    (home.releases / "current").symlink_to(R3)
    found = verify(home, None, lambda _: None)
    assert not found["ok"]
    assert {one["place"] for one in found["offenders"]} == {
        "releases/current",
        f"releases/{R1}/manifest.json",
        f"releases/{R2}/warehouse.duckdb",
        "releases/scratch",
        "raw/blobs/notes.txt",
    }
    one = verify(home, R2, lambda _: None)
    assert {offender["place"] for offender in one["offenders"]} == {
        f"releases/{R2}/warehouse.duckdb",
        "raw/blobs/notes.txt",
    }
    assert refused(verify, home, R3, lambda _: None).exit_code == 2
