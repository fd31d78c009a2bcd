"""What people do to releases, on whole runs: a year made final, an amendment held and approved, a way back."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest

from publication.durable import sha256_file
from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow
WHO = ("--by", "张三", "--reason", "已与企业核实")


def vintages(home: Path) -> dict[str, set[str]]:
    """The vintages of each table's figures in the current release."""
    tables = {
        "coverage": "reference_year = 2025",
        # What is counted per release is never final.
        "indicator_value": "left(period, 4) = '2025' AND indicator_id NOT IN ('Q-4', 'Q-5', 'Q-6')",
    }
    with duckdb.connect(str(home / "releases" / "current" / "warehouse.duckdb"), read_only=True) as con:
        return {
            table: {
                vintage
                for (vintage,) in con.execute(f"SELECT DISTINCT vintage FROM {table} WHERE {year}").fetchall()
            }
            for table, year in tables.items()
        }


def run(innostat: Program, home: Path, expected: int, as_of: str = province.AS_OF) -> dict[str, Any]:
    done = innostat("run", "--as-of", as_of, "--json", home=home)
    assert done.returncode == expected, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.timeout(900)
def test_a_final_year_is_amended_only_by_approval_and_a_rollback_is_not_undone_by_itself(
    home: Path, innostat: Program
) -> None:
    first = province.current(home)
    assert vintages(home) == {"coverage": {"P"}, "indicator_value": {"P"}}
    done = innostat("freeze", "2025", *WHO, home=home)
    assert done.returncode == 0, done.stderr

    # Made final: a decision, so the next run publishes; its manifest names who made it so.
    final = run(innostat, home, 0)
    assert (final["state"], final["news"]) == ("published", ["decisions"])
    assert vintages(home) == {"coverage": {"F"}, "indicator_value": {"F"}}
    manifest = json.loads((home / "releases" / final["release"] / "manifest.json").read_bytes())
    assert [(one["kind"], one["subject"], one["by"]) for one in manifest["approvals"]] == [
        ("freeze", "2025", "张三")
    ]
    assert manifest["previous"] == first

    # A correction of one enterprise that moves few cells, and no rate far, waits for a person.
    province.revenue(home, "更正.csv", of="A", yuan=999_999_999, day="2026-03-02")
    held = run(innostat, home, 3)
    assert held["state"] == "held"
    (reason,) = held["reasons"]
    assert reason["check"] == "frozen_year_amended"
    assert "2025/CY/administrative/outcome/province/340000" in reason["en"]
    assert "correction: enterprise_revenue" in reason["en"]
    assert province.current(home) == final["release"]
    candidate = home / "runs" / held["run"] / "candidate"
    sha256 = sha256_file(candidate / "manifest.json")
    assert sha256 == held["candidate_sha256"]
    assert f"approve {held['run']} --manifest {sha256}" in (candidate.parent / "report.txt").read_text(
        encoding="utf-8"
    )

    wrong = innostat("approve", held["run"], "--manifest", "0" * 64, *WHO, home=home)
    assert wrong.returncode == 3 and sha256 in wrong.stderr
    killed = innostat(
        "approve", held["run"], "--manifest", sha256, *WHO, home=home, INNOSTAT_FAULT="release_renamed"
    )
    assert killed.returncode == -signal.SIGKILL
    assert province.current(home) == final["release"]

    # The release was in place: whoever comes next makes it current; what was approved is not held again.
    quiet = run(innostat, home, 0)
    amended = f"{held['run']}-{province.AS_OF}"
    assert (quiet["state"], quiet["release"]) == ("nothing_new", amended)
    assert province.current(home) == amended
    assert vintages(home) == {"coverage": {"F", "C"}, "indicator_value": {"F", "C"}}
    manifest = json.loads((home / "releases" / amended / "manifest.json").read_bytes())
    assert [one["kind"] for one in manifest["approvals"]] == ["freeze", "approve"]
    assert innostat("verify", home=home).returncode == 0

    # More input that amends nothing further goes through without another approval.
    province.deliver(home, "patent", "专利.csv", "专利号,类型,权利人,授权日\n")
    more = run(innostat, home, 0)
    assert more["state"] == "published"
    assert vintages(home) == {"coverage": {"F", "C"}, "indicator_value": {"F", "C"}}

    back = innostat("rollback", amended, *WHO, "--json", home=home)
    assert back.returncode == 0, back.stderr
    assert province.current(home) == amended
    for as_of in (province.AS_OF, "2026-04-30"):
        again = run(innostat, home, 0, as_of)
        assert (again["state"], again["release"]) == ("nothing_new", amended)
        assert (again["withheld"]["current"], again["withheld"]["by"]) == (more["release"], "张三")
    listed = json.loads(innostat("releases", "--json", home=home).stdout)
    assert [act["kind"] for act in listed[-1]["acts"]] == ["rollback"]
    status = innostat("status", "--lang", "zh", home=home).stdout
    assert "回退" in status and "张三" in status


def test_a_release_with_the_final_figures_that_is_gone_refuses_the_run_in_words(
    home: Path, innostat: Program
) -> None:
    assert innostat("freeze", "2025", *WHO, home=home).returncode == 0
    final = province.current(home)
    run(
        innostat, home, 0
    )  # another stands; one that is damaged and stands refuses every run before any work (F60)
    path = home / "releases" / final / "manifest.json"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"\n")
    province.deliver(home, "patent", "专利.csv", "专利号,类型,权利人,授权日\n")
    refused = run(innostat, home, 3)
    assert refused["state"] == "refused"
    assert final in refused["reasons"][0]["en"]
