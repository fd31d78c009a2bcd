"""Folders elsewhere through fsspec: local and in memory, S3 against a server where moto and s3fs are."""

import os
import time
from datetime import date
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from ingestion.contract import load_contracts
from ingestion.pull import folder, pull_all
from ingestion.pull.contract import Folder
from ingestion.store import RawStore
from tests.integration.pulled import TODAY, load

PATENT = "专利号,专利类型,专利权人\nZL1,发明,某厂\n".encode()


class Place:
    """A folder on one file system: its address, and how a provider puts a file there."""

    def __init__(self, fs, root, url):
        self.fs, self.root, self.url = fs, root, url

    def put(self, name, content=PATENT):
        path = f"{self.root}/{name}"
        self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.fs.pipe_file(path, content)


@pytest.fixture(scope="module")
def s3_server():
    threaded = pytest.importorskip(
        "moto.server", reason="no S3 server: moto, flask or flask-cors is not installed"
    )
    pytest.importorskip("s3fs", reason="s3:// needs s3fs")
    server = threaded.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(params=["file", "memory", "s3"])
def place(request, tmp_path, monkeypatch):
    if request.param == "s3":
        monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_server"))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        bucket = f"b{uuid4().hex}"
        fs = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
        fs.mkdir(bucket)
        return Place(fs, f"{bucket}/in", f"s3://{bucket}/in")
    if request.param == "memory":
        root = f"/{uuid4().hex}"
        return Place(fsspec.filesystem("memory"), root, f"memory:/{root}")
    root = tmp_path / "share"
    root.mkdir()
    return Place(fsspec.filesystem("file"), str(root), f"file://{root}")


@pytest.fixture
def local(tmp_path):
    root = tmp_path / "share"
    root.mkdir(exist_ok=True)
    return root


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def aged(monkeypatch):
    """All files count as old enough to be remembered."""
    now = time.time
    monkeypatch.setattr(folder.time, "time", lambda: now() + 60)


def pull(home, url, pattern="*", source="patent"):
    given = Folder(source=source, url=url, pattern=pattern)
    return pull_all(home, {"share": given}, load_contracts(), TODAY)


def names(pulled):
    return [file.name for file in pulled.files]


def test_files_of_all_subfolders_with_their_sidecars(home, place):
    place.put("a.csv")
    place.put("a.csv.meta.toml", b'delivered_on = "2026-10-01"')
    place.put("合肥/深/b.csv", PATENT + "ZL2,发明,另一家\n".encode())
    place.put("合肥/.hidden.csv")
    place.put("合肥/~$b.xlsx")
    place.put("合肥/c.csv.part")
    pulled = pull(home, place.url)
    assert pulled.problems == [] and names(pulled) == ["[pull.share]/a.csv", "[pull.share]/合肥/深/b.csv"]
    taken = load(home, pulled).taken
    assert [one.receipt.accepted for one in taken] == [1, 2]
    assert [one.delivery.delivered_on for one in taken] == [date(2026, 10, 1), TODAY]


def test_a_pattern_matches_in_every_subfolder(home, place):
    for name in ("a.csv", "b/c.csv", "b/d.xlsx", "readme.md"):
        place.put(name)
    assert names(pull(home, place.url, "*.csv")) == ["[pull.share]/a.csv", "[pull.share]/b/c.csv"]
    assert names(pull(home, place.url, "b/*")) == ["[pull.share]/b/c.csv", "[pull.share]/b/d.xlsx"]


def test_what_is_on_record_is_not_fetched_again(home, place, aged, monkeypatch):
    place.put("a.csv")
    assert len(load(home, pull(home, place.url)).new) == 1
    fetched = []
    fetch = folder._fetch
    monkeypatch.setattr(folder, "_fetch", lambda *given: fetched.append(given[2]) or fetch(*given))
    assert pull(home, place.url).files == [] and fetched == []
    place.put("a.csv", PATENT + "ZL2,发明,另一家\n".encode())
    assert len(load(home, pull(home, place.url), 2).new) == 1 and len(fetched) == 1


def test_what_a_dead_run_fetched_is_fetched_again(home, place, aged):
    place.put("a.csv")
    pull(home, place.url)  # and the run dies here
    again = pull(home, place.url)
    assert len(load(home, again).new) == 1


def test_a_file_taken_away_takes_nothing_back(home, place, aged):
    place.put("a.csv")
    place.put("b.csv", PATENT + "ZL2,发明,另一家\n".encode())
    load(home, pull(home, place.url))
    place.fs.rm(f"{place.root}/b.csv")
    assert pull(home, place.url).files == []
    assert len(RawStore(home).deliveries()) == 2


def test_f55_a_folder_that_is_not_there_is_refused_with_the_age_of_the_data(home, place):
    place.put("a.csv")
    load(home, pull(home, place.url))
    place.fs.rm(place.root, recursive=True)
    pulled = pull(home, place.url)
    assert pulled.files == [] and pulled.problems[0].code in ("pull_folder_unreadable", "pull_no_match")
    assert "2026-11-23" in pulled.problems[0].zh and "hunter2" not in str(pulled.problems)


def test_no_file_that_matches_is_told(home, place):
    place.put("a.csv")
    assert [one.code for one in pull(home, place.url, "*.xlsx").problems] == ["pull_no_match"]


def test_f57_a_file_that_changes_while_it_is_fetched_waits(home, local, monkeypatch):
    (local / "a.csv").write_bytes(PATENT)
    (local / "b.csv").write_bytes(PATENT + "ZL2,发明,另一家\n".encode())
    opened = LocalFileSystem._open

    def written_to_while_read(self, path, *given, **more):
        file = opened(self, path, *given, **more)
        if path.endswith("a.csv"):
            (local / "a.csv").write_bytes(PATENT + b"half")
        return file

    monkeypatch.setattr(LocalFileSystem, "_open", written_to_while_read)
    pulled = pull(home, f"file://{local}")
    assert names(pulled) == ["[pull.share]/b.csv"]
    assert [(one.code, one.path) for one in pulled.problems] == [("file_changing", "[pull.share]/a.csv")]
    monkeypatch.undo()
    assert names(pull(home, f"file://{local}"))[0] == "[pull.share]/a.csv"


def test_f57_a_source_that_is_replaced_as_a_whole_waits_as_a_whole(home, local, monkeypatch):
    (local / "a.csv").write_bytes(b"x")
    (local / "b.csv").write_bytes(b"y")

    def cannot(fs, spool, shown, info, beside):
        if shown.endswith("b.csv"):
            raise folder._ChangingError
        return fetch(fs, spool, shown, info, beside)

    fetch = folder._fetch
    monkeypatch.setattr(folder, "_fetch", cannot)
    pulled = pull(home, f"file://{local}", source="enterprise_register")
    assert pulled.files == [] and pulled.problems[0].code == "pull_file_waits"


def test_f58_links_and_pipes_are_not_followed(home, local, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.csv").write_bytes(PATENT)
    (local / "a.csv").write_bytes(PATENT)
    (local / "file.csv").symlink_to(tmp_path / "outside/secret.csv")
    (local / "folder").symlink_to(tmp_path / "outside")
    (local / "circle").symlink_to(local)
    os.mkfifo(local / "pipe.csv")
    pulled = pull(home, f"file://{local}")
    assert names(pulled) == ["[pull.share]/a.csv"]
    assert [(one.code, one.path.rpartition("/")[2]) for one in pulled.problems] == [
        ("link", "circle"),
        ("link", "file.csv"),
        ("link", "folder"),
        ("not_a_file", "pipe.csv"),
    ]


def test_f58_names_never_become_paths(home, place):
    odd = ["'; DROP TABLE x; --.csv", "😀 .csv", "长" * 80 + ".csv"]
    for name in odd:
        place.put(name)
    pulled = pull(home, place.url, "*")
    assert sorted(names(pulled)) == sorted(f"[pull.share]/{name}" for name in odd)
    inside = (home / "warehouse/pulled/share/files").resolve()
    assert all(file.path.resolve().parent == inside and len(file.path.name) == 64 for file in pulled.files)


def test_a_store_that_cannot_be_reached_is_refused_without_its_secrets(home, monkeypatch):
    pytest.importorskip("s3fs", reason="s3:// needs s3fs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    (problem,) = pull(home, "s3://bucket/in").problems
    assert problem.code == "pull_folder_unreadable" and "hunter2" not in str(problem)


def test_a_missing_library_is_named(home, monkeypatch):
    def missing(*_, **__):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(folder.fsspec, "filesystem", missing)
    (problem,) = pull(home, "s3://bucket/in").problems
    assert problem.code == "pull_protocol_missing" and "s3fs" in problem.zh
