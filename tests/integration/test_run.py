"""Whole runs as a user starts them: what is published, what is not, and what a second run does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from publication.releases import Releases
from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow


def test_the_release_is_whole_and_says_what_it_was_made_of(published: Path) -> None:
    release = province.current(published)
    assert release == f"r000001-{province.AS_OF}"
    folder = published / "releases" / release
    for name in ("warehouse.duckdb", "confidential.duckdb", "audit.json", "restricted/gap_list.xlsx"):
        assert (folder / name).is_file(), name
    assert Releases(published).verify(release).ok
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in manifest["inputs"]] == ["名录.csv", "营收.csv"]
    assert manifest["verdict"]["decision"] == "publish"
    assert province.record(published)["state"] == "published"


def test_every_stage_left_evidence_and_nothing_temporary_is_left(published: Path) -> None:
    run = published / "runs" / "r000001"
    assert {path.stem for path in (run / "evidence").iterdir()} == {
        "take_in",
        "settle",
        "build",
        "disclose",
        "check",
    }
    assert not (run / "candidate").exists()
    assert not list((published / "warehouse" / "build").iterdir())
    assert {path.name for path in (run / "receipts").iterdir()} == {
        "enterprise_register.xlsx",
        "enterprise_revenue.xlsx",
    }


def test_the_run_stands_in_dagsters_history(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dagster as dg

    monkeypatch.setenv("DAGSTER_HOME", str(published / "warehouse" / "dagster"))
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled
        (run,) = instance.get_runs()
        assert run.is_success
        event = instance.get_latest_materialization_event(dg.AssetKey(["warehouse", "coverage"]))
        assert event is not None and event.asset_materialization is not None
        assert event.asset_materialization.metadata["dagster/row_count"].value


def test_a_second_run_of_the_day_publishes_nothing_and_names_the_release(
    home: Path, innostat: Program
) -> None:
    before = province.digest(home / "releases")
    run = innostat("run", "--as-of", province.AS_OF, "--json", home=home)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert (found["state"], found["release"]) == ("nothing_new", province.current(home))
    assert province.digest(home / "releases") == before


def test_an_emptied_inbox_loses_nothing(home: Path, innostat: Program) -> None:
    for path in (home / "inbox").rglob("*.csv*"):
        path.unlink()
    run = innostat("run", "--as-of", province.AS_OF, home=home)
    assert run.returncode == 0, run.stderr
    assert province.current(home) in run.stdout


def test_an_earlier_date_makes_a_release_beside_the_current_one_and_loads_nothing(
    home: Path, innostat: Program
) -> None:
    current = province.current(home)
    province.revenue(home, "更正.csv", of="A", yuan=900_000_000, day="2026-02-20")
    ledger = province.digest(home / "raw" / "ledger")
    run = innostat("run", "--as-of", "2026-01-31", "--json", home=home)
    # Before any revenue was delivered nothing can be published for that day.
    assert run.returncode == 3, run.stdout + run.stderr
    run = innostat("run", "--as-of", "2026-02-15", "--json", home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert found["aside"] and found["release"].endswith("2026-02-15")
    assert (home / "releases" / found["release"] / "manifest.json").is_file()
    assert province.current(home) == current
    assert province.digest(home / "raw" / "ledger") == ledger


def test_a_correction_makes_a_new_release_and_the_old_one_stays_as_it_was(
    home: Path, innostat: Program
) -> None:
    old = home / "releases" / province.current(home)
    before = province.digest(old)
    province.revenue(home, "更正.csv", of="A", yuan=99_999_999, day="2026-03-02")
    run = innostat("run", "--as-of", province.AS_OF, "--lang", "zh", home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "已发布" in run.stdout
    assert province.current(home) != old.name
    assert province.digest(old) == before
    query = """
        SELECT count(*) FROM obligation_status
        WHERE reference_year = 2025 AND tier_basis = 'CY' AND obligation = 'activity'
    """
    answers = []
    for release in (old, home / "releases" / "current"):
        with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as con:
            answers.append(con.execute(query).fetchall()[0][0])
    assert answers == [12, 11]
    asked = innostat("query", query, "--json", home=home)
    assert asked.returncode == 0, asked.stderr
    assert list(json.loads(asked.stdout)[0].values()) == [11]


def test_a_run_whose_receipts_cannot_be_written_publishes_nothing(home: Path, innostat: Program) -> None:
    standing, folder = province.current(home), home / "runs" / "r000002"
    province.revenue(home, "更正.csv", of="A", yuan=99_999_999, day="2026-03-02")

    def take_their_place() -> None:
        while not folder.is_dir():
            time.sleep(0.01)
        (folder / "receipts").touch()

    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(take_their_place)
        run = innostat("run", "--as-of", province.AS_OF, home=home)
        taken.result()
    assert run.returncode == 1, run.stdout + run.stderr
    assert "receipts" in run.stderr and "Traceback" not in run.stderr
    assert province.record(home)["state"] == "failed"
    assert province.current(home) == standing
    assert not list((home / "warehouse" / "build").iterdir())
    (folder / "receipts").unlink()
    assert innostat("run", "--as-of", province.AS_OF, home=home).returncode == 0
    assert province.current(home) != standing
