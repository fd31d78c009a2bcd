"""Looking into the inbox: what is found, what is passed over, what is said, what an unchanged day costs."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from ingestion import inbox
from ingestion.inbox import scan

SOURCES = {"enterprise_revenue", "patent"}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "inbox" / "patent").mkdir(parents=True)
    (tmp_path / "inbox" / "enterprise_revenue").mkdir()
    return tmp_path


def put(home, name, content=b"x", *, age=60):
    path = home / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    # ctime cannot be set back, so tests let the clock of the racy check run ahead instead (see `aged`).
    return path


@pytest.fixture
def aged(monkeypatch):
    """All files count as old enough to be remembered."""
    now = inbox.time.time_ns
    monkeypatch.setattr(inbox.time, "time_ns", lambda: now() + 60_000_000_000)


def codes(found):
    return [(problem.code, problem.path) for problem in found.problems]


def test_files_of_all_subfolders_in_a_fixed_order(home):
    put(home, "patent/二/b.csv", b"2")
    put(home, "patent/a.xlsx", b"1")
    put(home, "enterprise_revenue/深/层/c.csv", b"3")
    found = scan(home, SOURCES)
    assert [(file.source, file.name) for file in found.files] == [
        ("enterprise_revenue", "深/层/c.csv"),
        ("patent", "a.xlsx"),
        ("patent", "二/b.csv"),
    ]
    assert found.files[1].sha256 == hashlib.sha256(b"1").hexdigest()
    assert found.files[1].size == 1 and found.files[1].sidecar is None
    assert not found.problems


def test_a_sidecar_goes_with_its_file_and_is_none_itself(home):
    put(home, "patent/a.csv")
    put(home, "patent/a.csv.meta.toml", b'unit = "\xe5\x85\x83"')
    put(home, "patent/b.csv.meta.toml")
    found = scan(home, SOURCES)
    assert [(file.name, file.sidecar) for file in found.files] == [("a.csv", b'unit = "\xe5\x85\x83"')]
    assert codes(found) == [("sidecar_without_file", "patent/b.csv.meta.toml")]


def test_a_sidecar_has_a_limit(home, monkeypatch):
    monkeypatch.setattr(inbox, "SIDECAR_LIMIT", 3)
    put(home, "patent/a.csv")
    put(home, "patent/a.csv.meta.toml", b"1234")
    found = scan(home, SOURCES)
    assert not found.files and codes(found) == [("sidecar_too_large", "patent/a.csv")]


@pytest.mark.parametrize(
    "name", [".hidden.csv", "~$a.xlsx", "a.csv.tmp", "a.csv.part", "Thumbs.db", ".deep/a.csv", "a.CRDOWNLOAD"]
)
def test_litter_is_passed_over_in_silence(home, name):
    put(home, f"patent/{name}")
    found = scan(home, SOURCES)
    assert not found.files and not found.problems


def test_an_unknown_folder_and_a_stray_file_are_named_in_both_languages(home):
    put(home, "patents/a.csv")
    put(home, "企业收入.xlsx")
    found = scan(home, SOURCES)
    assert not found.files
    assert codes(found) == [("unknown_source", "patents"), ("no_source_folder", "企业收入.xlsx")]
    assert all("patents" in words for words in (found.problems[0].zh, found.problems[0].en))


def test_f58_no_link_is_followed(home):
    secret = home / "secret.csv"
    secret.write_text("secret")
    outside = home / "outside"
    outside.mkdir()
    (outside / "a.csv").write_text("secret")
    (home / "inbox" / "patent" / "link.csv").symlink_to(secret)
    (home / "inbox" / "patent" / "folder").symlink_to(outside)
    (home / "inbox" / "standard").symlink_to(outside)
    found = scan(home, SOURCES | {"standard"})
    assert not found.files
    assert codes(found) == [("link", "patent/folder"), ("link", "patent/link.csv"), ("link", "standard")]


def test_f58_a_pipe_does_not_hold_up_the_scan(home):
    os.mkfifo(home / "inbox" / "patent" / "pipe.csv")
    assert codes(scan(home, SOURCES)) == [("not_a_file", "patent/pipe.csv")]


@pytest.mark.parametrize(
    "name", ["引'号\".csv", "行\n尾.csv", "😀.csv", "名" * 80 + ".csv", "'; DROP TABLE x; --.csv"]
)
def test_f58_any_name_is_just_a_name(home, name):
    put(home, f"patent/{name}")
    assert [file.name for file in scan(home, SOURCES).files] == [name]


def test_a_name_in_gbk_is_read_as_such(home):
    raw = os.fsencode(home / "inbox" / "patent") + b"/" + "专利.csv".encode("gb18030")
    with open(raw, "wb") as file:
        file.write(b"x")
    (file,) = scan(home, SOURCES).files
    assert file.name == "专利.csv"
    json.dumps(file.name).encode()
    assert file.path.read_bytes() == b"x"


def test_f55_f57_a_file_that_is_written_while_it_is_hashed_waits(home, monkeypatch):
    path = put(home, "patent/a.csv", b"1" * 100)
    real = hashlib.sha256

    class Writing:
        def __init__(self):
            self._digest = real()

        def update(self, chunk):
            with path.open("ab") as file:
                file.write(b"more")
            self._digest.update(chunk)

        def hexdigest(self):
            return self._digest.hexdigest()

    monkeypatch.setattr(inbox.hashlib, "sha256", Writing)
    found = scan(home, SOURCES)
    assert not found.files and codes(found) == [("file_changing", "patent/a.csv")]
    monkeypatch.setattr(inbox.hashlib, "sha256", real)
    assert [file.name for file in scan(home, SOURCES).files] == ["a.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(home):
    put(home, "patent/a.csv").chmod(0)
    assert codes(scan(home, SOURCES)) == [("no_permission", "patent/a.csv")]


def test_an_unchanged_file_is_not_read_again(home, aged, monkeypatch):
    put(home, "patent/a.csv", b"1")
    first = scan(home, SOURCES)
    monkeypatch.setattr(inbox, "open_regular", lambda path: pytest.fail("read again"))
    assert scan(home, SOURCES) == first


def test_a_young_file_is_hashed_again(home):
    put(home, "patent/a.csv", b"1")
    scan(home, SOURCES)
    assert not (home / "warehouse" / "inbox_index.json").exists()


@pytest.mark.parametrize("keep_mtime", [False, True])
def test_a_file_changed_in_place_is_seen(home, aged, keep_mtime):
    path = put(home, "patent/a.csv", b"1")
    before = scan(home, SOURCES).files[0]
    times = path.stat()
    path.write_bytes(b"2")
    if keep_mtime:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = scan(home, SOURCES).files[0]
    assert after.sha256 == hashlib.sha256(b"2").hexdigest() != before.sha256


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version": 1, "files": []}', b'{"version": 1, "files": {"a": 1}}']
)
def test_a_broken_index_costs_time_only(home, content):
    put(home, "patent/a.csv", b"1")
    index = home / "warehouse" / "inbox_index.json"
    index.parent.mkdir()
    index.write_bytes(content)
    assert [file.sha256 for file in scan(home, SOURCES).files] == [hashlib.sha256(b"1").hexdigest()]


def test_the_index_forgets_files_that_are_gone(home, aged):
    put(home, "patent/a.csv")
    scan(home, SOURCES)
    (home / "inbox" / "patent" / "a.csv").unlink()
    scan(home, SOURCES)
    assert json.loads((home / "warehouse" / "inbox_index.json").read_text())["files"] == {}


def test_an_index_that_cannot_be_written_is_no_reason_to_stop(home, aged):
    (home / "warehouse").write_text("a file where the folder should be")
    put(home, "patent/a.csv")
    assert len(scan(home, SOURCES).files) == 1


def test_no_inbox_is_an_empty_one(tmp_path):
    assert scan(tmp_path, SOURCES) == inbox.Scan()


def test_a_day_with_nothing_new_imports_no_data_library():
    program = """
import sys
import ingestion.inbox, ingestion.store
heavy = {"polars", "pyarrow", "duckdb", "numpy", "pandas", "rapidfuzz"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
