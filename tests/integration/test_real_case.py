"""The real case: Anhui's listed industrial enterprises, 2019 and 2020, as their files came.

expected.json counts every listed company with revenue, from the same facts but before two rules of the
interface: the frame holds industry only (interface 4; some of them build or trade), and a row with a
negative amount is quarantined whole (interface 3; the files have -1 where nothing was published). Both are
worked out here once more, from the files and in plain Python, and taken off what is expected.

Here: this one case. Not here: rules, which have worlds of their own.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import openpyxl
import pytest

Program = Callable[..., CompletedProcess[str]]
pytestmark = [pytest.mark.slow, pytest.mark.real]

THRESHOLDS = {"activity": 10**8, "institution": 5 * 10**8, "outcome": 10**9}
# GB/T 4754: mining, manufacturing, energy and water.
INDUSTRY = {*range(6, 13), *range(13, 44), *range(44, 47)}


@dataclass(frozen=True)
class Year:
    """What the files say of a year: each code's division in the register; revenue and R&D expense by name."""

    register: dict[str, int]
    revenue: dict[str, tuple[Decimal, Decimal]]
    codes: dict[str, str]  # of every name in either register: an older name is a former name

    def counts(self, centres: set[str], industry_only: bool) -> dict[str, Any]:
        """Who is asked and who is covered; with `industry_only` by the two rules of the interface."""
        amounts = {self.codes[name]: both for name, both in self.revenue.items() if name in self.codes}
        hosts = {self.codes[name] for name in centres if name in self.codes}
        asked: dict[str, int] = {}
        covered: dict[str, int] = {}
        for obligation, threshold in THRESHOLDS.items():
            found = [
                code
                for code, division in self.register.items()
                if code in amounts
                and amounts[code][0] >= threshold
                and not (industry_only and (division not in INDUSTRY or min(amounts[code]) < 0))
            ]
            asked[obligation] = len(found)
            if obligation == "activity":
                covered[obligation] = sum(amounts[code][1] > 0 for code in found)
            if obligation == "institution":
                covered[obligation] = sum(code in hosts for code in found)
        return {"n_asked": asked, "n_met": covered}

    def unlinked(self, negative_too: bool) -> int:
        """Rows of revenue whose name no register holds."""
        return sum(
            name not in self.codes and (negative_too or min(amounts) >= 0)
            for name, amounts in self.revenue.items()
        )


def form(name: str) -> str:
    """A name as interface 3 compares it."""
    return re.sub(r"[\s()\[\]{}·•・]", "", unicodedata.normalize("NFKC", name))


def table(path: Path, encoding: str) -> list[dict[str, str]]:
    """The rows of a text file below its header, which is the first line of several cells."""
    lines = list(csv.reader(path.read_text(encoding=encoding).splitlines()))
    start = next(number for number, line in enumerate(lines) if sum(map(bool, line)) > 2)
    return [dict(zip(lines[start], line, strict=True)) for line in lines[start + 1 :]]


def workbook(path: Path) -> dict[str, tuple[Decimal, Decimal]]:
    """Names with revenue and R&D expense in yuan out of the workbook, which says 万元."""
    found = {}
    for number, name, _, *amounts in openpyxl.load_workbook(path).active.iter_rows(
        min_row=5, values_only=True
    ):
        if isinstance(number, int | float):
            revenue, expense = (Decimal(str(amount).replace(",", "")) * 10_000 for amount in amounts)
            found[form(name)] = (revenue, expense)
    return found


@pytest.fixture(scope="module")
def facts(real_data: Path) -> tuple[dict[int, Year], set[str]]:
    inbox = real_data / "listed-2019-2020" / "inbox"
    listed = {
        year: table(inbox / "enterprise_register" / f"规上工业企业名录_{year}.csv", "gb18030")
        for year in (2019, 2020)
    }
    codes = {form(row["企业名称"]): row["统一社会信用代码"] for rows in listed.values() for row in rows}
    texts = table(inbox / "enterprise_revenue" / "年报营业收入_2019.csv", "gb18030")
    revenues = {
        2019: {form(row["企业名称"]): (Decimal(row["营业收入"]), Decimal(row["研发费用"])) for row in texts},
        2020: workbook(inbox / "enterprise_revenue" / "年报营业收入_2020.xlsx"),
    }
    centres = {
        form(row["依托单位"])
        for row in table(inbox / "rd_institution" / "国家企业技术中心名单.csv", "utf-8-sig")
    }
    divisions = {
        year: {row["统一社会信用代码"]: int(row["行业代码"]) for row in rows} for year, rows in listed.items()
    }
    return {year: Year(divisions[year], revenues[year], codes) for year in (2019, 2020)}, centres


@pytest.fixture(scope="module")
def warehouse(real_data: Path, tmp_path_factory: pytest.TempPathFactory, innostat: Program) -> Path:
    """The case, run as its README says."""
    home = tmp_path_factory.mktemp("real") / "home"
    assert innostat("init", home=home).returncode == 0
    shutil.copytree(real_data / "listed-2019-2020" / "inbox", home / "inbox", dirs_exist_ok=True)
    # 12 of 157 rows of revenue are quarantined for their -1: more than the 5 % that the gate lets pass.
    (home / "innostat.toml").write_text(
        "[coverage]\nfirst_year = 2019\n[gate]\nquarantined_share = 0.1\n", encoding="utf-8"
    )
    run = innostat("run", "--as-of", "2020-12-31", home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    return home / "releases" / "current" / "warehouse.duckdb"


@pytest.mark.parametrize("year", [2019, 2020])
def test_expected_json_is_what_the_files_say_before_the_two_rules(
    facts: tuple[dict[int, Year], set[str]], real_data: Path, year: int
) -> None:
    years, centres = facts
    said = json.loads((real_data / "listed-2019-2020" / "expected.json").read_text(encoding="utf-8"))[
        "years"
    ][str(year)]
    counted = years[year].counts(centres, industry_only=False)
    assert counted["n_asked"] == said["n_asked"]
    assert counted["n_met"] == said["n_met"]
    assert years[year].unlinked(negative_too=True) == said["revenue_rows_unlinked"]
    assert len(years[year].register) == said["register_rows"]
    assert len(years[year].revenue) == said["rows_in_revenue_file"]


@pytest.mark.parametrize("year", [2019, 2020])
def test_coverage_is_what_the_files_say_by_the_rules_of_the_interface(
    facts: tuple[dict[int, Year], set[str]], warehouse: Path, year: int
) -> None:
    years, centres = facts
    wanted = years[year].counts(centres, industry_only=True)
    with duckdb.connect(str(warehouse), read_only=True) as con:
        rows = con.execute(
            """
            SELECT obligation, n_asked, n_met, n_not_met FROM coverage
            WHERE reference_year = ? AND tier_basis = 'CY' AND purpose = 'administrative'
                AND dimension = 'province'
            """,
            [year],
        ).fetchall()
        ((unlinked,),) = con.execute(
            "SELECT count(*) FROM unlinked_row WHERE source = 'enterprise_revenue' AND contains(file, ?)",
            [str(year)],
        ).fetchall()
    assert {obligation: asked for obligation, asked, _, _ in rows} == wanted["n_asked"]
    assert {obligation: met for obligation, _, met, _ in rows if obligation in wanted["n_met"]} == wanted[
        "n_met"
    ]
    assert not any(not_met for *_, not_met in rows)  # no register is declared complete: silence is unknown
    assert unlinked == years[year].unlinked(negative_too=False)


def test_every_row_is_accounted_for(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        rows = con.execute(
            "SELECT rows_read, rows_accepted + rows_quarantined + rows_skipped FROM delivery"
        ).fetchall()
    assert len(rows) == 5
    assert all(read == accounted for read, accounted in rows)
