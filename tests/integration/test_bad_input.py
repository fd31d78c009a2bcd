"""Bad input: each kind is told in clear words, the rest of the delivery is used, the last release stands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest

from tests.integration import province
from tests.worlds.codes import credit_code

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow

HEAD = "统一社会信用代码,企业名称,报告期,营业收入（元）"


@pytest.fixture(scope="module")
def spoilt(
    published: Path, tmp_path_factory: pytest.TempPathFactory, innostat: Program
) -> tuple[Path, CompletedProcess[str]]:
    """A home that got one file of each bad kind at once, and the run over it."""
    home = Path(shutil.copytree(published, tmp_path_factory.mktemp("spoilt") / "home", symlinks=True))
    a, b, c = (credit_code(letter) for letter in "ABC")
    revenue = "enterprise_revenue"
    province.deliver(home, "企业营收", "a.csv", f"{HEAD}\n{a},,2024,1\n")
    province.deliver(home, revenue, "网页.csv", "<!DOCTYPE html><html><body>请登录</body></html>")
    province.deliver(home, revenue, "缺列.csv", f"统一社会信用代码,报告期\n{a},2024\n")
    province.deliver(home, revenue, "无单位.csv", f"统一社会信用代码,报告期,营业收入\n{a},2024,1\n")
    province.deliver(home, revenue, "错码.csv", f"{HEAD}\n9134010OMA00000001,,2024,1\n{a},,2024,100000000\n")
    province.deliver(
        home, revenue, "矛盾.csv", f"{HEAD}\n{b},,2024,100000000\n{b},,2024,200000000\n{c},,2024,300000000\n"
    )
    return home, innostat("run", "--as-of", province.AS_OF, "--lang", "zh", home=home)


def query(home: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(home / "releases" / "current" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_the_rest_is_published(spoilt: tuple[Path, CompletedProcess[str]]) -> None:
    home, run = spoilt
    assert run.returncode == 0, run.stdout + run.stderr
    assert province.current(home) == f"r000002-{province.AS_OF}"
    assert "Traceback" not in run.stderr


def test_an_unknown_folder_is_named(spoilt: tuple[Path, CompletedProcess[str]]) -> None:
    home, run = spoilt
    assert "企业营收" in run.stdout
    assert not query(home, "FROM delivery WHERE name = 'a.csv'")


@pytest.mark.parametrize(
    ("name", "words"),
    [("网页.csv", "网页"), ("缺列.csv", "营业收入"), ("无单位.csv", "单位")],
    ids=["unreadable file", "missing required column", "unit not said"],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(
    spoilt: tuple[Path, CompletedProcess[str]], name: str, words: str
) -> None:
    home, run = spoilt
    assert name in "".join(run.stdout.split())
    ((reason_zh, reason_en, read),) = query(
        home, f"SELECT refused_zh, refused_en, rows_read FROM delivery WHERE name = '{name}'"
    )
    assert words in reason_zh
    assert reason_en
    assert read == 0


def test_a_wrong_code_quarantines_its_row_with_file_row_and_column(
    spoilt: tuple[Path, CompletedProcess[str]],
) -> None:
    home, run = spoilt
    ((row, column, zh, en),) = query(
        home,
        "SELECT \"row\", column_name, message_zh, message_en FROM quarantined_row WHERE file = '错码.csv'",
    )
    assert (row, column) == (2, "uscc")
    assert zh and en
    assert "隔离" in run.stdout


def test_conflicting_rows_are_all_quarantined_and_the_others_used(
    spoilt: tuple[Path, CompletedProcess[str]],
) -> None:
    home, _ = spoilt
    rows = query(home, "SELECT \"row\" FROM quarantined_row WHERE file = '矛盾.csv' ORDER BY 1")
    assert rows == [(2,), (3,)]
    ((accepted, quarantined, read),) = query(
        home, "SELECT rows_accepted, rows_quarantined, rows_read FROM delivery WHERE name = '矛盾.csv'"
    )
    assert (accepted, quarantined, read) == (1, 2, 3)


def test_every_file_is_conserved_and_none_is_lost(spoilt: tuple[Path, CompletedProcess[str]]) -> None:
    home, run = spoilt
    sums = query(
        home, "SELECT name FROM delivery WHERE rows_read <> rows_accepted + rows_quarantined + rows_skipped"
    )
    assert not sums
    assert "✓ 读入" in run.stdout
    kept = {path.name for path in (home / "raw" / "blobs").rglob("*") if path.is_file()}
    assert {sha for (sha,) in query(home, "SELECT sha256 FROM delivery")} <= kept


def test_the_release_before_is_as_it_was(spoilt: tuple[Path, CompletedProcess[str]], published: Path) -> None:
    home, _ = spoilt
    first = province.current(published)
    assert province.digest(home / "releases" / first) == province.digest(published / "releases" / first)


def test_f55_a_missing_required_source_is_refused_and_named(fresh: Path, innostat: Program) -> None:
    province.revenue(fresh)
    run = innostat("run", "--as-of", province.AS_OF, "--json", home=fresh)
    assert run.returncode == 3, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert found["state"] == "refused"
    assert any("enterprise_register" in reason["en"] for reason in found["reasons"])
    assert all(reason["remedy_zh"] and reason["remedy_en"] for reason in found["reasons"])
    assert Path(found["paths"]["report"]).is_file()
    assert not (fresh / "releases" / "current").exists()
    assert not list((fresh / "releases").iterdir())


def test_a_wrong_line_in_links_csv_is_refused_with_its_line(home: Path, innostat: Program) -> None:
    with (home / "decisions" / "links.csv").open("a", encoding="utf-8") as file:
        file.write("patent,某公司,不是代码,张三,2026-03-01\n")
    before = province.digest(home / "releases")
    run = innostat("run", "--as-of", province.AS_OF, home=home)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "line 2" in " ".join(run.stdout.split())
    assert province.digest(home / "releases") == before
