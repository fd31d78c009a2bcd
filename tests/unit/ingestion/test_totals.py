"""Total rows as check-sums (F30, trap 55): a 合计 that its rows do not come to is told, and costs no row.

Here: one file in, its warnings out. Not here: that a total row is no data (`test_typed`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ingestion.typed_world import ON, Typed, code, csv_text, deliver
from tests.unit.ingestion.workbook_world import sheets

HEAD = ["信用代码", "企业名称", "报告期", "营业收入（万元）", "研发费用（万元）"]


def firm(number: int, revenue: object, rd: object = 1) -> list[object]:
    return [code(number), f"企业{number}", 2025, revenue, rd]


def total(revenue: object, rd: object = "", word: str = "合计") -> list[object]:
    return [word, "", "", revenue, rd]


def told(typed: Typed) -> list[tuple[int, str, str]]:
    return [(i["_row"], i["column_name"], i["value"]) for i in typed.issues if i["rule"] == "total_mismatch"]


@pytest.mark.parametrize(
    "rows",
    [
        [firm(1, 100), firm(2, 20.5), total("120.5", 2)],
        [total(120.5), firm(1, 100), firm(2, 20.5)],
        [firm(1, 100), total(100), firm(2, 20), total(20), total(120, word="总 计")],
        [firm(1, 100), total(7, word="小计"), firm(2, 20), total(120), total(3, word="其中：出口")],
        [firm(1, 100), total("")],
        [firm(1, 100), total("—")],
        [firm(1, 0.333), firm(2, 0.333), firm(3, 0.333), total("1.00")],  # rows that were rounded
        [firm(1, 33), firm(2, 33), firm(3, 33), total(100)],
        [firm(1, "约100"), firm(2, 20), total(120)],  # its row is quarantined, and says why
        [firm(1, 100), [*firm(2, 20), "x"], total(120)],
        [total(5)],
    ],
    ids=[
        "f30-the-sum", "f30-above-its-rows", "f30-of-parts-and-of-all", "f30-subtotals-are-no-check", "f30-blank", "f30-a-dash",
        "f30-rounded-to-hundredths", "f30-rounded-to-units", "f30-beside-an-unread-cell", "f30-beside-a-ragged-row",
        "f30-of-nothing",
    ],
)  # fmt: skip
def test_a_total_that_fits_is_passed_over(tmp_path: Path, rows: list[list[object]]) -> None:
    assert told(deliver(tmp_path, "enterprise_revenue", csv_text(HEAD, *rows))) == []


def test_f30_a_total_that_its_rows_do_not_come_to_is_told_and_the_rows_are_accepted(tmp_path: Path) -> None:
    rows = [firm(1, 100), firm(2, -20), firm(3, 3, 5), total('"1,083.00"', 7), total(9, word="小计")]
    typed = deliver(tmp_path, "enterprise_revenue", csv_text(HEAD, *rows))
    assert typed.counts == (5, 2, 1, 2)  # quarantined rows are part of the sum: 100 - 20 + 3
    assert told(typed) == [(5, "revenue", "1,083.00")]
    (mismatch,) = [issue for issue in typed.issues if issue["rule"] == "total_mismatch"]
    assert mismatch["severity"] == "warning"
    assert mismatch["detail_zh"] == "各行之和 830,000，相差 10,000,000"
    assert mismatch["detail_en"] == "the rows come to 830,000, 10,000,000 apart"


def test_f30_each_sheet_has_its_own_total_and_a_count_is_exact(tmp_path: Path) -> None:
    head = ["机构编号", "机构名称", "机构类别", "级别", "依托单位", "认定日期", "机构人员"]

    def centre(number: int, staff: int) -> list[object]:
        return [f"N{number}", "中心", "企业技术中心", "省", "甲公司", "2024-01-01", staff]

    hefei = [head, centre(1, 10), centre(2, 5), ["合计", "", "", "", "", "", 15]]
    wuhu = [head, centre(3, 7), ["合计", "", "", "", "", "", 8]]
    book = sheets(tmp_path, *hefei, 芜湖=wuhu)
    typed = deliver(tmp_path, "rd_institution", book, on=ON)
    assert [(i["_sheet"], *line) for i, line in zip(typed.issues, told(typed), strict=True)] == [
        ("芜湖", 3, "staff", "8")
    ]
