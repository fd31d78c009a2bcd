"""A file with a dozen different errors can be mended from its receipt alone: each line says where, what, and how to mend it.

Here: one such file, its receipt, and the file mended by following it. Not here: the receipt's look (`test_receipts`).
"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.unit.ingestion.loading_world import Home
from tests.unit.ingestion.typed_world import code

HEAD = ["计量单位：万元", "信用代码,企业名称,报告期,营业收入,研发费用"]
# Line of the file → the cell at fault, its rule, what the receipt must tell in each language, and the line mended.
LINES: dict[int, tuple[str, str, str, str, str, str]] = {
    3: (f"{code(2)},乙,2025,约三百,1", "约三百", "unreadable", "应如 1234.56", "as in 1234.56",
        f"{code(2)},乙,2025,300,1"),
    4: ("9134O100MA0000003K,丙,2025,5,1", "9134O100MA0000003K", "uscc_malformed", "建议：91340100MA0000003K",
        "suggestion: 91340100MA0000003K", "91340100MA0000003K,丙,2025,5,1"),
    5: ("14895011B,丁,2025,5,1", "14895011B", "uscc_malformed", "91340100148950117P 甲公司", "91340100148950117P 甲公司",
        "91340100148950117P,丁,2025,5,1"),
    6: ("913400007117750000,戊,2025,5,1", "913400007117750000", "code_as_number", "设为“文本”格式", "format the column as text",
        "913400007117750489,戊,2025,5,1"),
    7: (f"{code(4)},己,2025,-5,1", "-5", "negative_money", "不能为负", "cannot be negative", f"{code(4)},己,2025,5,1"),
    8: (f"{code(5)},庚,2027,5,1", "2027", "in_future", "报送日期 2026-03-01", "delivered on 2026-03-01",
        f"{code(5)},庚,2025,5,1"),
    9: (f"{code(6)},壬,2025,1.12345678901,1", "1.12345678901", "too_precise", "六位", "decimals", f"{code(6)},壬,2025,1.12,1"),
    10: (f"{code(9)},子,2025,5,1", "50000", "conflicting_rows", "2025.csv:10、2025.csv:11", "2025.csv:10, 2025.csv:11",
         f"{code(9)},子,2025,5,1"),
    11: (f"{code(9)},子,2025,6,1", "60000", "conflicting_rows", "2025.csv:10、2025.csv:11", "2025.csv:10, 2025.csv:11",
         f"{code(9)},子,2025,5,1"),
    12: (",,2025,5,1", "", "link_blank", "两者至少填一项", "at least one of both", f"{code(11)},卯,2025,5,1"),
    13: (f"{code(10)},丑,2025,5", "4 ≠ 5", "ragged_row", "分隔符", "separator", f"{code(10)},丑,2025,5,1"),
    14: ("340100123456789,寅,2025,5,1", "340100123456789", "uscc_malformed", "15位的旧工商注册号", "15 digits",
         f"{code(12)},寅,2025,5,1"),
    15: (f"{code(13)},辰,,5,1", "", "required_blank", "必填项为空", "a required cell is blank", f"{code(13)},辰,2025,5,1"),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    register = (
        "年份,信用代码,企业名称,行政区划代码,行业代码,状态\n2025,91340100148950117P,甲公司,340104,C26,在库\n"
    )
    home.put("enterprise_register", "r.csv", register)
    return home


def lines(path: Path, sheet: str) -> list[tuple[object, ...]]:
    rows = list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))
    return rows[1:]


def test_each_line_of_a_receipt_says_where_what_and_how_in_both_languages(home: Home) -> None:
    home.put("enterprise_revenue", "2025.csv", "\n".join([*HEAD, *(line[0] for line in LINES.values()), ""]))
    receipt = home.run()["enterprise_revenue"]
    assert home.deliveries()["2025.csv"] == [13, 0, 13, 0]
    told = {line[2]: line for line in lines(receipt, "隔离的行 Quarantined")}
    assert sorted(told) == sorted(LINES)
    for row, (_, value, rule, zh, en, _) in LINES.items():
        file, sheet, _, column, shown, in_zh, in_en, named = told[row]
        assert (file, sheet or "", shown or "", named) == ("2025.csv", "", value, rule)
        assert column or rule == "ragged_row"
        assert zh in str(in_zh) and "。" in str(in_zh), row  # the remedy comes after the full stop
        assert en in str(in_en) and "; " in str(in_en), row


def test_following_the_receipt_is_enough(home: Home) -> None:
    home.put("enterprise_revenue", "2025.csv", "\n".join([*HEAD, *(line[0] for line in LINES.values()), ""]))
    home.run()
    mended = "\n".join([*HEAD, *(line[5] for line in LINES.values()), ""])
    home.put("enterprise_revenue", "改正.csv", mended)
    receipt = home.run()["enterprise_revenue"]
    assert home.deliveries()["改正.csv"] == [13, 13, 0, 0]
    assert home.all("SELECT count(*) FROM raw.enterprise_revenue") == [(12,)]
    assert [line for line in lines(receipt, "隔离的行 Quarantined") if line[0] == "改正.csv"] == []
