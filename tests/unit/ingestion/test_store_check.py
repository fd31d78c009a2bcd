"""F60: the raw store against its own names; whatever was changed, lost or put there is named."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from ingestion.inbox import scan
from ingestion.store import RawStore
from ingestion.store_check import check_store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "patent"
    folder.mkdir(parents=True)
    (folder / "专利.csv").write_text("一", encoding="utf-8")
    (folder / "专利.csv.meta.toml").write_text("delivered_on = 2026-01-01", encoding="utf-8")
    (folder / "b.csv").write_text("二", encoding="utf-8")
    RawStore(tmp_path).add(
        scan(tmp_path, {"patent"}).files,
        run_id="r000001",
        run_seq=1,
        as_of=date(2026, 1, 2),
        says_delivered_on=lambda *_: None,
    )
    return tmp_path


def blob(home: Path, text: str) -> Path:
    return RawStore(home).blob(hashlib.sha256(text.encode()).hexdigest())


def test_a_sound_store_is_sound_and_everything_was_hashed(home: Path) -> None:
    (home / "raw" / "blobs" / ".tmp-dead").write_text("left by a dead run")
    told: list[str] = []
    found = check_store(home, lambda done, total, name: told.append(f"{done}/{total}"))
    assert found.ok and found.checked == 3
    assert told == ["0/3", "1/3", "2/3"]


def test_an_empty_home_is_sound(tmp_path: Path) -> None:
    found = check_store(tmp_path)
    assert found.ok and found.checked == 0


def test_one_changed_byte_is_named(home: Path) -> None:
    changed = blob(home, "二")
    changed.chmod(0o600)
    changed.write_text("三", encoding="utf-8")
    found = check_store(home)
    assert not found.ok and found.changed == (changed.relative_to(home).as_posix(),)
    assert not found.missing


@pytest.mark.parametrize(
    ("text", "whose"), [("一", "patent/专利.csv)"), ("delivered_on = 2026-01-01", "专利.csv .meta.toml)")]
)
def test_lost_bytes_are_named_with_whose_they_were(home: Path, text: str, whose: str) -> None:
    lost = blob(home, text)
    lost.unlink()
    found = check_store(home)
    assert not found.ok
    (missing,) = found.missing
    assert missing.startswith(lost.name) and missing.endswith(whose)


def test_what_does_not_belong_there_is_named(home: Path) -> None:
    blobs = home / "raw" / "blobs"
    (blobs / "notes.txt").write_text("mine")
    misplaced = blobs / "zz" / blob(home, "一").name
    misplaced.parent.mkdir()
    misplaced.write_text("一", encoding="utf-8")
    (blobs / "link").symlink_to(blob(home, "一"))
    found = check_store(home)
    assert set(found.unexpected) == {
        "raw/blobs/notes.txt",
        "raw/blobs/link",
        misplaced.relative_to(home).as_posix(),
    }


def test_a_damaged_ledger_is_named_and_hides_nothing_else(home: Path) -> None:
    (home / "raw" / "ledger" / "r000002.json").write_text("{")
    blob(home, "一").unlink()
    found = check_store(home)
    assert found.damaged == ("raw/ledger/r000002.json",)
    assert len(found.missing) == 1
