"""The raw store: nothing lost, nothing twice, and a run that dies leaves nothing half recorded."""

import json
import os
from datetime import date

import pytest

from ingestion import store as store_module
from ingestion.inbox import scan
from ingestion.store import LedgerError, RawStore, delivery_id

AS_OF = date(2026, 3, 1)
SOURCES = {"patent", "standard"}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "inbox" / "patent").mkdir(parents=True)
    (tmp_path / "inbox" / "standard").mkdir()
    return tmp_path


def put(home, name, content):
    path = home / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def said(source, sidecar):
    return date.fromisoformat(sidecar) if sidecar.startswith("20") else None


def load(home, seq=1, as_of=AS_OF):
    files = scan(home, SOURCES).files
    return RawStore(home).add(files, run_id=f"r{seq:06d}", run_seq=seq, as_of=as_of, says_delivered_on=said)


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_byte_is_kept_and_on_record(home):
    put(home, "patent/a.csv", "内容")
    put(home, "patent/a.csv.meta.toml", "2026-02-01")
    put(home, "standard/深/b.csv", "b")
    added = load(home)
    store = RawStore(home)
    assert store.deliveries() == added.deliveries
    one, two = added.deliveries
    assert (one.source, one.name, one.sidecar, one.delivered_on) == (
        "patent",
        "a.csv",
        "2026-02-01",
        date(2026, 2, 1),
    )
    assert (two.name, two.sidecar, two.delivered_on, two.run_id, two.run_seq) == (
        "深/b.csv",
        None,
        AS_OF,
        "r000001",
        1,
    )
    assert store.blob(one.sha256).read_bytes() == "内容".encode()
    assert store.blob(one.sha256).stat().st_mode & 0o777 == 0o400


def test_f29_the_same_again_changes_nothing_whatever_its_name(home):
    put(home, "patent/a.csv", "x")
    load(home, 1)
    before = snapshot(home / "raw")
    (home / "inbox/patent/a.csv").rename(home / "inbox/patent/renamed.csv")
    put(home, "patent/sub/again.csv", "x")
    assert load(home, 2, date(2026, 5, 1)).deliveries == []
    assert snapshot(home / "raw") == before
    assert RawStore(home).deliveries()[0].name == "a.csv"


def test_one_content_under_two_names_is_one_delivery_of_the_first_name(home):
    put(home, "patent/b.csv", "x")
    put(home, "patent/a.csv", "x")
    assert [delivery.name for delivery in load(home).deliveries] == ["a.csv"]


def test_another_source_or_another_sidecar_is_another_delivery(home):
    put(home, "patent/a.csv", "x")
    put(home, "standard/a.csv", "x")
    assert len(load(home, 1).deliveries) == 2
    put(home, "patent/a.csv.meta.toml", "2026-01-01")
    assert [d.sidecar for d in load(home, 2).deliveries] == ["2026-01-01"]
    assert len(RawStore(home).deliveries()) == 3
    assert len({d.delivery_id for d in RawStore(home).deliveries()}) == 3


def test_deliveries_come_in_the_order_of_runs(home):
    for seq in (2, 10, 11):
        put(home, f"patent/{seq}.csv", str(seq))
        load(home, seq)
    assert [delivery.run_seq for delivery in RawStore(home).deliveries()] == [2, 10, 11]


def test_a_run_that_loads_twice_forgets_nothing(home):
    put(home, "patent/a.csv", "a")
    load(home, 1)
    put(home, "patent/b.csv", "b")
    assert [delivery.name for delivery in load(home, 1).deliveries] == ["b.csv"]
    assert [delivery.name for delivery in RawStore(home).deliveries()] == ["a.csv", "b.csv"]


def test_a_run_with_nothing_new_writes_no_ledger(home):
    load(home)
    assert not (home / "raw").exists()


def test_unknown_names_what_a_run_would_load(home):
    put(home, "patent/a.csv", "x")
    load(home)
    put(home, "patent/b.csv", "y")
    assert [file.name for file in RawStore(home).unknown(scan(home, SOURCES).files)] == ["b.csv"]


@pytest.mark.parametrize("change", ["content", "gone", "link"])
def test_f57_a_file_replaced_since_the_scan_waits_for_the_next_run(home, change):
    put(home, "patent/a.csv", "x")
    put(home, "patent/b.csv", "b")
    files = scan(home, SOURCES).files
    path = home / "inbox/patent/a.csv"
    path.unlink()
    if change == "content":
        path.write_text("y")
    elif change == "link":
        path.symlink_to(home / "inbox/patent/b.csv")
    added = RawStore(home).add(files, run_id="r000001", run_seq=1, as_of=AS_OF, says_delivered_on=said)
    assert [delivery.name for delivery in added.deliveries] == ["b.csv"]
    assert [problem.code for problem in added.problems] == ["file_changing"]
    assert [path for path in (home / "raw/blobs").rglob("*") if path.is_file()] == [
        RawStore(home).blob(added.deliveries[0].sha256)
    ]


def test_a_run_that_dies_before_the_ledger_leaves_nothing_on_record(home, monkeypatch):
    put(home, "patent/a.csv", "x")
    put(home, "patent/b.csv", "y")
    real = os.replace

    def dies(source, target):
        if str(target).endswith(".json"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(store_module.os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        load(home, 1)
    monkeypatch.setattr(store_module.os, "replace", real)
    assert RawStore(home).deliveries() == []
    assert not list((home / "raw/ledger").iterdir())
    assert [delivery.run_seq for delivery in load(home, 2).deliveries] == [2, 2]


def test_what_a_killed_run_left_half_written_is_swept(home):
    put(home, "patent/a.csv", "x")
    load(home, 1)
    leftover = next((home / "raw/blobs").iterdir()) / f"{store_module.ASIDE}killed"
    leftover.write_text("half")
    put(home, "patent/b.csv", "y")
    load(home, 2)
    assert not leftover.exists()


def test_f06_a_full_disk_leaves_no_half_blob(home, monkeypatch):
    put(home, "patent/a.csv", "x")
    monkeypatch.setattr(
        store_module.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(OSError, match="No space left"):
        load(home)
    assert [path for path in (home / "raw").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run_id": "r1"}'])
def test_a_damaged_ledger_is_said_in_words(home, content):
    put(home, "patent/a.csv", "x")
    load(home)
    path = home / "raw/ledger/r000001.json"
    path.chmod(0o600)
    path.write_text(content)
    with pytest.raises(LedgerError, match=r"r000001\.json") as error:
        RawStore(home).deliveries()
    assert "备份" in error.value.zh


def test_a_lost_sidecar_is_said_in_words(home):
    put(home, "patent/a.csv", "x")
    put(home, "patent/a.csv.meta.toml", "2026-01-01")
    load(home)
    RawStore(home).blob(
        json.loads((home / "raw/ledger/r000001.json").read_text())["deliveries"][0]["sidecar_sha256"]
    ).unlink()
    with pytest.raises(LedgerError, match="backup"):
        RawStore(home).deliveries()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_sidecar_may_be_written_with_a_chinese_notepad(home, encoding):
    put(home, "patent/a.csv", "x")
    put(home, "patent/a.csv.meta.toml", 'unit = "千元"'.encode(encoding))
    assert load(home).deliveries[0].sidecar == 'unit = "千元"'


def test_the_identity_of_a_delivery_is_what_it_is():
    assert delivery_id("patent", "a" * 64, "") != delivery_id("patent", "a" * 64, "b" * 64)
    assert delivery_id("patent", "a" * 64, "") != delivery_id("standard", "a" * 64, "")
