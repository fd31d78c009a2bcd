"""Old releases away: which go, which never do, what is kept of them, and that each is whole or gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration import cli, lock, pruned, records, standing
from orchestration.acts import Act, append
from orchestration.approvals import approve, rollback
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.prune import prune
from orchestration.records import Record
from orchestration.recovery import recover
from orchestration.verification import verify
from publication.durable import sha256_file
from publication.releases import Releases
from tests.unit.orchestration.conftest import seal

WHO = ("张三", "有误")


def quiet(_: str) -> None:
    """Tell nobody."""


def name(number: int) -> str:
    """The release of the run with this number: one a day."""
    return f"r{number:06d}-2026-03-{number:02d}"


@pytest.fixture
def five(home: Home, publish: Callable[..., str]) -> Home:
    """A home with five releases, one a day, the last of them current; each hands on what it first published."""
    for number in range(1, 6):
        release = publish(f"r{number:06d}", f"2026-03-{number:02d}")
        assert release == name(number)
        folder = home.releases / release
        with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
            con.execute(f"CREATE TABLE first_published AS SELECT {number} AS rate")
        seal(folder)
        records.save(home, Record(release[:7], release[8:], 1, "", state="published", release=release))
    return home


def there(home: Home) -> list[int]:
    return [int(one.release_id[1:7]) for one in Releases(home.root).list()]


def gone(home: Home, keep: int | None = 1, before: date | None = None, dry_run: bool = False) -> list[int]:
    done = prune(home, keep, before, dry_run, quiet)
    return [int(one["release"][1:7]) for one in done["removed"]]


def stays(home: Home, keep: int = 1) -> dict[str, str]:
    return {one["release"]: one["code"] for one in prune(home, keep, None, True, quiet)["stay"]}


def act(kind: str, subject: str, current: str) -> Act:
    return Act(
        kind, subject, "0" * 64, current, date(2026, 3, 1), "张三", "有误", "2026-03-09T09:00:00+08:00"
    )


@pytest.mark.parametrize(
    ("keep", "before", "expected"),
    [
        (2, None, [1, 2, 3]),
        (5, None, []),
        (None, date(2026, 3, 3), [1, 2]),
        (None, date(2027, 1, 1), [1, 2, 3, 4]),  # never the current one
        (4, date(2026, 3, 3), [1]),
        (1, date(2026, 3, 3), [1, 2]),
        (None, None, []),  # thirty stay
    ],
)
def test_what_is_beyond_both_limits_goes(
    five: Home, keep: int | None, before: date | None, expected: list[int]
) -> None:
    before_all = sorted(five.root.rglob("*"))
    assert gone(five, keep, before, dry_run=True) == expected
    assert sorted(five.root.rglob("*")) == before_all
    assert gone(five, keep, before) == expected
    assert there(five) == [number for number in range(1, 6) if number not in expected]
    assert verify(five, None, quiet)["ok"]
    assert Releases(five.root).current() == name(5)


def test_the_current_release_stays_however_old_it_is(five: Home) -> None:
    Releases(five.root).make_current(name(1))
    assert stays(five)[name(1)] == "current"
    assert gone(five) == [2, 3, 4]


def test_what_approvals_names_and_what_was_taken_back_stays(five: Home) -> None:
    append(five, act("freeze", "2025", name(1)))
    append(five, act("rollback", name(2), name(4)))
    assert stays(five) == {name(1): "named", name(2): "named", name(3): "taken_back", name(4): "named"}
    assert gone(five) == []


def test_what_a_held_candidate_was_compared_with_stays(five: Home) -> None:
    candidate = five.run_dir("r000006") / "candidate"
    candidate.mkdir(parents=True)
    (candidate / "manifest.json").write_text(json.dumps({"previous": name(3)}), encoding="utf-8")
    records.save(five, Record("r000006", "2026-03-06", 1, "", state="held"))
    assert stays(five) == {name(3): "compared"}
    assert gone(five) == [1, 2, 4]
    assert candidate.is_dir()


def test_what_cannot_be_made_again_or_is_damaged_stays(five: Home) -> None:
    folder = five.releases / name(1)
    manifest = {**json.loads((folder / "manifest.json").read_bytes()), "inputs": [{"delivery_id": "0" * 64}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (five.releases / name(2) / "warehouse.duckdb").write_bytes(b"x")
    (five.releases / name(3) / "manifest.json").write_bytes(b"no json")
    odd = five.releases / "kept-by-hand"
    shutil.copytree(five.releases / name(4), odd)
    assert stays(five) == {name(1): "inputs", name(2): "damaged", name(3): "damaged", odd.name: "no_run"}
    assert gone(five, keep=None, before=date(2026, 4, 1)) == [4]
    assert odd.is_dir()


def test_nothing_goes_from_a_home_that_is_damaged(five: Home) -> None:
    blob = five.raw / "blobs" / "00" / ("0" * 64)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"x")
    with pytest.raises(Stop) as stop:
        prune(five, 1, None, False, quiet)
    assert (stop.value.exit_code, stop.value.code) == (3, "raw_damaged")
    assert blob.name in stop.value.en and blob.name in stop.value.zh
    blob.unlink()
    (five.releases / "current").unlink()
    with pytest.raises(Stop) as stop:
        prune(five, 1, None, False, quiet)
    assert (stop.value.exit_code, stop.value.code) == (3, "current_gone")
    assert there(five) == [1, 2, 3, 4, 5]


def test_what_it_was_is_kept_and_told(five: Home, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = (five.releases / name(1) / "manifest.json").read_bytes()
    gone(five, keep=4)
    kept = five.runs / "r000001" / "pruned"
    assert (kept / "manifest.json").read_bytes() == manifest
    assert pruned.damage(kept) is None
    assert cli._run(["releases", "--json", "--home", str(five.root)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["release_id"] for one in listed] == [name(number) for number in range(1, 6)]
    assert listed[0]["pruned"]["release"] == name(1) and listed[0]["pruned"]["by"]
    assert [one["pruned"] for one in listed[1:]] == [None] * 4
    assert cli._run(["releases", "--home", str(five.root)]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert name(1) in first and "removed by" in first and "removed" not in second

    with pytest.raises(Stop) as stop:
        rollback(five, name(1), *WHO)
    assert (stop.value.exit_code, stop.value.code) == (2, "release_pruned")
    for said in (stop.value.zh, stop.value.en):
        assert "innostat run --as-of 2026-03-01" in said and str(kept / "manifest.json") in said
    with pytest.raises(Stop) as stop:
        verify(five, name(1), quiet)
    assert stop.value.code == "release_pruned"
    with pytest.raises(Stop) as stop:
        rollback(five, "r000009-2026-03-09", *WHO)
    assert stop.value.code == "release_unknown"


def test_bringing_back_a_release_that_is_gone_is_refused_in_words(five: Home) -> None:
    gone(five, keep=3)
    append(five, act("rollback", name(1), name(5)))
    Releases(five.root).make_current(name(3))
    with pytest.raises(Stop) as stop:
        approve(five, name(2), "0" * 64, *WHO)
    assert stop.value.code == "release_pruned"


def test_what_it_first_published_is_handed_on_from_what_was_kept(five: Home) -> None:
    assert records.released_before(five, date(2026, 3, 3)) == five.releases / name(2)
    gone(five)
    kept = records.released_before(five, date(2026, 3, 3))
    assert kept == five.pruned("r000002")
    with duckdb.connect(str(kept / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("SELECT rate FROM first_published").fetchall() == [(2,)]
    standing.refuse_damaged(five, date(2026, 3, 3))
    (kept / "warehouse.duckdb").write_bytes(b"x")
    with pytest.raises(Stop) as stop:
        standing.refuse_damaged(five, date(2026, 3, 3))
    assert stop.value.code == "release_damaged" and "r000002/pruned" in stop.value.en


def test_what_differs_since_is_told(five: Home, publish: Callable[..., str]) -> None:
    publish("r000006", "2026-03-06")
    five.settings_file.write_text("[coverage]\nfirst_year = 2025\n", encoding="utf-8")
    (five.decisions / "links.csv").write_bytes(b"source,name,uscc,decided_by,decided_on\n\n")
    (one,) = prune(five, 5, None, True, quiet)["removed"]
    assert set(one["differs"]) == {"settings", "decisions"}


def test_a_reader_keeps_what_it_has_open(five: Home) -> None:
    with duckdb.connect(str(five.releases / name(1) / "warehouse.duckdb"), read_only=True) as con:
        gone(five)
        assert con.execute("SELECT rate FROM first_published").fetchall() == [(1,)]


def test_it_waits_for_nobody_who_holds_the_home_and_a_look_need_not(five: Home) -> None:
    with lock.hold(five.lock_file):
        with pytest.raises(Stop) as stop:
            prune(five, 1, None, False, quiet)
        assert stop.value.exit_code == 4
        assert gone(five, dry_run=True) == [1, 2, 3, 4]


class KilledError(BaseException):
    """Nobody catches it, like a kill."""


@pytest.mark.parametrize("deadly", ["note", "prune_noted", "prune_moved", "sweep"])
def test_a_kill_leaves_each_release_whole_or_gone(
    five: Home, deadly: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import prune as module

    def die(*arguments: Any) -> None:
        if deadly in ("note", "sweep") or deadly in arguments:
            raise KilledError

    with monkeypatch.context() as patch:
        if deadly == "note":
            patch.setattr(Path, "rename", die)
        elif deadly == "sweep":
            patch.setattr("publication.releases.shutil", SimpleNamespace(rmtree=die))
        else:
            patch.setattr(module, "boundary", die)
        with pytest.raises(KilledError):
            prune(five, 3, None, False, quiet)
    moved = deadly in ("prune_moved", "sweep")
    assert there(five) == ([2, 3, 4, 5] if moved else [1, 2, 3, 4, 5])
    assert len(pruned.all_pruned(five)) == moved
    assert verify(five, None, quiet)["ok"]
    recover(five)  # as the next run does
    assert not [path for path in five.releases.iterdir() if path.name.startswith(".")]
    assert gone(five, keep=3) == ([2] if moved else [1, 2])
    assert [one.release for one in pruned.all_pruned(five)] == [name(1), name(2)]
    assert all(pruned.damage(five.pruned(f"r{number:06d}")) is None for number in (1, 2))
    assert verify(five, None, quiet)["ok"]


def test_the_command_says_what_goes_what_stays_and_why(
    five: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    append(five, act("freeze", "2025", name(2)))
    home = ["--home", str(five.root)]
    assert cli._run(["prune", "--keep", "2", "--dry-run", *home]) == 0
    said = capsys.readouterr().out
    assert "would remove 2 releases" in said and "3 releases would stay" in said
    assert f"{name(2)} stays: decisions/approvals.csv names it" in said
    assert "innostat run --as-of 2026-03-01" in said
    assert cli._run(["prune", "--keep", "2", "--json", *home]) == 0
    done = json.loads(capsys.readouterr().out)
    assert [one["release"] for one in done["removed"]] == [name(1), name(3)]
    assert done["removed"][0]["pruned"]["keep"] == 2
    assert cli._run(["prune", *home]) == 0
    assert "removed 0 releases" in capsys.readouterr().out
    for wrong in (["--keep", "0"], ["--keep", "x"], ["--before", "yesterday"]):
        assert cli._run(["prune", *wrong, *home]) == 2


def test_nothing_but_releases_is_touched(five: Home) -> None:
    def hashes() -> dict[Path, str]:
        return {
            path: sha256_file(path)
            for part in (five.raw, five.decisions, five.inbox, five.runs)
            for path in part.rglob("*")
            if path.is_file() and "pruned" not in path.parts
        }

    before = hashes()
    gone(five)
    assert hashes() == before
