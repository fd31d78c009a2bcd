"""No survey answer reaches a firm-level table or file outside `confidential.duckdb` (trap 60, interface 4 and 5).

A lineage of names can't show it, as both uses take the same models; so the same province is released twice, once with
survey answers that contradict everything and once without: whatever speaks of single enterprises must be the same.

Here: whole releases. Not here: that the administrative figures are right (worlds).
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from tests.integration import province
from tests.worlds.codes import credit_code

pytestmark = pytest.mark.slow
Program = Callable[..., CompletedProcess[str]]

SECRETS = ("绝密课题", "绝密企业", "绝密数字", "绝密任务")
# What a firm-level table is made of; `enterprise` is the register itself.
FIRM_LEVEL = {"enterprise", "obligation_status", "gap_list", "evidence", "tier_crossing", "one_step_away"}


def answers(home: Path) -> None:
    """Survey answers that would change everyone's tier and status, and rows that end in each list of what went wrong."""
    codes = [credit_code(letter) for letter in province.ENTERPRISES]
    finance = [f"{code},,2025,1234567.{number:02},1" for number, code in enumerate(codes)]
    finance += [f"{codes[0]},,2024,绝密数字,1", ",绝密企业,2025,5,1"]
    projects = [f"{code},2025,1,绝密课题{number},777.{number:02}" for number, code in enumerate(codes)]
    activity = [f"{code},2025,9,77,7,7,7,7" for code in codes[1:]] + [f"{codes[0]},2025,0,0,0,0,0,0"]
    for source, head, rows in (
        ("survey_finance", "统一社会信用代码,企业名称,报告期,营业收入（千元）,研发费用（千元）", finance),
        ("survey_rd_project", "统一社会信用代码,年份,项目序号,项目名称,项目经费支出（千元）", projects),
        (
            "survey_rd_activity",
            "统一社会信用代码,年份,研究开发人员合计,研究开发费用合计（千元）,期末机构数,期末有效发明专利数,"
            "新产品销售收入（千元）,形成国家或行业标准",
            activity,
        ),
    ):
        province.deliver(home, source, "调查.csv", "\n".join([head, *rows, ""]), delivered_on="2026-03-20")
    task = f"任务编号,任务名称,遴选方式,牵头单位统一社会信用代码,揭榜日期,状态\nJ1,绝密任务,揭榜挂帅,{codes[2]},2025-06-01,揭榜\n"
    sidecar = {"delivered_on": "2026-03-20", "purpose": '"statistical"'}
    province.deliver(home, "challenge_task", "内部.csv", task, **sidecar)


@pytest.fixture(scope="module")
def releases(
    published: Path, tmp_path_factory: pytest.TempPathFactory, innostat: Program
) -> tuple[Path, Path]:
    """The current release without survey answers, and the one with them."""
    home = tmp_path_factory.mktemp("answered") / "home"
    assert innostat("init", home=home).returncode == 0
    shutil.copytree(published / "inbox", home / "inbox", dirs_exist_ok=True)
    answers(home)
    run = innostat("run", "--as-of", province.AS_OF, home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    return published / "releases" / "current", home / "releases" / "current"


def test_trap_60_firm_level_tables_are_the_same_with_and_without_survey_answers(
    releases: tuple[Path, Path],
) -> None:
    without, answered = (tables(release / "warehouse.duckdb") for release in releases)
    firm_level = {name for name, (columns, _) in answered.items() if "uscc" in columns}
    assert firm_level >= FIRM_LEVEL
    assert {name: answered[name] for name in firm_level} == {name: without[name] for name in firm_level}
    books = [(release / "restricted" / "gap_list.xlsx").read_bytes() for release in releases]
    assert books[0] == books[1]
    # The answers did count where they may.
    assert without["coverage"] != answered["coverage"]


def test_trap_60_no_file_but_the_confidential_one_holds_a_survey_text(releases: tuple[Path, Path]) -> None:
    release = releases[1]
    holding = {
        path.relative_to(release).as_posix()
        for path in sorted(release.rglob("*"))
        if path.is_file() and any(secret in text for text in texts(path) for secret in SECRETS)
    }
    assert holding == {"confidential.duckdb"}


def tables(database: Path) -> dict[str, tuple[list[str], list[tuple[object, ...]]]]:
    """Every table of a published database: its columns, its rows in order."""
    with duckdb.connect(str(database), read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        found = {}
        for name in names:
            rows = con.sql(f'SELECT * FROM "{name}" ORDER BY ALL')
            found[name] = (rows.columns, rows.fetchall())
    return found


def texts(path: Path) -> Iterator[str]:
    """All that a file of a release says, as text."""
    if path.suffix == ".duckdb":
        yield from (str(rows) for _, rows in tables(path).values())
    elif path.suffix == ".parquet":
        yield str(duckdb.read_parquet(str(path)).fetchall())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name).decode("utf-8", "replace") for name in book.namelist())
    else:
        yield path.read_text(encoding="utf-8")
