"""A candidate holds what the interface says, in the same bytes each time, or is refused whole."""

from __future__ import annotations

import errno
import json
import re
import stat
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publication import candidate as candidate_module
from publication import gap_book
from publication.candidate import Candidate
from publication.databases import attach_build
from publication.errors import PublicationError
from publication.releases import verify_directory
from tests.unit.publication.province import RELEASE_ID, make_build, make_facts, make_manifest, write_candidate

DETERMINISTIC = ("*.csv", "*.parquet", "*.xlsx")


def tables(path: Path) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as con:
        return {name for (name,) in con.sql("SELECT table_name FROM duckdb_tables()").fetchall()}


def test_a_candidate_has_the_files_of_the_interface(written: Candidate) -> None:
    found = {path.relative_to(written.path).as_posix() for path in written.path.rglob("*") if path.is_file()}
    public = {
        f"public/{name}.{kind}"
        for name in ("coverage", "indicator", "indicator_value")
        for kind in ("csv", "parquet")
    }
    assert found == public | {
        "manifest.json",
        "audit.json",
        "diff.md",
        "diff.parquet",
        "warehouse.duckdb",
        "confidential.duckdb",
        "public/indicators.md",
        "public/indicators.xlsx",
        "public/public.duckdb",
        "restricted/gap_list.xlsx",
        "restricted/indicators.md",
    }


def test_each_table_is_in_the_databases_that_its_meta_names_and_no_other(written: Candidate) -> None:
    assert tables(written.path / "confidential.duckdb") == {"obligation_status"}
    assert tables(written.path / "public" / "public.duckdb") == {"coverage", "indicator", "indicator_value"}
    assert tables(written.path / "warehouse.duckdb") == {
        "check_result",
        "coverage",
        "enterprise",
        "gap_list",
        "indicator",
        "indicator_value",
        "obligation_status",
        "unlinked_row",
    }


def test_statistical_statuses_are_in_the_confidential_database_alone(written: Candidate) -> None:
    for name, purposes in {
        "warehouse": [("administrative",)],
        "confidential": [("statistical",)],
    }.items():
        with duckdb.connect(str(written.path / f"{name}.duckdb"), read_only=True) as con:
            assert con.sql("SELECT DISTINCT purpose FROM obligation_status").fetchall() == purposes


@pytest.mark.parametrize("name", ["warehouse.duckdb", "confidential.duckdb", "public/public.duckdb"])
def test_every_table_and_column_is_described_in_both_languages(written: Candidate, name: str) -> None:
    with duckdb.connect(str(written.path / name), read_only=True) as con:
        columns = con.sql("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall()
        described = con.sql("SELECT comment FROM duckdb_tables()").fetchall()
    assert columns
    assert all(re.search(r"[\u4e00-\u9fff].*\|.*[A-Za-z]", text) for (text,) in columns)
    assert all(re.search(r"[\u4e00-\u9fff]", text) and re.search("[A-Za-z]", text) for (text,) in described)


def test_older_clients_can_open_the_databases(written: Candidate) -> None:
    for path in written.path.rglob("*.duckdb"):
        # Bytes 12 to 19 of the first block are the storage version: 64 is that of 1.0.0.
        assert int.from_bytes(path.read_bytes()[12:20], "little") == 64


def test_a_candidate_is_private_until_it_is_published(written: Candidate) -> None:
    for path in written.path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_manifest_says_what_the_release_was_made_from(written: Candidate) -> None:
    manifest = json.loads((written.path / "manifest.json").read_text())
    assert manifest["release_id"] == RELEASE_ID
    assert manifest["as_of"] == "2026-11-23"
    assert manifest["next_change_on"] == "2027-01-01"
    assert manifest["inputs"] == [
        {
            "source": "patent",
            "name": "a.csv",
            "sha256": "0" * 64,
            "sidecar_sha256": None,
            "delivered_on": "2026-11-20",
            "delivery_id": "1" * 64,
        }
    ]
    assert manifest["settled_rows"] == {"patent": 3}
    assert manifest["rows"]["warehouse"]["enterprise"] == 240
    assert manifest["rows"]["warehouse"]["check_result"] == 2
    assert manifest["approvals"] == []
    assert manifest["verdict"]["decision"] == "publish"
    assert verify_directory(written.path, RELEASE_ID).ok
    assert list(manifest) == sorted(manifest)


def test_the_audit_has_every_check_and_no_row_of_anyone(written: Candidate) -> None:
    text = (written.path / "audit.json").read_text()
    checks = {check["check"]: check for check in json.loads(text)["checks"]}
    assert checks["rates_in_range"]["passed"] and not checks["firms_named"]["passed"]
    for key in ("asked", "evaluated", "severity", "because"):
        assert checks["firms_named"][key]
    assert "secret" not in text


def test_check_results_are_a_table(written: Candidate) -> None:
    with duckdb.connect(str(written.path / "warehouse.duckdb"), read_only=True) as con:
        rows = con.sql('SELECT "check", severity, evaluated, failed FROM check_result').fetchall()
    assert rows == [("firms_named", "warning", 9, 2), ("rates_in_range", "error", 40, 0)]


def test_the_same_rows_give_the_same_bytes_whatever_the_run_and_the_order(
    written: Candidate, tmp_path: Path
) -> None:
    shuffled = make_build(tmp_path / "shuffled.duckdb")
    with duckdb.connect(str(shuffled)) as con:
        for name in ("public.coverage", "public.indicator_value", "main.gap_list", "main.coverage"):
            con.execute(f"CREATE TABLE aside AS FROM {name} ORDER BY hash(COLUMNS(*))")
            con.execute(f"DELETE FROM {name}; INSERT INTO {name} FROM aside; DROP TABLE aside")
    again = write_candidate(
        shuffled, make_manifest(shuffled), tmp_path / "again", make_facts("r000007-2026-11-23")
    )
    compared = [path for pattern in DETERMINISTIC for path in written.path.rglob(pattern)]
    assert len(compared) == 9
    for path in compared:
        assert path.read_bytes() == (again.path / path.relative_to(written.path)).read_bytes(), path.name


def test_one_thread_gives_the_same_bytes_as_many(written: Candidate, build: Path, tmp_path: Path) -> None:
    again = write_candidate(build, make_manifest(build), tmp_path / "again", make_facts(), {"threads": 1})
    for path in (path for pattern in DETERMINISTIC for path in written.path.rglob(pattern)):
        assert path.read_bytes() == (again.path / path.relative_to(written.path)).read_bytes(), path.name


def test_the_engine_that_copies_keeps_to_its_limits_and_spills_beside_the_build(build: Path) -> None:
    with attach_build(build, {"memory_limit": "600MB", "threads": 1}) as con:
        settings = ("memory_limit", "threads", "temp_directory")
        found = [con.sql(f"SELECT current_setting('{name}')").fetchall()[0][0] for name in settings]
    assert found == ["572.2 MiB", 1, f"{build}.copied"]


def test_one_engine_makes_the_tables_of_a_candidate(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = []

    def counted(*given: Any) -> duckdb.DuckDBPyConnection:
        engines.append(attach_build(*given))
        return engines[-1]

    monkeypatch.setattr(candidate_module, "attach_build", counted)
    write_candidate(build, make_manifest(build), tmp_path / "again", make_facts())
    assert len(engines) == 1


def _without_column_text(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.main_enterprise"]["columns"]["name"]["description"] = "名称"


def _without_column(manifest: dict[str, Any]) -> None:
    del manifest["nodes"]["model.innostat.main_enterprise"]["columns"]["name"]


def _with_column_too_many(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.main_enterprise"]["columns"]["gone"] = {
        "description": "没有 | Gone away"
    }


def _without_table_text(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.main_enterprise"]["description"] = "One row per enterprise."


def _with_model_that_did_not_run(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.main_enterprise"]["alias"] = "ghost"


def _with_two_of_a_name(manifest: dict[str, Any]) -> None:
    meta = manifest["nodes"]["model.innostat.confidential_obligation_status"]["config"]["meta"]
    meta["publish"] = ["confidential", "warehouse"]


def _with_confidential_in_public(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.confidential_obligation_status"]["config"]["meta"]["public"] = True


def _with_firms_in_public(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.main_enterprise"]["config"]["meta"]["public"] = True


def _with_unknown_place(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.innostat.main_enterprise"]["config"]["meta"]["publish"] = ["wherehouse"]


@pytest.mark.parametrize(
    ("spoil", "code", "offender"),
    [
        (_without_column_text, "catalogue_unfit", "enterprise.name"),
        (_without_column, "column_undescribed", "name"),
        (_with_column_too_many, "column_undescribed", "gone"),
        (_without_table_text, "catalogue_unfit", "enterprise: description"),
        (_with_model_that_did_not_run, "table_missing", "main.ghost"),
        (_with_two_of_a_name, "catalogue_unfit", "obligation_status"),
        (_with_confidential_in_public, "catalogue_unfit", "obligation_status"),
        (_with_firms_in_public, "catalogue_unfit", "enterprise: public"),
        (_with_unknown_place, "catalogue_unfit", "wherehouse"),
    ],
)
def test_a_catalogue_that_does_not_fit_is_refused_by_name_and_nothing_is_left(
    build: Path, tmp_path: Path, spoil: Callable[[dict[str, Any]], None], code: str, offender: str
) -> None:
    manifest = make_manifest(build)
    spoil(manifest)
    with pytest.raises(PublicationError) as refused:
        write_candidate(build, manifest, tmp_path / "candidate", make_facts())
    assert refused.value.code == code
    assert offender in refused.value.zh and offender in refused.value.en
    assert not (tmp_path / "candidate").exists()


def test_f06_a_full_disk_is_said_before_anything_is_written(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(candidate_module.shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(PublicationError, match="disk_full") as refused:
        write_candidate(build, make_manifest(build), tmp_path / "candidate", make_facts())
    assert f"{2 * build.stat().st_size:,}" in refused.value.en
    assert not (tmp_path / "candidate").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_f06_f07_a_disk_that_fills_up_half_way_leaves_nothing_behind(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*_: object) -> None:
        raise OSError(number, "no room")

    monkeypatch.setattr(gap_book, "write", full)
    with pytest.raises(PublicationError, match="disk_full"):
        write_candidate(build, make_manifest(build), tmp_path / "candidate", make_facts())
    assert not (tmp_path / "candidate").exists()


def test_f03_an_interrupted_candidate_is_cleared_away(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gap_book, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_candidate(build, make_manifest(build), tmp_path / "candidate", make_facts())
    assert not (tmp_path / "candidate").exists()
