"""People in the loop, through the program: a returned sheet mended, a name decided, a cell corrected."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import openpyxl
import pytest

from tests.integration import province
from tests.worlds.codes import credit_code

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow

HEAD = "统一社会信用代码,企业名称,报告期,营业收入（千元）"


def query(home: Path, sql: str, database: str = "warehouse") -> list[Any]:
    path = home / "releases" / "current" / f"{database}.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def run(home: Path, innostat: Program) -> None:
    done = innostat("run", "--as-of", province.AS_OF, home=home)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bad_rows_come_back_mended_waiting_names_are_decided_and_a_cell_is_corrected(
    home: Path, innostat: Program
) -> None:
    a, b, c = (credit_code(letter) for letter in "ABC")
    rows = f"{a},甲,2024年,150000\n{b},乙,去年,250000\n,皖C公司改名,2024,350000\n"
    province.deliver(home, "enterprise_revenue", "去年.csv", f"{HEAD}\n{rows}")
    run(home, innostat)
    counts = "SELECT rows_read, rows_accepted, rows_quarantined, rows_skipped FROM delivery WHERE name = '{}'"
    assert query(home, counts.format("去年.csv")) == [(3, 2, 1, 0)]
    receipt = home / "runs" / "r000002" / "receipts" / "enterprise_revenue.xlsx"
    book = openpyxl.load_workbook(receipt)
    sheet = book["退回修改"]
    titles = [cell.value for cell in sheet[3]]
    assert sheet.cell(4, titles.index("营业收入（千元）") + 1).value == "250000"
    sheet.cell(4, titles.index("报告期") + 1).value = 2024
    book.save(home / "inbox" / "enterprise_revenue" / "改好的.xlsx")

    asked = innostat("links", "--json", home=home)
    (waiting,) = json.loads(asked.stdout)["waiting"]
    assert (waiting["source"], waiting["name"]) == ("enterprise_revenue", "皖C公司改名")
    words = ("--source", "enterprise_revenue", "--name", waiting["name"], "--uscc", c, "--by", "张三")
    decided = innostat("links", "decide", *words, "--on", province.AS_OF, home=home)
    assert decided.returncode == 0, decided.stderr

    corrections = home / "decisions" / "corrections.csv"
    corrections.write_text(
        "source,key,column,wrong_value,right_value,reason,decided_by,decided_on\n"
        f"enterprise_revenue,uscc={a};period=2024,revenue,150000000,160000000,电话核实,李四,{province.AS_OF}\n",
        encoding="utf-8",
    )
    run(home, innostat)
    assert query(home, counts.format("去年.csv")) == [(3, 2, 1, 0)]
    assert query(home, counts.format("改好的.xlsx")) == [(1, 1, 0, 0)]
    # The register is of 2025, so revenue of 2024 shows as the year before.
    asked_of = "SELECT uscc, max(revenue_yuan) FROM obligation_status WHERE reference_year = 2025 AND tier_basis = 'PY'"
    found = query(home, f"{asked_of} AND purpose = 'administrative' GROUP BY 1 ORDER BY 1")
    assert found == [(a, 160_000_000), (b, 250_000_000), (c, 350_000_000)]
    assert query(home, "SELECT key, right_value, decided_by FROM correction") == [
        (f"uscc={a};period=2024", "160000000", "李四")
    ]
    assert query(home, "SELECT count(*) FROM unlinked_row") == [(0,)]
    assert query(home, "FROM correction", "confidential") == []

    province.deliver(home, "enterprise_revenue", "更正.csv", f"{HEAD}\n{a},甲,2024,160000\n")
    before = province.digest(home / "releases")
    refused = innostat("run", "--as-of", province.AS_OF, "--lang", "zh", home=home)
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "第 2 行" in "".join(refused.stdout.split()).replace("第2行", "第 2 行")
    assert province.digest(home / "releases") == before
