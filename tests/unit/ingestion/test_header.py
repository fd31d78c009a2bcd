"""Headers as providers really write them: titles, merged rows, units, numbers of columns, what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.contract import load_contracts
from ingestion.header import Layout, Titles, find_header, plain
from ingestion.rules import RefusedError

REVENUE = load_contracts()["enterprise_revenue"]
ACTIVITY = load_contracts()["survey_rd_activity"]


def find(*rows: list[str], unit: str | None = None, **more: Any) -> Layout | None:
    return find_header(rows, Titles(REVENUE), unit=unit, **more)


def found(*rows: list[str], **more: Any) -> Layout:
    layout = find(*rows, **more)
    assert layout is not None
    return layout


def refusal(*rows: list[str], **more: Any) -> str:
    with pytest.raises(RefusedError) as error:
        find(*rows, **more)
    assert error.value.reason.zh and error.value.reason.en
    return error.value.reason.code


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("营业 收入\n（千元）", "营业收入"),
        ("营业收入【万元】", "营业收入"),
        ("ＵＳＣＣ", "uscc"),
        ("其中：研发费用", "研发费用"),
        ("统一社会信用代码*", "统一社会信用代码"),
        ("报告期：", "报告期"),
    ],
)
def test_titles_are_compared_without_what_does_not_matter(title: str, expected: str) -> None:
    assert plain(title) == expected


def test_plain_header() -> None:
    layout = found(["信用代码", "报告期", "营业收入（千元）"], ["x", "2025", "1"])
    assert layout.columns == {"uscc": 0, "period": 1, "revenue": 2}
    assert (layout.data, layout.width, layout.powers) == (1, 3, {"revenue": 3})


def test_canonical_names_and_yuan() -> None:
    layout = found(["uscc", "period", "revenue_yuan", "rd_expense_yuan"])
    assert layout.powers == {"revenue": 0, "rd_expense": 0}


def test_title_rows_unit_line_merged_header_and_column_numbers() -> None:
    layout = found(
        ["2025年企业营业收入", "", "", ""],
        ["", "", "", "计量单位：万元"],
        ["企业名称", "报告期", "主要指标", ""],
        ["", "", "营业收入", "其中：研发费用"],
        ["甲", "乙", "1", "2"],
        ["某公司", "2025", "1", "2"],
    )
    assert layout.columns == {"name": 0, "period": 1, "revenue": 2, "rd_expense": 3}
    assert layout.data == 5
    assert layout.powers == {"revenue": 4, "rd_expense": 4}


def test_a_title_made_of_two_cells() -> None:
    layout = find_header(
        [
            [
                "统一社会信用代码",
                "年份",
                "研究开发人员",
                "研究开发费用",
                "期末",
                "",
                "期末有效",
                "新产品",
                "形成国家",
            ],
            [
                "",
                "",
                "合计",
                "合计（千元）",
                "机构数",
                "仪器和设备原价（千元）",
                "发明专利数",
                "销售收入（千元）",
                "或行业标准",
            ],
        ],
        Titles(ACTIVITY),
    )
    assert layout is not None
    assert layout.columns["equipment"] == 5
    assert layout.columns["new_product_sales"] == 7


def test_units_in_a_row_of_their_own() -> None:
    layout = found(
        ["企业名称", "报告期", "营业收入", "研发费用"], ["-", "-", "千元", "千元"], ["某", "2025", "1", "2"]
    )
    assert (layout.data, layout.powers["revenue"]) == (2, 3)


def test_a_caption_over_several_columns_says_their_unit() -> None:
    layout = found(["企业名称", "报告期", "主要指标（亿元）", ""], ["", "", "营业收入", "研发费用"])
    assert layout.powers == {"revenue": 8, "rd_expense": 8}


def test_units_may_differ_between_columns() -> None:
    layout = found(["企业名称", "报告期", "营业收入（单位：万元）", "研发费用（千元）"])
    assert layout.powers == {"revenue": 4, "rd_expense": 3}


def test_a_name_that_begins_with_yuan_says_no_unit() -> None:
    assert refusal(["填报单位：元琛科技"], ["企业名称", "报告期", "营业收入"]) == "unit_not_said"


@pytest.mark.parametrize(
    "line", ["计量单位：千元", "单位:千元", "（单位：千元）", "单位：家、千元", "计量单位 ： 千元"]
)
def test_unit_lines(line: str) -> None:
    assert found([line], ["企业名称", "报告期", "营业收入"]).powers == {"revenue": 3}


def test_the_unit_is_never_guessed() -> None:
    assert refusal(["企业名称", "报告期", "营业收入"]) == "unit_not_said"
    assert found(["企业名称", "报告期", "营业收入"], unit="万元").powers == {"revenue": 4}


def test_what_is_said_twice_must_agree() -> None:
    head = ["企业名称", "报告期", "营业收入（千元）"]
    assert found(["单位：千元"], head, unit="千元").powers == {"revenue": 3}
    assert refusal(["单位：万元"], head) == "unit_contradiction"
    assert refusal(head, unit="元") == "unit_contradiction"
    assert refusal(["uscc", "period", "revenue_yuan（千元）"]) == "unit_contradiction"


def test_two_columns_of_one_meaning() -> None:
    assert refusal(["企业名称", "单位名称", "报告期", "营业收入（元）"]) == "duplicate_header"


def test_a_missing_column_is_named_with_what_looks_like_it() -> None:
    with pytest.raises(RefusedError) as error:
        find(["企业名称", "报告期", "营业总收入（千元）"])
    assert error.value.reason.code == "missing_column"
    assert "营业收入 revenue" in error.value.reason.zh
    assert "营业总收入（千元） ≈ 营业收入 revenue" in error.value.reason.zh


def test_of_a_link_one_column_is_enough() -> None:
    assert "uscc" not in found(["企业名称", "报告期", "营业收入（元）"]).columns
    assert refusal(["报告期", "营业收入（元）"]) == "missing_column"


def test_constants_stand_in_for_columns() -> None:
    layout = found(["企业名称", "营业收入（元）"], constants={"period": "2025"})
    assert layout.columns == {"name": 0, "revenue": 1}
    assert (
        refusal(["企业名称", "报告期", "营业收入（元）"], constants={"period": "2025"}) == "constant_present"
    )


def test_a_deletion_needs_its_keys_only() -> None:
    assert found(["信用代码", "报告期"], keys_only=True).columns == {"uscc": 0, "period": 1}


def test_extra_columns_are_noted_and_not_used() -> None:
    layout = found(["序号", "企业名称", "报告期", "营业收入（元）", "备注"])
    assert [note.zh for note in layout.notes] == ["多出的列“序号”未使用", "多出的列“备注”未使用"]
    assert layout.width == 5


def test_prose_is_no_header() -> None:
    assert find(["请填写企业名称和报告期"], ["营业收入"], ["谢谢"]) is None
    assert find() is None


def test_a_row_of_data_is_not_taken_for_column_numbers() -> None:
    layout = found(["企业名称", "报告期", "营业收入（元）"], ["甲", "2025", "1"])
    assert layout.data == 1


@pytest.mark.parametrize(
    "title",
    [
        "营业收入（不含税，万元）",
        "营业收入（万元、不含税）",
        "营业收入(人民币万元)",
        "营业收入【合并; 单位：万元】",
    ],
)
def test_a_unit_among_other_words_in_brackets_is_said_too(title: str) -> None:
    head = ["企业名称", "报告期", title]
    assert found(head).powers == {"revenue": 4}
    assert refusal(["单位：千元"], head) == "unit_contradiction"


def test_words_in_brackets_that_only_hold_a_unit_say_none() -> None:
    for title in ("营业收入（亿元以上企业）", "营业收入（5万元）", "营业收入（元旦）"):
        assert refusal(["企业名称", "报告期", title]) == "unit_not_said"
    assert found(["企业名称", "报告期", "营业收入（亿元以上企业）"], unit="元").powers == {"revenue": 0}


@pytest.mark.parametrize("unit", ["万美元", "十万元", "千万元", "百元", "港元"])
def test_a_unit_that_nobody_knows_is_never_another(unit: str) -> None:
    head = ["企业名称", "报告期", f"营业收入（{unit}）"]
    assert refusal(head) == "unit_unknown"
    assert refusal(head, unit="万元") == "unit_contradiction"
    assert refusal([f"单位：{unit}"], ["企业名称", "报告期", "营业收入（万元）"]) == "unit_contradiction"
    assert refusal(["企业名称", "报告期", "营业收入"], ["", "", unit]) == "unit_unknown"
    assert found([f"填报单位：{unit}科技"], ["企业名称", "报告期", "营业收入（万元）"]).powers == {
        "revenue": 4
    }


def test_the_title_that_a_refusal_advises_is_one_that_is_found() -> None:
    with pytest.raises(RefusedError) as refused:
        find(["企业名称", "报告期", "营业收入"])
    for said in (refused.value.reason.zh, refused.value.reason.en):
        assert "营业收入（千元）" in said
    assert found(["企业名称", "报告期", "营业收入（千元）"]).powers == {"revenue": 3}
