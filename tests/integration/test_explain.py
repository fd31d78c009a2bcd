"""`innostat explain`: from a published number to the rows of the files it came from, and no survey answer on the way.

Here: the world "evidence" (worlds/provinces/evidence.yml), worked out by hand. Not here: the figures themselves
(worlds), layout beyond its width.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.integration import province
from tests.worlds.test_provinces import CODES, deliver, load

pytestmark = pytest.mark.slow
Program = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory, innostat: Program) -> Path:
    """The world, with one more task that was delivered for statistics only."""
    home = tmp_path_factory.mktemp("explained") / "home"
    world = load("evidence")
    assert innostat("init", home=home).returncode == 0
    deliver(world, home)
    text = f"任务编号,任务名称,遴选方式,牵头单位统一社会信用代码,揭榜日期,状态\nJB9,秘题,揭榜挂帅,{CODES['C']},2025-06-01,揭榜\n"
    province.deliver(
        home, "challenge_task", "内部.csv", text, delivered_on="2025-12-31", purpose='"statistical"'
    )
    money = "编号,年份,资金来源,金额（元）\nCZ1,2024,财政,200\nCZ2,2025,财政,240\nCZ3,2025,财政,60\n"
    province.deliver(home, "fiscal_input", "财政.csv", money, delivered_on="2026-01-31")
    head = "合同编号,业务类别,产品名称,企业统一社会信用代码,金额（元）,签订日期"
    lent = f"{head}\nDK1,科技贷款,科技e贷,{CODES['A']},500,2025-05-01\n"
    province.deliver(home, "technology_finance", "贷款.csv", lent, delivered_on="2026-01-31")
    spent = f"统一社会信用代码,报告期,营业收入（元）,研发费用（元）\n{CODES['A']},2025,1000000000,20000000\n"
    province.deliver(home, "enterprise_revenue", "研发费用.csv", spent, delivered_on="2026-02-10")
    run = innostat("run", "--as-of", str(world["as_of"]), home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    return home


def told(innostat: Program, home: Path, *arguments: str) -> dict[str, Any]:
    """What the command says as data."""
    asked = innostat("explain", *arguments, "--json", home=home)
    assert asked.returncode == 0, asked.stderr
    found: dict[str, Any] = json.loads(asked.stdout)
    return found


def test_coverage_is_traced_to_files_and_rows(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "H2", "--period", "2025")
    assert found["tier_basis"] == "CY"
    evidence = {
        one["uscc"]: [
            (piece["source"], piece["id"], piece["file"], piece["row"]) for piece in one["evidence"]
        ]
        for one in found["enterprises"]
    }
    # A's and B's institutions stood on the last day of the year; C's ended a day early, 同名 is nobody's, D's has no level.
    assert evidence == {
        CODES["A"]: [("rd_institution", "I1", "list.csv", 2)],
        CODES["B"]: [("rd_institution", "I2", "list.csv", 3)],
        **{CODES[letter]: [] for letter in "CDEF"},
    }
    administrative = [
        one for one in found["coverage"] if one["purpose"] == "administrative" and one["tier_basis"] == "CY"
    ]
    assert [(one["n_asked"], one["n_met"]) for one in administrative] == [(6, 2)]


def test_survey_answers_are_counts_and_nothing_else(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "H2", "--period", "2025", "--limit", "0")
    assert {
        one["source"]: one["n_enterprises"]
        for one in found["evidence_by_source"]
        if one["purpose"] == "statistical"
    } == {
        "rd_institution": 2,
        "survey_rd_activity": 1,
    }
    # Only the survey knows that C has an institution.
    c = next(one for one in found["enterprises"] if one["uscc"] == CODES["C"])
    assert c["status"] != "MET"
    assert "survey" not in json.dumps(found["enterprises"])
    assert found["confidential"] is None
    secret = told(innostat, explained, "H2", "--period", "2025", "--confidential")["confidential"]
    assert {one["uscc"]: one["evidence_source"] for one in secret if one["status"] == "MET"} == {
        CODES["A"]: "rd_institution",
        CODES["B"]: "rd_institution",
        CODES["C"]: "survey_rd_activity",
    }


def test_a_city_has_its_own_enterprises_only(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "H2", "--period", "2025", "--area", "340200")
    assert [one["uscc"] for one in found["enterprises"]] == [CODES["B"]]


def test_a_task_indicator_is_counted_again_from_its_records(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "T02-2", "--period", "2025", "--reading", "A")
    # JB1 and the statistical JB9 run on the last day; JB2 was only posted, and by another mode.
    assert [one["value"] for one in found["values"]] == [2]
    records = found["records"]
    assert [(one["record"], one["delivered"]) for one in records["records"]] == [
        (
            "challenge_task|JB1",
            [{"source": "challenge_task", "file": "tasks.csv", "sheet": "", "row": 2}],
        )
    ]
    assert records["complete"] is False
    assert "JB9" not in json.dumps(found, ensure_ascii=False)
    assert not list((explained / "warehouse").glob("explain-*"))


def test_money_is_added_up_again_and_each_record_says_its_own(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "G-1", "--period", "2025")
    again = {
        one["measure"]: (one["value"], one["numerator"], one["denominator"])
        for one in found["records"]["counts"]
    }
    assert again == {"amount": (300, 300, None), "growth": (0.5, 300, 200)}
    assert found["records"]["complete"] is True
    assert [
        (one["record"], one["measures"], one["amount"], one["base"]) for one in found["records"]["records"]
    ] == [
        ("CZ1", ["growth"], 0, 200),
        ("CZ2", ["growth"], 240, 0),
        ("CZ2", ["amount"], 240, None),
        ("CZ3", ["growth"], 60, 0),
        ("CZ3", ["amount"], 60, None),
    ]
    shown = innostat("explain", "G-1", "--period", "2025", "--lang", "en", home=explained).stdout
    assert "amount · main: 300" in shown
    assert "growth · main: 0.5 (300 / 200)" in shown
    assert "growth 240 / 0" in shown


def test_a_count_has_no_money_although_its_records_do(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "T18-1", "--period", "2025")
    assert {
        (tuple(one["measures"]), one["record"]): one["amount"] for one in found["records"]["records"]
    } == {
        (("balance", "lending"), "DK1"): 500,
        (("borrowers",), CODES["A"]): None,
    }


def test_a_ratio_of_money_is_traced_to_the_rows_of_the_money(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "H11", "--period", "2025")
    assert [
        (
            one["record"],
            one["amount"],
            one["base"],
            [(piece["source"], piece["file"], piece["row"]) for piece in one["delivered"]],
        )
        for one in found["records"]["records"]
    ] == [
        (
            f"{CODES['A']}|2025",
            20_000_000,
            1_000_000_000,
            [("enterprise_revenue", "研发费用.csv", 2)],
        )
    ]


def test_a_survey_indicator_lists_nobody(explained: Path, innostat: Program) -> None:
    found = told(innostat, explained, "T15-7", "--period", "2025")
    assert found["records"]["records"] == []
    assert found["records"]["complete"] is False or found["values"][0]["numerator"] == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screen_is_80_columns_wide_in_both_languages(
    explained: Path, innostat: Program, language: str
) -> None:
    for indicator in ("H2", "T02-2"):
        shown = innostat("explain", indicator, "--period", "2025", "--lang", language, home=explained)
        assert shown.returncode == 0, shown.stderr
        assert ("定义" if language == "zh" else "Definition") in shown.stdout
        for line in shown.stdout.splitlines():
            assert sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line) <= 80, line


def test_what_there_is_not_is_wrong_usage(explained: Path, innostat: Program) -> None:
    for arguments, code in (
        (("H99",), "unknown_indicator"),
        (("H1", "--area", "999999"), "unknown_area"),
        (("H1", "--period", "1999"), "no_such_figure"),
        (("H1", "--reading", "Z"), "no_such_figure"),
    ):
        asked = innostat("explain", *arguments, "--json", home=explained)
        assert asked.returncode == 2
        assert json.loads(asked.stdout)["error"] == code


def test_what_may_have_been_meant_is_named_and_nothing_else(explained: Path, innostat: Program) -> None:
    for typed, near in (
        ("h1", "H1"), ("T021", "T02-1"), ("t2-1", "T02-1"), ("Ｔ02", "T02-1"), ("社会资本", "G-2"), ("NOPE", None)
    ):  # fmt: skip
        said = innostat("explain", typed, "--lang", "en", home=explained).stderr
        assert "SELECT indicator_id" in said
        assert (f"Near it: {near}" in said) if near else ("Near it" not in said), said


def test_without_a_release_there_is_nothing_to_explain(tmp_path: Path, innostat: Program) -> None:
    assert innostat("init", home=tmp_path).returncode == 0
    assert innostat("explain", "H1", home=tmp_path).returncode == 1
