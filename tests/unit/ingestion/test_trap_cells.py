"""Traps of codes and amounts (domain.md 5) that one file shows: each in the words in which the list tells it.

Here: cells in, what they became. Not here: the grammar of cells as a whole (`test_cells`).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.ingestion.typed_world import Typed, code, csv_text, deliver, revenue
from tests.unit.ingestion.workbook_world import sheets

HEAD = ["年份", "信用代码", "企业名称", "行政区划代码", "行业代码", "状态"]


def enterprise(folder: Path, uscc: str, area: str = "340102", industry: str = "C26") -> Typed:
    return deliver(
        folder, "enterprise_register", csv_text(HEAD, ["2025", uscc, "甲", area, industry, "在库"])
    )


def test_trap_03_04_amounts_are_read_exactly_and_add_up_exactly(tmp_path: Path) -> None:
    """0.1 + 0.2 is 0.3, and 1.00 亿元 and 10,000.00 万元 are the threshold itself."""
    tenths = [row["revenue"] for row in revenue(tmp_path, "0.1", "0.2", "0.3", title="营业收入（万元）").rows]
    assert tenths[0] + tenths[1] == tenths[2] == Decimal(3000)
    same = revenue(tmp_path, "1.00亿元", "10,000.00万元", "100,000千元", "100000").rows
    assert [row["revenue"] for row in same] == [Decimal(100_000_000)] * 4


@pytest.mark.parametrize(
    "written",
    [
        "９１３４０１００ＭＡ００００００１Ｋ",
        "\u300091340100ma0000001k\u00a0",
        "9134 0100-MA00-0000-1K\u200b",
    ],
    ids=["trap_20-full-width", "trap_20-spaces-and-case", "trap_20-hyphens"],
)
def test_trap_20_a_code_is_normalised(tmp_path: Path, written: str) -> None:
    assert code(1) == "91340100MA0000001K"
    assert [row["uscc"] for row in enterprise(tmp_path, written).rows] == ["91340100MA0000001K"]


def test_trap_20_a_letter_that_no_code_has_is_a_suggestion_only(tmp_path: Path) -> None:
    typed = enterprise(tmp_path, "9134O100MA0000001K")
    assert typed.rows == []
    assert "91340100MA0000001K" in typed.issues[0]["detail_en"]


@pytest.mark.parametrize("rounded", ["911101066976941000", "911101066976941824", "9.1110106697694E+17"])
def test_trap_21_a_code_that_a_spreadsheet_rounded_is_quarantined(tmp_path: Path, rounded: str) -> None:
    typed = enterprise(tmp_path, rounded)
    assert [issue["rule"] for issue in typed.issues] == ["code_as_number"] and typed.rows == []
    assert [row["uscc"] for row in enterprise(tmp_path, "911101066976941872").rows] == ["911101066976941872"]


def test_trap_22_zeros_in_front_are_part_of_a_code(tmp_path: Path) -> None:
    typed = enterprise(tmp_path, code(1), industry="0610")
    assert [row["industry_code"] for row in typed.rows] == ["0610"] and typed.broken == []
    padded = enterprise(tmp_path, code(1), industry="6")
    assert [row["industry_code"] for row in padded.rows] == ["06"]
    assert [rule for _, _, rule, _ in padded.broken] == ["industry_padded"]


def test_trap_23_a_check_digit_may_be_0(tmp_path: Path) -> None:
    assert enterprise(tmp_path, "9134010007049996X0").broken == []


def test_trap_24_a_real_code_that_fails_the_check_is_kept_and_listed(tmp_path: Path) -> None:
    typed = enterprise(tmp_path, "91350211M0000XUF46")
    assert [row["uscc"] for row in typed.rows] == ["91350211M0000XUF46"]
    assert typed.broken == [(2, "uscc", "uscc_check_digit", "warning")]


def test_trap_21_a_number_in_a_cell_of_a_workbook_is_no_code(tmp_path: Path) -> None:
    book = sheets(tmp_path, HEAD, ["2025", 911101066976941872, "甲", "340102", "C26", "在库"])
    assert [i["rule"] for i in deliver(tmp_path, "enterprise_register", book).issues] == ["code_as_number"]


def test_trap_56_dates_told_in_chinese_words_are_dates(tmp_path: Path) -> None:
    told = {
        "二〇二五年三月十五日": "2025-03-15", "二○二四年十月三十一日": "2024-10-31", "二零二四年十二月二十日": "2024-12-20",
        "二〇二四年一月二日": "2024-01-02", "二〇二五年十三月一日": None, "廿五年三月一日": None,
    }  # fmt: skip
    rows = [[f"S{no}", "发明", "甲", day] for no, day in enumerate(told)]
    typed = deliver(tmp_path, "patent", csv_text(["专利号", "专利类型", "专利权人", "授权公告日"], *rows))
    assert [row["granted_on"] and str(row["granted_on"]) for row in typed.rows] == list(told.values())
    assert [(row, rule) for row, _, rule, _ in typed.broken] == [(6, "unreadable"), (7, "unreadable")]


def test_trap_56_a_period_told_in_chinese_words_is_a_period(tmp_path: Path) -> None:
    rows = [
        [code(1), "二〇二四年", "1"],
        [code(2), "二〇二五年十月", "1"],
        [code(3), "二〇二五年一至九月", "1"],
    ]
    typed = deliver(
        tmp_path, "enterprise_revenue", csv_text(["信用代码", "报告期", "营业收入（千元）"], *rows)
    )
    assert [row["period"] for row in typed.rows] == ["2024", "2025-10", "2025-09"]
