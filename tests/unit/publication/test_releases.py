"""F04, F05, F14, F60, F61: a release appears whole or not at all, and the pointer always leads to one."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publication import durable
from publication.candidate import Candidate
from publication.errors import ReleaseError
from publication.releases import Releases
from tests.unit.publication.conftest import copy_candidate
from tests.unit.publication.province import RELEASE_ID

NEXT_ID = "r000002-2026-11-24"


def test_a_published_candidate_is_the_current_release_and_can_not_be_written(
    home: Path, candidate: Path
) -> None:
    releases = Releases(home)
    path = releases.publish(candidate, RELEASE_ID, make_current=True)
    assert not candidate.exists()
    assert releases.current() == RELEASE_ID
    assert os.readlink(home / "releases" / "current") == RELEASE_ID
    assert releases.verify(RELEASE_ID).ok
    modes = {
        file.relative_to(path).as_posix(): stat.S_IMODE(file.stat().st_mode)
        for file in path.rglob("*")
        if file.is_file()
    }
    assert modes.pop("confidential.duckdb") == 0o600
    assert {modes.pop(f"restricted/{name}") for name in ("gap_list.xlsx", "indicators.md")} == {0o440}
    assert set(modes.values()) == {0o444}


def test_the_list_names_every_release_and_the_current_one(home: Path, written: Candidate) -> None:
    releases = Releases(home)
    assert releases.list() == [] and releases.current() is None
    for release_id in (RELEASE_ID, NEXT_ID):
        releases.publish(copy_candidate(written, home / "runs" / release_id, release_id), release_id, True)
    assert [(each.release_id, each.current) for each in releases.list()] == [
        (RELEASE_ID, False),
        (NEXT_ID, True),
    ]
    releases.make_current(RELEASE_ID)
    assert releases.current() == RELEASE_ID


def test_a_release_with_a_broken_manifest_is_listed_and_hides_no_other(
    home: Path, written: Candidate
) -> None:
    releases = Releases(home)
    for release_id in (RELEASE_ID, NEXT_ID):
        releases.publish(copy_candidate(written, home / "runs" / release_id, release_id), release_id, True)
    manifest = home / "releases" / RELEASE_ID / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text("{")
    assert [(each.release_id, each.as_of) for each in releases.list()] == [
        (RELEASE_ID, ""),
        (NEXT_ID, "2026-11-23"),
    ]
    with pytest.raises(ReleaseError, match="manifest_unreadable"):
        releases.verify(RELEASE_ID)


def test_a_release_can_be_published_beside_the_current_one(home: Path, written: Candidate) -> None:
    releases = Releases(home)
    releases.publish(copy_candidate(written, home / "runs" / "a", NEXT_ID), NEXT_ID, make_current=True)
    releases.publish(copy_candidate(written, home / "runs" / "b", RELEASE_ID), RELEASE_ID, make_current=False)
    assert releases.current() == NEXT_ID
    assert len(releases.list()) == 2


def test_f14_a_reader_keeps_its_release_while_the_next_ones_are_published(
    home: Path, written: Candidate
) -> None:
    releases = Releases(home)
    releases.publish(copy_candidate(written, home / "runs" / "a", RELEASE_ID), RELEASE_ID, True)
    with duckdb.connect(str(home / "releases" / "current" / "warehouse.duckdb"), read_only=True) as reader:
        for number in (2, 3, 4):
            release_id = f"r{number:06}-2026-11-24"
            releases.publish(
                copy_candidate(written, home / "runs" / release_id, release_id), release_id, True
            )
        assert reader.sql("SELECT count(*) FROM enterprise").fetchall() == [(240,)]
    assert releases.verify(RELEASE_ID).ok


class _Dead(BaseException):
    """The process was killed here."""


def _steps(monkeypatch: pytest.MonkeyPatch, before: Callable[[str, str], None]) -> None:
    """Calls `before` ahead of each step that changes what is on the disk, or flushes it."""
    for name in ("rename", "replace", "symlink", "fsync", "chmod"):
        real = getattr(os, name)

        def step(*args: Any, _name: str = name, _real: Callable[..., Any] = real, **kwargs: Any) -> Any:
            path = os.readlink(f"/proc/self/fd/{args[0]}") if _name == "fsync" else os.fspath(args[0])
            before(_name, path)
            return _real(*args, **kwargs)

        monkeypatch.setattr(os, name, step)


def test_f04_a_kill_before_any_step_leaves_the_old_release_or_the_new_one(
    home: Path, written: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = Releases(home)
    releases.publish(copy_candidate(written, home / "runs" / "old", RELEASE_ID), RELEASE_ID, True)
    seen = set()
    for deadly in range(1000):
        release_id = f"r{deadly + 2:06}-2026-11-24"
        candidate = copy_candidate(written, home / "runs" / release_id, release_id)
        count = 0

        def die(name: str, path: str, deadly: int = deadly) -> None:
            nonlocal count
            if count == deadly:
                raise _Dead(name)
            count += 1

        with monkeypatch.context() as patch:
            _steps(patch, die)
            try:
                releases.publish(candidate, release_id, make_current=True)
            except _Dead as dead:
                seen.add(str(dead))
            else:
                break
        current = releases.current()
        assert current in {RELEASE_ID, release_id}
        assert releases.verify(current).ok
        assert all(releases.verify(each.release_id).ok for each in releases.list())
        releases.make_current(RELEASE_ID)
    assert seen == {"rename", "replace", "symlink", "fsync", "chmod"}
    assert releases.current() == release_id
    assert not list((home / "releases").glob(".incoming*"))


def test_f05_everything_is_flushed_before_it_is_named(
    home: Path, candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str]] = []
    files = {str(path) for path in candidate.rglob("*")} | {str(candidate)}
    _steps(monkeypatch, lambda name, path: steps.append((name, path)))
    Releases(home).publish(candidate, RELEASE_ID, make_current=True)
    order = [name for name, _ in steps]
    renamed = order.index("rename")
    assert {path for name, path in steps[:renamed] if name == "fsync"} == files
    assert "chmod" not in order[order.index("fsync") :]
    root = str(home / "releases")
    assert steps[renamed + 1] == ("fsync", root)
    switched = order.index("replace")
    assert renamed < order.index("symlink") < switched
    assert steps[switched + 1] == ("fsync", root)


def test_leftovers_of_a_dead_run_are_cleared_by_the_next_publication(home: Path, candidate: Path) -> None:
    root = home / "releases"
    (root / ".incoming-half" / "public").mkdir(parents=True)
    (root / ".incoming-current").symlink_to("nowhere")
    Releases(home).publish(candidate, RELEASE_ID, make_current=True)
    assert sorted(path.name for path in root.iterdir()) == ["current", RELEASE_ID]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["warehouse.duckdb", "public/coverage.csv", "restricted/gap_list.xlsx"])
def test_f60_one_flipped_bit_is_found(home: Path, candidate: Path, name: str) -> None:
    releases = Releases(home)
    _flip(releases.publish(candidate, RELEASE_ID, make_current=True) / name)
    found = releases.verify(RELEASE_ID)
    assert not found.ok and found.changed == (name,)


def test_f60_missing_and_unexpected_files_are_found(home: Path, candidate: Path) -> None:
    releases = Releases(home)
    path = releases.publish(candidate, RELEASE_ID, make_current=True)
    (path / "audit.json").unlink()
    (path / "notes.txt").write_text("mine")
    found = releases.verify(RELEASE_ID)
    assert (found.missing, found.unexpected) == (("audit.json",), ("notes.txt",))


def test_f61_a_pointer_to_nowhere_is_told_in_both_languages(home: Path, candidate: Path) -> None:
    releases = Releases(home)
    shutil.rmtree(releases.publish(candidate, RELEASE_ID, make_current=True))
    with pytest.raises(ReleaseError, match="current_dangling") as refused:
        releases.current()
    assert RELEASE_ID in refused.value.zh and RELEASE_ID in refused.value.en
    assert "rollback" in refused.value.zh


@pytest.mark.parametrize("target", ["../../etc", "/tmp", ""])
def test_f61_a_pointer_out_of_the_releases_is_refused(home: Path, candidate: Path, target: str) -> None:
    releases = Releases(home)
    releases.publish(candidate, RELEASE_ID, make_current=True)
    link = home / "releases" / "current"
    link.unlink()
    if not target:
        link.mkdir()
    else:
        link.symlink_to(target)
    with pytest.raises(ReleaseError, match="current_"):
        releases.current()


def test_f61_a_directory_in_place_of_the_pointer_is_never_replaced(home: Path, candidate: Path) -> None:
    releases = Releases(home)
    (home / "releases" / "current").mkdir(parents=True)
    releases.add(candidate, RELEASE_ID)
    with pytest.raises(ReleaseError, match="current_not_a_link"):
        releases.make_current(RELEASE_ID)


@pytest.mark.parametrize("release_id", ["", "..", "a/b", "current", ".incoming", "-x", "r1\n"])
def test_f63_a_release_id_is_a_plain_name(home: Path, candidate: Path, release_id: str) -> None:
    with pytest.raises(ReleaseError):
        Releases(home).publish(candidate, release_id, make_current=True)
    assert candidate.exists()


def test_a_release_is_never_overwritten(home: Path, written: Candidate) -> None:
    releases = Releases(home)
    releases.publish(copy_candidate(written, home / "runs" / "a", RELEASE_ID), RELEASE_ID, True)
    with pytest.raises(ReleaseError, match="release_exists"):
        releases.publish(copy_candidate(written, home / "runs" / "b", RELEASE_ID), RELEASE_ID, True)
    assert releases.verify(RELEASE_ID).ok


def test_a_candidate_that_was_changed_after_its_manifest_is_refused(home: Path, candidate: Path) -> None:
    _flip(candidate / "warehouse.duckdb")
    with pytest.raises(ReleaseError, match="candidate_differs") as refused:
        Releases(home).publish(candidate, RELEASE_ID, make_current=True)
    assert "warehouse.duckdb" in refused.value.en
    assert Releases(home).current() is None


def test_a_candidate_of_another_release_or_without_a_manifest_is_refused(home: Path, candidate: Path) -> None:
    with pytest.raises(ReleaseError, match="candidate_differs"):
        Releases(home).publish(candidate, NEXT_ID, make_current=True)
    (candidate / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match="manifest_unreadable"):
        Releases(home).publish(candidate, RELEASE_ID, make_current=True)


def test_a_release_nobody_knows_is_refused(home: Path) -> None:
    with pytest.raises(ReleaseError, match="release_unknown"):
        Releases(home).manifest("r000009-2026-01-01")


def test_an_atomic_write_that_dies_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    durable.write_atomic(path, b"old")

    def die(*_: object) -> None:
        raise _Dead

    with monkeypatch.context() as patch, pytest.raises(_Dead):
        patch.setattr(os, "replace", die)
        durable.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    durable.write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
