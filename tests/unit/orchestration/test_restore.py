"""A home out of an archive: as it was; and of an archive that is damaged, cut off or hostile, nothing at all."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import signal
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration import archive, cli
from orchestration.archive import Contents, Member
from orchestration.backup import back_up
from orchestration.home import Home, open_home
from orchestration.messages import Stop
from orchestration.restore import restore
from orchestration.verification import verify

Info = tarfile.TarInfo
RELEASE = "r000001-2026-11-23"


def quiet(_: str) -> None:
    """Tell nobody."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where homes are restored: only what a test leaves is in it."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.fixture
def file(home: Home, publish: Callable[..., str], tmp_path: Path) -> Path:
    """An archive of a home with something of each kind."""
    publish()
    content = b"x" * 5000
    sha256 = hashlib.sha256(content).hexdigest()
    blob = home.raw / "blobs" / sha256[:2] / sha256
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    blob.chmod(0o400)
    (home.inbox / "patent" / "专利.csv").write_text("专利号\n1\n", encoding="utf-8")
    name = os.fsdecode("数据.csv".encode("gb18030"))
    (home.inbox / "patent" / name).write_text("x\n", encoding="utf-8")
    home.queries.write_text("{}\n", encoding="utf-8")
    home.queries.chmod(0o600)
    secret = home.root / "runs" / "r000002" / "candidate" / "confidential.duckdb"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(b"answers")
    secret.chmod(0o644)
    home.root.chmod(0o750)
    back_up(home, file := tmp_path / "home.tar", quiet)
    return file


def refused(root: Path, file: Path) -> Stop:
    """Why it was not restored; nothing was left."""
    before = sorted(root.parent.rglob("*"))
    with pytest.raises(Stop) as stop:
        restore(root, file, quiet)
    assert sorted(root.parent.rglob("*")) == before
    assert stop.value.zh and "Errno" not in stop.value.en
    return stop.value


def tree(root: Path) -> dict[str, Any]:
    return {
        path.relative_to(root).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in sorted(root.rglob("*"))
        if "warehouse" not in path.parts or path.name == "queries.jsonl"
    }


def test_the_home_is_as_it_was(home: Home, file: Path, place: Path) -> None:
    done = restore(place / "home", file, quiet)
    assert os.listdir(place) == ["home"]
    back = open_home(place / "home")
    assert tree(back.root) == tree(home.root)
    assert (done["current"], done["home"]) == (RELEASE, str(back.root))
    assert verify(back, None, quiet)["ok"]
    file_of = back.inbox / "patent" / "专利.csv"
    assert int(file_of.stat().st_mtime) == int((home.inbox / "patent" / "专利.csv").stat().st_mtime)


def test_modes_are_as_they_should_be(home: Home, file: Path, place: Path) -> None:
    restore(place / "home", file, quiet)
    back = Home(place / "home")

    def mode(path: Path) -> int:
        return path.stat().st_mode & 0o7777

    assert mode(back.root) == 0o750
    assert mode(back.typed) == mode(back.build) == 0o700
    assert mode(back.releases / RELEASE / "warehouse.duckdb") & 0o222 == 0
    assert mode(next((back.raw / "blobs").glob("*/*"))) == 0o400
    assert mode(back.queries) == 0o600
    assert mode(back.runs / "r000002" / "candidate" / "confidential.duckdb") == 0o600


def test_an_empty_folder_gives_way_and_nothing_else_does(file: Path, place: Path) -> None:
    (place / "home").mkdir()
    restore(place / "home", file, quiet)
    assert refused(place / "home", file).code == "home_not_empty"
    (place / "file").write_bytes(b"")
    stop = refused(place / "file", file)
    assert (stop.exit_code, stop.code) == (2, "home_not_empty")
    (place / "dangling").symlink_to("nowhere")
    restore(place / "dangling", file, quiet)  # where the link leads to
    assert (place / "nowhere" / "innostat.toml").is_file()
    assert refused(place / "no" / "home", file).code == "no_such_folder"
    assert refused(place / "other?", file).code == "home_name"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no tar", b"\0" * 20_000])
def test_what_is_no_archive_is_refused(file: Path, place: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert refused(place / "home", file).code == "no_backup"


def test_a_file_that_is_not_there_is_wrong_usage(place: Path) -> None:
    for file in (place / "no.tar", place):
        stop = refused(place / "home", file)
        assert (stop.exit_code, stop.code) == (2, "no_such_file")


def test_an_archive_cut_off_anywhere_is_refused(file: Path, place: Path) -> None:
    whole = file.read_bytes()
    with tarfile.open(file) as tar:
        ends = {at for info in tar for at in (info.offset, info.offset_data)}
    seal = max(ends)
    for at in sorted(end + more for end in ends for more in (0, 100, 512)):
        if at < seal + 78:  # behind the last line there is only filling
            file.write_bytes(whole[:at])
            assert refused(place / "home", file).code == "no_backup", at


def test_a_bit_that_flipped_is_found_wherever_it_is(home: Home, file: Path, place: Path) -> None:
    """In each header and content; in the filling of a block it says nothing, and the home is as it was."""
    whole, before = file.read_bytes(), tree(home.root)
    with tarfile.open(file) as tar:
        spans = [(info.offset, info.offset_data, info.size) for info in tar]
    places = {
        at for start, data, size in spans for at in (start, start + 101, start + 150, data, data + size - 1)
    }
    places |= set(range(0, len(whole), 9973))
    found = 0
    for at in sorted(places):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        root = place / f"home{at}"
        try:
            restore(root, file, quiet)
        except Stop as stop:
            assert stop.code == "no_backup"
            assert not root.exists()
            found += 1
        else:
            assert tree(root) == before, at
    assert found > len(spans) * 3
    assert not [name for name in os.listdir(place) if name.startswith(".")]


def craft(
    file: Path, members: list[tuple[Info, bytes]], listed: list[Member], current: str | None = None
) -> None:
    """An archive that says of itself what it wants."""
    head = Contents("2026-11-23T00:00:00+08:00", 0o755, current, tuple(listed)).to_json()
    with tarfile.open(file, "w") as tar:
        for info, content in [
            (Info("backup.json"), head),
            *members,
            (Info("backup.sha256"), archive.seal_of(head)),
        ]:
            info.size = info.size or len(content)
            tar.addfile(info, io.BytesIO(content))


def plain(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Info:
    info = Info(name)
    info.type, info.linkname = kind, link
    return info


def listed(path: str, content: bytes = b"x", size: int | None = None) -> Member:
    return Member(path, 0o644, len(content) if size is None else size, hashlib.sha256(content).hexdigest())


INBOX = (plain("inbox", tarfile.DIRTYPE), b""), Member("inbox", 0o755)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/x",
        "../x",
        "inbox/../../x",
        "inbox/./x",
        "inbox//x",
        "x",
        "warehouse/lock",
        "releases/current",
        "",
    ],
)
def test_a_path_that_no_home_has_is_refused(file: Path, place: Path, path: str) -> None:
    craft(file, [INBOX[0], (plain(path), b"x")], [INBOX[1], listed(path)])
    assert "has no place" in refused(place / "home", file).en


@pytest.mark.parametrize("path", ["/inbox/x", "../inbox/x", "inbox/y", "inbox/../x"])
def test_a_member_under_another_name_than_listed_is_refused(file: Path, place: Path, path: str) -> None:
    craft(file, [INBOX[0], (plain(path), b"x")], [INBOX[1], listed("inbox/x")])
    assert refused(place / "home", file).code == "no_backup"


@pytest.mark.parametrize(
    "info",
    [
        plain("inbox/x", tarfile.SYMTYPE, "/etc/passwd"),
        plain("inbox/x", tarfile.SYMTYPE, "../innostat.toml"),
        plain("inbox/x", tarfile.LNKTYPE, "innostat.toml"),
        plain("inbox/x", tarfile.CHRTYPE),
        plain("inbox/x", tarfile.BLKTYPE),
        plain("inbox/x", tarfile.FIFOTYPE),
        plain("inbox/x", tarfile.DIRTYPE),
    ],
    ids=["absolute link", "link", "hard link", "character device", "block device", "pipe", "folder"],
)
def test_a_member_that_is_no_file_is_refused(file: Path, place: Path, info: Info) -> None:
    craft(file, [INBOX[0], (info, b"")], [INBOX[1], listed("inbox/x", b"")])
    assert refused(place / "home", file).code == "no_backup"


def test_a_link_in_the_place_of_a_folder_is_refused(file: Path, place: Path) -> None:
    craft(
        file,
        [(plain("inbox", tarfile.SYMTYPE, str(place)), b""), (plain("inbox/x"), b"x")],
        [INBOX[1], listed("inbox/x")],
    )
    assert refused(place / "home", file).code == "no_backup"
    assert not (place / "x").exists()


def test_a_name_twice_is_refused(file: Path, place: Path) -> None:
    twice = [(plain("inbox/x"), b"x"), (plain("inbox/x"), b"x")]
    craft(file, [INBOX[0], *twice], [INBOX[1], listed("inbox/x")])
    assert "more than it says" in refused(place / "home", file).en
    craft(file, [INBOX[0], *twice], [INBOX[1], listed("inbox/x"), listed("inbox/x")])
    assert "twice" in refused(place / "home", file).en


def test_a_member_larger_than_it_says_and_one_larger_than_the_disk_are_refused(
    file: Path, place: Path
) -> None:
    craft(file, [INBOX[0], (plain("inbox/x"), b"xx")], [INBOX[1], listed("inbox/x")])
    assert "hash and size" in refused(place / "home", file).en
    craft(file, [INBOX[0], (plain("inbox/x"), b"x")], [INBOX[1], listed("inbox/x", size=2**60)])
    stop = refused(place / "home", file)
    assert (stop.exit_code, stop.code) == (1, "disk_full")


def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(file: Path, place: Path) -> None:
    head = Info("backup.json")
    head.size = 2**40
    file.write_bytes(head.tobuf() + b"\0" * 1024)
    assert "backup.json" in refused(place / "home", file).en


@pytest.mark.parametrize("current", ["../../etc", "/etc", "r000009-2026-11-23", "current", ""])
def test_current_points_to_a_release_that_is_in_it(file: Path, place: Path, current: str) -> None:
    releases = plain("releases", tarfile.DIRTYPE)
    link = plain("releases/current", tarfile.SYMTYPE, current)
    craft(file, [(releases, b""), (link, b"")], [Member("releases", 0o755)], current)
    assert "current release" in refused(place / "home", file).en


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"},
        {"version": 2},
        {"files": 10**6},
        {"mode": "7777"},
        {"members": [1]},
        {"members": [{"path": 1, "mode": "0644"}]},
        {"members": [{"path": "inbox/x", "mode": "0644", "size": -1, "sha256": "0" * 64}]},
        {"members": [{"path": "inbox/x", "mode": "0644", "size": 1, "sha256": "0"}]},
        {"current": 5},
    ],
    ids=str,
)
def test_contents_that_are_none_are_refused(file: Path, place: Path, change: dict[str, Any]) -> None:
    told = {**json.loads(Contents("", 0o755, None, ()).to_json()), **change}
    content = json.dumps(told).encode()
    with tarfile.open(file, "w") as tar:
        head = Info("backup.json")
        head.size = len(content)
        tar.addfile(head, io.BytesIO(content))
    assert refused(place / "home", file).code == "no_backup"


def test_an_archive_whose_hashes_are_right_and_that_is_no_sound_home_is_refused(
    file: Path, place: Path
) -> None:
    folders = ["raw", "raw/blobs", "raw/blobs/00"]
    name = "raw/blobs/00/" + "0" * 64
    craft(
        file,
        [*((plain(folder, tarfile.DIRTYPE), b"") for folder in folders), (plain(name), b"x")],
        [*(Member(folder, 0o755) for folder in folders), listed(name)],
    )
    assert name in refused(place / "home", file).en
    folders = ["runs", "runs/r000001"]
    craft(
        file,
        [
            *((plain(folder, tarfile.DIRTYPE), b"") for folder in folders),
            (plain("runs/r000001/run.json"), b"[1]"),
        ],
        [*(Member(folder, 0o755) for folder in folders), listed("runs/r000001/run.json", b"[1]")],
    )
    assert refused(place / "home", file).code == "no_backup"


def test_what_a_killed_restore_left_is_cleared_and_one_under_way_is_not(file: Path, place: Path) -> None:
    left = place / ".home.incoming"
    left.mkdir()
    (left / "half").write_bytes(b"half")
    descriptor = os.open(left, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert refused(place / "home", file).exit_code == 4
    os.close(descriptor)
    restore(place / "home", file, quiet)
    assert os.listdir(place) == ["home"]


def test_told_to_end_it_leaves_nothing(file: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration import restore as module

    monkeypatch.setattr(module, "boundary", lambda name: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        restore(place / "home", file, quiet)
    assert not os.listdir(place)


@pytest.mark.parametrize("mtime", ["nan", "inf", "-1", "1e300", "x"])
def test_a_time_that_is_none_harms_nobody(file: Path, place: Path, mtime: str) -> None:
    odd = plain("inbox/x")
    odd.pax_headers = {"mtime": mtime}
    craft(file, [INBOX[0], (odd, b"x")], [INBOX[1], listed("inbox/x")])
    try:
        restore(place / "home", file, quiet)
    except Stop as stop:
        assert stop.code in {"no_backup", "not_restored"}
        assert not os.listdir(place)
    else:
        assert (place / "home" / "inbox" / "x").read_bytes() == b"x"


def test_a_home_that_came_meanwhile_is_not_written_over(
    file: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import restore as module

    (place / "home").mkdir()
    monkeypatch.setattr(module, "boundary", lambda name: (place / "home" / "mine").touch())
    with pytest.raises(Stop) as stop:
        restore(place / "home", file, quiet)
    assert stop.value.code == "home_not_empty"
    assert sorted(path.name for path in place.rglob("*")) == ["home", "mine"]


def test_the_command_says_what_stands_there(
    file: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli._run(["restore", str(file), "--home", str(place / "home")]) == 0
    said = capsys.readouterr().out
    assert RELEASE in said and str(place / "home") in said
    assert cli._run(["restore", str(file), "--home", str(place / "home"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "home_not_empty"
    assert cli._run(["restore", str(file), "--home", str(place / "more"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["current"] == RELEASE
