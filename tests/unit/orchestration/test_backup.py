"""The home into one archive: what is in it, what refuses it, and that it is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration import cli, lock
from orchestration.backup import back_up
from orchestration.home import Home
from orchestration.messages import Stop


def quiet(_: str) -> None:
    """Tell nobody."""


def refused(home: Home, file: Path) -> Stop:
    with pytest.raises(Stop) as stop:
        back_up(home, file, quiet)
    return stop.value


def keep_raw(home: Home, content: bytes) -> Path:
    """Bytes in the raw store that no ledger names."""
    sha256 = hashlib.sha256(content).hexdigest()
    blob = home.raw / "blobs" / sha256[:2] / sha256
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    blob.chmod(0o400)
    return blob


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere" / "home.tar"


@pytest.fixture
def filled(home: Home, publish: Callable[..., str]) -> Home:
    """A home with something of each kind."""
    publish()
    keep_raw(home, b"x" * 3_000_000)
    (home.inbox / "patent" / "专利.csv").write_text("专利号\n1\n", encoding="utf-8")
    home.queries.write_text('{"sql": "FROM coverage"}\n', encoding="utf-8")
    (home.typed / "x").mkdir(parents=True)
    (home.typed / "x" / "rows.parquet").write_bytes(b"again")
    return home


def test_all_that_cannot_be_made_again_is_in_it_and_nothing_else(filled: Home, file: Path) -> None:
    done = back_up(filled, file, quiet)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == ["home.tar"]
    with tarfile.open(file) as tar:
        names = tar.getnames()
        head = tar.extractfile("backup.json")
        assert head is not None
        contents = json.load(head)
        assert tar.getmember("releases/current").linkname == done["current"] == "r000001-2026-11-23"
    assert (names[0], names[-1]) == ("backup.json", "backup.sha256")
    told = [one["path"] for one in contents["members"]]
    assert names[1:-1] == [*told, "releases/current"]
    assert {"innostat.toml", "decisions/links.csv", "inbox/patent/专利.csv", "warehouse/queries.jsonl"} <= {
        *told
    }
    assert "inbox/enterprise_register" in told  # an empty folder, where a provider puts files
    assert [name for name in told if name.startswith("warehouse")] == ["warehouse", "warehouse/queries.jsonl"]
    for one in contents["members"]:
        path = filled.root / one["path"]
        assert int(one["mode"], 8) == path.stat().st_mode & 0o777
        if path.is_file():
            assert one["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert done["files"] == contents["files"] == sum("sha256" in one for one in contents["members"])
    assert done["left_out"] == []


def test_it_can_be_opened_without_this_program(filled: Home, file: Path, tmp_path: Path) -> None:
    back_up(filled, file, quiet)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xpf", file, "-C", out], check=True)
    subprocess.run(["sha256sum", "-c", "--quiet", "backup.sha256"], cwd=out, check=True)
    assert (out / "releases" / "current" / "manifest.json").is_file()
    assert (out / "inbox/patent/专利.csv").read_text(encoding="utf-8") == "专利号\n1\n"


def test_the_same_home_gives_the_same_members_in_the_same_order(filled: Home, file: Path) -> None:
    back_up(filled, file, quiet)
    back_up(filled, second := file.with_name("second.tar"), quiet)
    told = []
    for one in (file, second):
        with tarfile.open(one) as tar:
            told.append(
                [(i.name, i.size, i.mode, i.mtime, i.uid, i.uname) for i in tar if "backup." not in i.name]
            )
    assert told[0] == told[1]
    assert {(uid, uname) for *_, uid, uname in told[0]} == {(0, "")}


def test_names_that_are_no_unicode_are_kept(filled: Home, file: Path) -> None:
    name = os.fsdecode("数据.csv".encode("gb18030"))
    (filled.inbox / "patent" / name).write_text("x\n", encoding="utf-8")
    back_up(filled, file, quiet)
    with tarfile.open(file) as tar:
        assert f"inbox/patent/{name}" in tar.getnames()


def test_what_is_no_file_is_left_out_and_named(filled: Home, file: Path, tmp_path: Path) -> None:
    linked = tmp_path / "corrections.csv"
    linked.write_text("source\n", encoding="utf-8")
    (filled.decisions / "corrections.csv").unlink()
    (filled.decisions / "corrections.csv").symlink_to(
        linked
    )  # decisions kept elsewhere are read through the link
    (filled.inbox / "patent" / "link.csv").symlink_to("/etc/passwd")
    os.mkfifo(filled.inbox / "pipe")
    (filled.root / "notes.txt").write_text("mine", encoding="utf-8")
    (filled.releases / ".incoming-current").symlink_to("x")
    done = back_up(filled, file, quiet)
    assert done["left_out"] == ["notes.txt", "inbox/patent/link.csv", "inbox/pipe"]
    with tarfile.open(file) as tar:
        assert tar.getmember("decisions/corrections.csv").isreg()
        assert [one.name for one in tar if not (one.isreg() or one.isdir())] == ["releases/current"]


def test_a_damaged_home_is_not_backed_up_and_the_damage_is_named(filled: Home, file: Path) -> None:
    blob = next((filled.raw / "blobs").glob("*/*"))
    blob.chmod(0o600)
    blob.write_bytes(b"y")
    stop = refused(filled, file)
    assert (stop.exit_code, stop.code) == (3, "home_damaged")
    assert blob.name in stop.en and blob.name in stop.zh
    assert not os.listdir(file.parent)


def test_a_changed_release_is_named_with_its_remedy(filled: Home, file: Path) -> None:
    database = filled.releases / "r000001-2026-11-23" / "warehouse.duckdb"
    database.write_bytes(database.read_bytes()[:-1])
    stop = refused(filled, file)
    assert stop.exit_code == 3 and "releases/r000001-2026-11-23/warehouse.duckdb" in stop.en
    assert "No other release is whole" in stop.en


@pytest.mark.parametrize("place", ["home.tar", "inbox/home.tar", "raw/x.tar", "releases/x.tar", "runs/x.tar"])
def test_it_never_lies_inside_the_home(filled: Home, place: str) -> None:
    assert refused(filled, filled.root / place).exit_code == 2
    assert not (filled.root / place).exists()


def test_no_file_is_written_over(filled: Home, file: Path) -> None:
    file.write_bytes(b"mine")
    assert refused(filled, file).code == "file_exists"
    file.unlink()
    file.symlink_to("nowhere")
    assert refused(filled, file).code == "file_exists"
    assert os.listdir(file.parent) == ["home.tar"]


def test_a_file_that_came_meanwhile_is_not_written_over(
    filled: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import backup

    monkeypatch.setattr(backup, "boundary", lambda name: file.write_bytes(b"mine"))
    assert refused(filled, file).code == "file_exists"
    assert file.read_bytes() == b"mine"
    assert os.listdir(file.parent) == ["home.tar"]


def test_without_hard_links_it_is_renamed(filled: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", none)
    back_up(filled, file, quiet)
    assert os.listdir(file.parent) == ["home.tar"]


@pytest.mark.parametrize("change", ["grown", "rewritten", "gone"])
def test_a_file_that_changes_meanwhile_ends_it_in_words(
    filled: Home, file: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import backup

    path = filled.inbox / "patent" / "专利.csv"

    def now(*_: object) -> None:
        if change == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[::-1] + (b"x" if change == "grown" else b""))

    monkeypatch.setattr(backup, "_refuse_full", now)
    stop = refused(filled, file)
    assert (stop.exit_code, stop.code) == (1, "changed_meanwhile")
    assert str(path) in stop.en
    assert not os.listdir(file.parent)


def test_the_log_of_queries_may_grow_meanwhile(
    filled: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import backup

    before = filled.queries.read_bytes()
    monkeypatch.setattr(backup, "_refuse_full", lambda *_: filled.queries.write_bytes(before * 2))
    back_up(filled, file, quiet)
    with tarfile.open(file) as tar:
        kept = tar.extractfile("warehouse/queries.jsonl")
        assert kept is not None and kept.read() == before


def test_a_full_disk_is_told_before_anything_is_written(
    filled: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 1000))  # type: ignore[attr-defined]  # as the function gives it
    stop = refused(filled, file)
    assert (stop.exit_code, stop.code) == (1, "disk_full")
    assert not os.listdir(file.parent)


def test_a_write_that_fails_leaves_nothing(filled: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    stop = refused(filled, file)
    assert (stop.exit_code, stop.code) == (1, "backup_not_written")
    assert "No space left" in stop.en
    assert not os.listdir(file.parent)


def test_what_a_killed_backup_left_is_cleared_and_one_under_way_is_not(filled: Home, file: Path) -> None:
    import fcntl

    left = file.with_name(".home.tar.incoming")
    left.write_bytes(b"half")
    with left.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refused(filled, file).exit_code == 4
        assert left.read_bytes() == b"half"
    # Put in place and killed before the other name went: the backup must not be emptied under its own name.
    os.link(left, moved := file.with_name("moved.tar"))
    back_up(filled, file, quiet)
    assert moved.read_bytes() == b"half"
    assert sorted(os.listdir(file.parent)) == ["home.tar", "moved.tar"]


def test_told_to_end_it_leaves_nothing(filled: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration import backup

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(backup, "boundary", lambda name: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        back_up(filled, file, quiet)
    assert not os.listdir(file.parent)
    assert signal.getsignal(signal.SIGTERM) == before


def test_it_waits_for_nobody_who_holds_the_home(filled: Home, file: Path) -> None:
    with lock.hold(filled.lock_file):
        assert refused(filled, file).exit_code == 4


def test_the_command_says_what_is_in_it(filled: Home, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (filled.root / "notes.txt").write_text("mine", encoding="utf-8")
    assert cli._run(["backup", str(file), "--home", str(filled.root)]) == 0
    said = capsys.readouterr().out
    assert str(file) in said and "r000001-2026-11-23" in said and "notes.txt" in said
    assert cli._run(["backup", str(file), "--home", str(filled.root), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "file_exists"
    nowhere = str(file.parent / "no" / "home.tar")
    assert cli._run(["backup", nowhere, "--home", str(filled.root)]) == 2
