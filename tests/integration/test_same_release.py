"""F29 by whole runs: files in other formats, split and shuffled give the same figures; the same again gives no release.

Here: the published tables of two homes side by side. Not here: settled rows (tests/unit/ingestion/test_faults_deliveries).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest
import xlsxwriter

from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow

SAME = {
    "warehouse.duckdb": ["coverage", "indicator_value", "gap_list", "obligation_status", "enterprise"],
    "confidential.duckdb": ["obligation_status"],
}


def figures(home: Path) -> dict[str, list[Any]]:
    """All rows of the tables that say something of the province, not of its files."""
    found = {}
    for database, tables in SAME.items():
        with duckdb.connect(str(home / "releases" / "current" / database), read_only=True) as con:
            for table in tables:
                found[f"{database} {table}"] = con.execute(f"FROM {table} ORDER BY ALL").fetchall()
    assert all(found.values())
    return found


def delivered(home: Path, name: str) -> list[list[str]]:
    """The rows of a file that the plain province delivers."""
    return list(csv.reader(io.StringIO((home / "inbox" / name).read_text(encoding="utf-8"))))


def test_f29_other_formats_split_and_shuffled_give_the_same_figures(
    published: Path, fresh: Path, innostat: Program
) -> None:
    head, *firms = delivered(published, "enterprise_register/名录.csv")
    path = fresh / "inbox" / "enterprise_register" / "名录.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, part in (("甲市", firms[5:]), ("乙市", firms[:5])):
            sheet = book.add_worksheet(name)
            for i, row in enumerate([["企业名录"], [], head, *reversed(part)]):
                sheet.write_row(i, 0, row)
    path.with_name("名录.xlsx.meta.toml").write_text("delivered_on = 2026-01-10", encoding="utf-8")
    head, *rows = delivered(published, "enterprise_revenue/营收.csv")
    folder = fresh / "inbox" / "enterprise_revenue"
    text = "\r\n".join("\t".join(row) for row in (head, *rows[7:])) + "\r\n"
    (folder / "下半.txt").write_bytes(text.encode("gb18030"))
    lines = [json.dumps(dict(zip(head, row, strict=True))) for row in rows[:7]]
    (folder / "上半.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("下半.txt", "上半.jsonl"):
        (folder / f"{name}.meta.toml").write_text("delivered_on = 2026-02-01", encoding="utf-8")
    run = innostat("run", "--as-of", province.AS_OF, home=fresh)
    assert run.returncode == 0, run.stdout + run.stderr
    assert figures(fresh) == figures(published)


def test_f29_the_same_bytes_under_another_name_publish_nothing(home: Path, innostat: Program) -> None:
    before = province.digest(home / "releases")
    folder = home / "inbox" / "enterprise_revenue"
    for name in ("营收.csv", "营收.csv.meta.toml"):
        (folder / f"再报{name}").write_bytes((folder / name).read_bytes())
    run = innostat("run", "--as-of", province.AS_OF, home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    assert province.digest(home / "releases") == before
