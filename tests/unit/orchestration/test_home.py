"""The data home: made once, never overwritten, refused in words where it cannot be used."""

from __future__ import annotations

import shutil
import stat
from datetime import date
from pathlib import Path

import pytest

from ingestion import corrections, links, targets
from ingestion.contract import load_contracts
from orchestration import acts
from orchestration.home import Home, make_home, open_home, preflight, run_seq
from orchestration.messages import Stop


def test_init_makes_an_inbox_folder_a_source_and_touches_nothing_that_is_there(home: Home) -> None:
    home.settings_file.write_text("[run]\nthreads = 1\n", encoding="utf-8")
    (home.decisions / "links.csv").write_text("mine", encoding="utf-8")
    make_home(home.root, ["patent", "standard"])
    assert home.settings_file.read_text(encoding="utf-8") == "[run]\nthreads = 1\n"
    assert (home.decisions / "links.csv").read_text(encoding="utf-8") == "mine"
    assert (home.inbox / "patent").is_dir()


def test_a_folder_that_is_no_home_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(Stop) as stopped:
        open_home(tmp_path)
    assert stopped.value.exit_code == 2
    assert f"innostat init --home {tmp_path}" in stopped.value.zh
    assert f"innostat init --home {tmp_path}" in stopped.value.en


def test_f13_a_file_where_a_folder_should_be_is_refused_before_any_work(home: Home) -> None:
    home.runs.rmdir()
    home.runs.write_text("in the way")
    with pytest.raises(Stop) as stopped:
        preflight(home)
    assert stopped.value.exit_code == 1
    assert str(home.runs) in stopped.value.en


def test_preflight_leaves_nothing_but_dagsters_settings(home: Home) -> None:
    preflight(home)
    left = list(home.root.rglob(".probe*"))
    assert not left
    assert "enabled: false" in (home.dagster / "dagster.yaml").read_text(encoding="utf-8")


def test_only_the_owner_gets_at_what_surveys_answered(home: Home) -> None:
    home.typed.mkdir(parents=True, mode=0o755)
    preflight(home)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (home.typed, home.build)] == [0o700, 0o700]


def test_a_run_number_is_never_used_twice_whatever_was_pruned(home: Home) -> None:
    assert home.next_run_id() == "r000001"
    (home.runs / "r000004").mkdir()
    (home.releases / "r000007-2026-11-23").mkdir()
    ledger = home.raw / "ledger"
    ledger.mkdir()
    (ledger / "r000009.json").touch()
    (ledger / "notes.json").touch()
    assert home.next_run_id() == "r000010"
    assert run_seq("r1234567") == 1234567


@pytest.mark.parametrize(
    "own", ["releases/current/warehouse.duckdb", "raw/x", "warehouse/x", "runs/r000001/x", "releases"]
)
def test_nothing_of_the_users_is_written_where_only_runs_write(tmp_path: Path, own: str) -> None:
    home = Home(tmp_path)
    (tmp_path / "releases" / "r000001-2026-11-23").mkdir(parents=True)
    (tmp_path / "releases" / "current").symlink_to("r000001-2026-11-23")
    for path in (tmp_path / own, tmp_path / "inbox" / ".." / own):
        with pytest.raises(Stop) as error:
            home.keep_out(path)
        assert error.value.exit_code == 2 and "never changes" in error.value.en
    home.keep_out(tmp_path / "values.parquet")
    home.keep_out(tmp_path.parent / "releases" / "x.parquet")


@pytest.mark.parametrize("below", ["", "data/home"])
def test_f13_a_file_is_no_place_for_a_home(tmp_path: Path, below: str) -> None:
    file = tmp_path / "taken"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(Stop) as stop:
        make_home(file / below, ["patent"])
    assert stop.value.exit_code == 2
    assert str(file) in stop.value.en and str(file) in stop.value.zh
    assert file.read_text(encoding="utf-8") == "mine"


def test_each_file_of_decisions_is_there_with_its_first_line_and_decides_nothing(home: Home) -> None:
    contracts = load_contracts()
    lines = {path.name: path.read_text(encoding="utf-8").splitlines() for path in home.decisions.iterdir()}
    assert {name: len(found) for name, found in lines.items()} == dict.fromkeys(
        ("links.csv", "corrections.csv", "targets.csv", "approvals.csv"), 1
    )
    heads = {name: set(found[0].split(",")) for name, found in lines.items()}
    assert heads["links.csv"] == set(links.DECISION_COLUMNS)
    assert heads["corrections.csv"] == set(corrections.COLUMNS)
    assert heads["targets.csv"] > set(targets.COLUMNS)
    assert heads["approvals.csv"] == set(acts.COLUMNS)
    day = date(2026, 11, 23)
    assert links.read_decisions(home.decisions / "links.csv", list(contracts), day) == []
    assert corrections.read_corrections(home.decisions / "corrections.csv", contracts, day) == []
    assert targets.read_targets(home.decisions / "targets.csv") == []
    assert acts.read_acts(home) == []
    act = acts.Act("rollback", "r000001-2026-03-31", "0" * 64, "", day, "张三", "有误", "2026-11-23")
    acts.append(home, act)
    assert acts.read_acts(home) == [act]


@pytest.mark.parametrize("folder", ["inbox", "decisions", "raw", "warehouse", "runs", "releases"])
def test_f13_a_file_in_a_folders_place_refuses_the_run_before_any_work(home: Home, folder: str) -> None:
    """A run that passed over decisions would publish as if nobody had decided anything."""
    shutil.rmtree(home.root / folder)
    (home.root / folder).write_text("mine", encoding="utf-8")
    with pytest.raises(Stop) as stop:
        preflight(home)
    assert str(home.root / folder) in stop.value.en


@pytest.mark.parametrize("name", ["what?", "back\\slash"])
def test_f63_a_path_that_the_engine_would_take_for_another_is_refused(tmp_path: Path, name: str) -> None:
    for command in (lambda: make_home(tmp_path / name, ["patent"]), lambda: open_home(tmp_path / name)):
        with pytest.raises(Stop) as stop:
            command()
        assert (stop.value.exit_code, stop.value.code) == (2, "home_name")
    assert not (tmp_path / name).exists()
