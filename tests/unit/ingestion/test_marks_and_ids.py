"""Marks behind numbers, long numbers that are names, what nobody sees: none of it changes a figure or counts a thing twice."""

from __future__ import annotations

import io
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.cell_text import figures
from ingestion.links import name_form, text_form
from tests.unit.ingestion.typed_world import code, csv_text, deliver, revenue
from tests.unit.ingestion.workbook_world import raw_workbook, sheets, xml_row

HEAD = ["统一社会信用代码", "企业名称", "报告期", "营业收入（千元）"]
TASK = ["任务编号", "任务名称", "遴选方式", "牵头单位信用代码", "牵头单位", "揭榜日期", "状态"]


@pytest.mark.parametrize("cell", ["12345①", "99999²", "12345¹", "12345₁", "12345⒈", "①", "123½", "5㊀", "𝟓"])
def test_f27_the_mark_of_a_footnote_is_no_digit(tmp_path: Path, cell: str) -> None:
    typed = revenue(tmp_path, "7", cell, "８，０００")
    assert [row["revenue"] for row in typed.rows] == [Decimal(7_000), Decimal(8_000_000)]
    assert typed.broken == [(3, "revenue", "unreadable", "quarantine")]
    assert [issue["value"] for issue in typed.issues] == [cell]


def test_nothing_but_other_widths_of_a_digit_is_a_digit() -> None:
    """By Unicode's own table: what NFKC makes ASCII of, and is not that character in another width."""
    widths = ("<wide>", "<narrow>", "<small>", "<vertical>", "<noBreak>")
    for code_point in range(0x80, 0x20000):
        one = chr(code_point)
        normal = unicodedata.normalize("NFKC", one)
        if not any(c.isascii() and c.isalnum() for c in normal) or 0xD800 <= code_point < 0xE000:
            continue
        kept = figures(pa.array([f"5{one}"])).to_pylist() == [f"5{one}"]
        assert kept == (not unicodedata.decomposition(one).startswith(widths)), hex(code_point)


def test_f23_full_width_and_kangxi_forms_are_read(tmp_path: Path) -> None:
    head = [*HEAD[:2], "报告期", "营业收入（千元）"]
    rows = [[code(1), "甲", "２０２５年", "１２．５"], [code(2), "乙", "2025年⼀月", "－３"]]
    typed = deliver(tmp_path, "enterprise_revenue", csv_text(head, *rows))
    assert [(row["period"], row["revenue"]) for row in typed.rows] == [("2025", Decimal(12_500))]
    assert typed.broken == [(3, "revenue", "negative_money", "quarantine")]


@pytest.mark.parametrize("cell", ["0,123", "00,123", "1,23", "12,34"])
def test_f27_thousands_begin_with_a_digit_that_counts(tmp_path: Path, cell: str) -> None:
    assert revenue(tmp_path, cell).broken == [(2, "revenue", "unreadable", "quarantine")]


def test_a_number_of_four_bytes_is_its_own_shortest_decimal(tmp_path: Path) -> None:
    values = [123456.79, 16777.217, 0.1, 1234.56, 100000.01, 99999.99]
    wanted = [Decimal(str(value)) * 1000 for value in values]
    for kind in (pa.float32(), pa.float64()):
        columns = [[code(i) for i in range(6)], ["公司"] * 6, ["2025"] * 6, pa.array(values, kind)]
        file = io.BytesIO()
        pq.write_table(pa.table(columns, names=HEAD), file)
        found = [row["revenue"] for row in deliver(tmp_path, "enterprise_revenue", file.getvalue()).rows]
        assert found == wanted, kind


def tasks(*ids: Any) -> list[list[Any]]:
    return [[one, "题目", "揭榜挂帅", code(1), "甲", "2025-03-01", "实施"] for one in ids]


def test_ids_of_sixteen_digits_are_the_same_in_a_workbook_and_in_text(tmp_path: Path) -> None:
    ids = [2025010100000001 + 7 * i for i in range(5)]
    text = deliver(tmp_path, "challenge_task", csv_text(TASK, *tasks(*ids)))
    book = deliver(tmp_path, "challenge_task", sheets(tmp_path, TASK, *tasks(*map(float, ids))))
    assert [row["task_id"] for row in book.rows] == [row["task_id"] for row in text.rows] == [*map(str, ids)]


@pytest.mark.parametrize("lost", ["2.02501E+15", "1E+18"])
def test_an_id_of_which_digits_were_lost_tells_no_row_apart(tmp_path: Path, lost: str) -> None:
    typed = deliver(tmp_path, "challenge_task", csv_text(TASK, *tasks(lost, "2E+1", "1E5")))
    assert [row["task_id"] for row in typed.rows] == ["2E+1", "1E5"]
    assert typed.broken == [(2, "task_id", "code_as_number", "quarantine")]


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\xad", "\u200e", "\u180e", "\ufe0f", "\ufeff"])
def test_f23_what_nobody_sees_tells_nothing_apart(tmp_path: Path, hidden: str) -> None:
    typed = deliver(tmp_path, "challenge_task", csv_text(TASK, *tasks(f"P{hidden}1", "甲1")))
    assert [row["task_id"] for row in typed.rows] == ["P1", "甲1"]
    assert revenue(tmp_path, f"1{hidden}5").rows[0]["revenue"] == Decimal(15_000)
    names = pa.array([f"安徽甲0{hidden}1龙门公司", "安徽甲01龙门公司"])
    for form in (name_form, text_form):
        assert form(names).to_pylist() == ["安徽甲01龙门公司"] * 2


def test_dates_keep_their_forms(tmp_path: Path) -> None:
    rows = tasks("P1")
    rows[0][5] = "2025年③月1日"
    typed = deliver(tmp_path, "challenge_task", csv_text(TASK, *rows, *tasks("P2")))
    assert [(row["task_id"], row["taken_on"]) for row in typed.rows if row["task_id"] == "P2"] == [
        ("P2", date(2025, 3, 1))
    ]
    assert typed.broken[0][1:3] == ("taken_on", "unreadable")


@pytest.mark.parametrize("cell", ["<c r='D2'><v>1<!-- x -->2</v></c>", "<c r='D2'><v><![CDATA[12]]></v></c>"])
def test_a_value_that_no_program_writes_refuses_the_workbook(tmp_path: Path, cell: str) -> None:
    start = xml_row(2, code(1), "甲", "2025").removesuffix("</row>")
    book = raw_workbook(xml_row(1, *HEAD) + start + cell + "</row>")
    assert deliver(tmp_path, "enterprise_revenue", book).refused == "file_damaged"


def test_a_second_table_in_a_sheet_refuses_the_workbook(tmp_path: Path) -> None:
    rows = xml_row(1, *HEAD) + xml_row(2, code(1), "甲", "2025", "1")
    book = raw_workbook(f"{rows}</sheetData><sheetData>{xml_row(3, code(2), '乙', '2025', '2')}")
    assert deliver(tmp_path, "enterprise_revenue", book).refused == "file_damaged"
