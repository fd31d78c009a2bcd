"""A printed table repeats its head on each page: all of that head is head, and what it says must agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ingestion.typed_world import code, csv_text, deliver
from tests.unit.ingestion.workbook_world import sheets

HEAD = ["信用代码", "报告期", "营业收入（千元）"]
NUMBERS = ["甲", "乙", "1"]


def row(number: int, revenue: object = 1) -> list[object]:
    return [code(number), "2025", revenue]


def test_the_column_numbers_under_a_repeated_head_belong_to_it(tmp_path: Path) -> None:
    text = csv_text(HEAD, NUMBERS, row(1), HEAD, NUMBERS, row(2))
    assert deliver(tmp_path, "enterprise_revenue", text).counts == (4, 2, 0, 2)


def test_column_numbers_need_not_stand_under_the_first_head(tmp_path: Path) -> None:
    text = csv_text(HEAD, row(1), HEAD, NUMBERS, row(2))
    assert deliver(tmp_path, "enterprise_revenue", text).counts == (4, 2, 0, 2)


def test_a_repeated_head_stands_under_the_titles_of_the_first(tmp_path: Path) -> None:
    page = [["2025年主要指标"], ["单位：千元", "", "填报单位：某市"], [], HEAD, NUMBERS]
    for content in (
        csv_text(*page, row(1), ["2025年主要指标（续）", "", ""], ["", "", "单位：千元"], HEAD, row(2)),
        sheets(
            tmp_path, *page, row(1), [], ["2025年主要指标（续）"], ["单位：千元"], [], HEAD, NUMBERS, row(2)
        ),
    ):
        typed = deliver(tmp_path, "enterprise_revenue", content)
        assert [line["uscc"] for line in typed.rows] == [code(1), code(2)]
        assert typed.receipt.quarantined == 0


def test_a_head_merged_over_two_rows_is_repeated_as_a_whole(tmp_path: Path) -> None:
    merged = [["信用代码", "报告期", "主要指标", ""], ["", "", "营业收入（元）", "其中：出口"]]
    typed = deliver(
        tmp_path, "enterprise_revenue", sheets(tmp_path, *merged, row(1), *merged, ["甲", "乙", 1, 2], row(2))
    )
    assert typed.counts == (5, 2, 0, 3)


@pytest.mark.parametrize(
    "again",
    [
        [["信用代码", "报告期", "营业收入（万元）"]],
        [["单位：万元", "", ""], HEAD],
        [HEAD, ["", "", "万元"]],
    ],
)
def test_a_repeated_head_that_says_another_unit_refuses_the_file(
    tmp_path: Path, again: list[list[object]]
) -> None:
    text = csv_text(["单位：千元", "", ""], HEAD, row(1), *again, row(2))
    assert deliver(tmp_path, "enterprise_revenue", text).refused == "unit_contradiction"


def test_no_row_of_data_passes_for_a_title(tmp_path: Path) -> None:
    for_itself = csv_text(HEAD, row(1), ["甲公司", "", ""], HEAD, row(2))
    assert deliver(tmp_path, "enterprise_revenue", for_itself).counts == (4, 2, 1, 1)
    only_a_code = csv_text(["某表", "", ""], HEAD, row(1), [code(3), "", ""], HEAD, row(2))
    assert deliver(tmp_path, "enterprise_revenue", only_a_code).counts == (4, 2, 1, 1)
    far_from_a_head = csv_text(["某表", "", ""], HEAD, row(1), ["某表", "", ""], row(2))
    assert deliver(tmp_path, "enterprise_revenue", far_from_a_head).counts == (3, 2, 1, 0)
