"""What rows make doubtful beside last year's figures and the register: warnings that name the row and what to look at.

Here: files in, `warned_row` out. Not here: whole files in another unit (`test_unit_ratio`, and the check that holds them).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.ingestion.loading_world import Home
from tests.unit.ingestion.typed_world import check_digit, code

PARENT = "91340100148950117P"
HALF = PARENT[:16] + "B"
BRANCH = HALF + check_digit(HALF)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def revenue(
    home: Home, period: str, amounts: Iterable[object], unit: str, source: str = "enterprise_revenue"
) -> None:
    rows = "".join(f"{code(n)},{period},{amount}\n" for n, amount in enumerate(amounts, start=1))
    home.put(source, f"{period}.csv", f"信用代码,报告期,营业收入（{unit}）\n{rows}")


def register(home: Home, *firms: tuple[str, str, str]) -> None:
    lines = "".join(f"2025,{uscc},{name},340104,C26,在库,{opened}\n" for uscc, name, opened in firms)
    home.put(
        "enterprise_register", "r.csv", f"年份,信用代码,企业名称,行政区划代码,行业代码,状态,开业日期\n{lines}"
    )


def institutions(home: Home, *hosts: tuple[str, str]) -> None:
    lines = "".join(
        f"N{n},中心,企业技术中心,省,某公司,{uscc},{day}\n" for n, (uscc, day) in enumerate(hosts, start=1)
    )
    home.put(
        "rd_institution",
        "i.csv",
        f"机构编号,机构名称,机构类别,级别,依托单位,依托单位统一社会信用代码,认定日期\n{lines}",
    )


def warned(home: Home, rule: str) -> list[tuple[object, ...]]:
    home.run()
    query = 'SELECT file, "row", column_name, value, message_zh FROM raw.warned_row WHERE rule = '
    return home.all(f"{query}'{rule}' ORDER BY file, row")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (1_000_000, "10,000 倍，疑似 元"),
        (120, None),
        (1_190, "11.9 倍，疑似 千元"),
        (1_250, None),  # more than a fifth from any power of ten
        (810, "8.1 倍，疑似 千元"),
        (10, "1/10 倍，文件写 万元"),
        (0.01, "1/10,000 倍，疑似 亿元"),
        (10_000_000, None),  # five powers of ten: no unit is so far away; `revenue_jumped` tells it
        (0, None),
    ],
    ids=lambda value: f"f40-{value}-after-100" if isinstance(value, int | float) else "",
)  # fmt: skip
def test_f40_f44_trap_01_one_enterprise_in_another_unit_is_told_with_the_unit_it_looks_like(
    home: Home, amount: object, said: str | None
) -> None:
    revenue(home, "2024", [100, 100, 100], "万元")
    revenue(home, "2025", [105, amount, 95], "万元")
    found = warned(home, "unit_suspected")
    assert len(found) == (said is not None)
    if said:
        ((file, row, column, _, message),) = found
        assert (file, row, column) == ("2025.csv", 3, "revenue")
        assert said in str(message)


def test_trap_01_ten_thousand_yuan_sent_as_thousand_is_flagged_in_one_line_for_the_file(home: Home) -> None:
    revenue(home, "2024", [100_000, 200_000, 300_000], "万元")
    revenue(home, "2025", [100_000, 210_000, 290_000], "千元")
    ((file, row, _, value, message),) = warned(home, "unit_suspected")
    assert (file, row, value) == ("2025.csv", 2, "100000000")
    assert "疑似 万元" in str(message) and "文件写 千元" in str(message) and "另有 2 行" in str(message)


def test_f40_an_administrative_row_is_never_held_against_a_survey_answer(home: Home) -> None:
    revenue(home, "2024", [100], "万元")
    (home.root / "inbox/enterprise_revenue/2024.csv.meta.toml").write_text('purpose = "statistical"')
    revenue(home, "2025", [100_000], "万元")
    assert warned(home, "unit_suspected") == []


def test_f45_an_institution_recognised_before_its_host_was_there_is_told(home: Home) -> None:
    register(home, (code(1), "甲公司", "2020-06-01"), (code(2), "乙公司", ""))
    institutions(
        home,
        (code(1), "2020-05-31"),
        (code(1), "2020-06-01"),
        (code(2), "1999-01-01"),
        (code(3), "1999-01-01"),
    )
    ((file, row, column, value, message),) = warned(home, "before_establishment")
    assert (file, row, column, value) == ("i.csv", 2, "recognised_on", "2020-05-31")
    assert "开业日期 2020-06-01" in str(message)


def test_f42_trap_11_the_code_of_a_branch_is_told_with_its_parent(home: Home) -> None:
    register(home, (PARENT, "甲公司", ""), (BRANCH, "甲公司芜湖分公司", ""))
    institutions(home, (BRANCH, "2024-01-01"), (PARENT, "2024-01-01"), (code(3), "2024-01-01"))
    found = warned(home, "branch_code")
    assert [line[:4] for line in found] == [
        ("i.csv", 2, "host_uscc", BRANCH),
        ("r.csv", 3, "uscc", BRANCH),  # a branch is no member of the frame
    ]
    assert all(f"{PARENT} 甲公司" in str(line[4]) for line in found)


@pytest.mark.parametrize("given", ["14895011B", "14895011-7", "14895011 b"], ids="f42-{}".format)
def test_f42_trap_11_an_organisation_code_is_quarantined_with_the_enterprise_that_it_belongs_to(
    home: Home, given: str
) -> None:
    register(home, (PARENT, "甲公司", ""))
    institutions(home, (given, "2024-01-01"))
    home.run()
    ((rule, message),) = home.all("SELECT rule, message_zh FROM raw.quarantined_row")
    assert rule == "uscc_malformed"
    assert f"名录中为：{PARENT} 甲公司" in str(message)
