"""One delivery from its bytes to typed rows: what is accepted, quarantined, skipped, warned of or refused."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contract import load_contracts
from ingestion.readers.limits import TITLES
from ingestion.rules import row_rules
from ingestion.store import Delivery
from ingestion.typed import fingerprint, type_delivery
from ingestion.typed_receipt import load_receipt
from tests.unit.ingestion.typed_world import REFERENCE, code, csv_text, deliver, revenue

REGISTER_HEAD = ["年份", "信用代码", "企业名称", "行政区划代码", "行业代码", "状态"]


def register_row(number: int = 1, **changes: str) -> list[str]:
    row = dict(
        zip(REGISTER_HEAD, ["2025", code(number), f"公司{number}", "340102", "C26", "在库"], strict=True)
    )
    return list((row | changes).values())


def test_rows_become_typed_values(tmp_path: Path) -> None:
    typed = deliver(tmp_path, "enterprise_register", csv_text([*REGISTER_HEAD, "曾用名", "开业日期"],
                    [*register_row(), "甲；乙", "2010年3月1日"]))  # fmt: skip
    assert typed.refused is None
    assert typed.counts == (1, 1, 0, 0)
    assert typed.rows[0] == {
        "frame_year": 2025, "uscc": code(1), "name": "公司1", "former_names": ["甲", "乙"],
        "operating_area_code": "340102", "registered_area_code": None, "industry_code": "C26", "size": None,
        "park_id": None, "status": "在库", "opened_on": date(2010, 3, 1), "closed_on": None,
        "_sheet": "", "_row": 2,
    }  # fmt: skip


def test_a_sheet_as_wide_as_may_be_is_typed_within_the_memory_of_typing(tmp_path: Path) -> None:
    more = TITLES - len(REGISTER_HEAD)
    head = [*REGISTER_HEAD, *(f"附{i}" for i in range(more))]
    rows = [[*register_row(number), *("x" for _ in range(more))] for number in (1, 2)]
    assert deliver(tmp_path, "enterprise_register", csv_text(head, *rows)).counts == (2, 2, 0, 0)


def test_money_is_in_yuan_and_absent_booleans_are_no(tmp_path: Path) -> None:
    typed = revenue(tmp_path, "1,234.5", "5亿")
    assert [row["revenue"] for row in typed.rows] == [Decimal("1234500"), Decimal("500000000")]
    assert [row["consolidated"] for row in typed.rows] == [False, False]
    assert [row["rd_expense"] for row in typed.rows] == [None, None]
    assert typed.receipt.units == ("千元",)


@pytest.mark.parametrize(
    "mark", ["", " ", "　", "--", "-", "—", "/", "null", "NULL", "N/A", "nan", "NaN", "无", "－", "／"]
)
def test_trap_39_marks_of_missing(tmp_path: Path, mark: str) -> None:
    rows = [register_row(1, 状态=mark), register_row(2, 企业名称=mark)]
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER_HEAD, *rows))
    assert typed.broken == [
        (2, "status", "required_blank", "quarantine"),
        (3, "name", "required_blank", "quarantine"),
    ]


def test_trap_39_zero_is_zero(tmp_path: Path) -> None:
    assert [row["revenue"] for row in revenue(tmp_path, "0", "0.00").rows] == [0, 0]


def test_trap_55_total_rows_footers_blank_rows_and_repeated_headers(tmp_path: Path) -> None:
    head = ["序号", "企业名称", "报告期", "营业收入（千元）"]
    typed = deliver(tmp_path, "enterprise_revenue", csv_text(
        ["2025年营业收入", "", "", ""], head,
        ["1", "甲公司", "2025", "1"],
        ["", "", "", ""],
        ["", "合 计", "", "1"],
        head,
        ["2", "小计公司", "2025", "1"],  # begins with 小计 all the same
        ["3", "安徽合计公司", "2025", "1"],
        ["", "其中：国有", "", "1"],
        ["注：合计不含分公司", "", "", ""],
        ["单位负责人：", "", "填表人：", ""],
        ["注塑公司", "x", "2025", "1"],
    ))  # fmt: skip
    assert typed.counts == (9, 3, 0, 6)
    assert [(row["_row"], row["name"]) for row in typed.rows] == [
        (3, "甲公司"),
        (8, "安徽合计公司"),
        (12, "x"),
    ]


def test_f22_ragged_rows(tmp_path: Path) -> None:
    text = csv_text(["企业名称", "报告期", "营业收入（元）"]) + "a,2025,1\nb,2025\nc,2025,3,,\nd,2025,4,x\n"
    typed = deliver(tmp_path, "enterprise_revenue", text)
    assert typed.counts == (4, 2, 2, 0)
    assert typed.broken == [(3, "", "ragged_row", "quarantine"), (5, "", "ragged_row", "quarantine")]


def test_f23_control_characters(tmp_path: Path) -> None:
    rows = [
        register_row(1, 企业名称="甲\x00公司"),
        register_row(2, 状态="在\x07库"),
        register_row(3, 企业名称='"甲\n公司"'),
    ]
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER_HEAD, *rows))
    assert typed.broken == [
        (2, "name", "control_character", "quarantine"),
        (3, "status", "control_character", "quarantine"),
    ]
    assert typed.rows[0]["name"] == "甲\n公司"


def test_f23_full_width_forms_are_read_and_names_stay_as_delivered(tmp_path: Path) -> None:
    wide = str.maketrans("0123456789C", "０１２３４５６７８９Ｃ")
    row = register_row(
        1,
        年份="２０２５",
        信用代码=code(1).translate(wide),
        企业名称="　安徽（集团）公司 ",
        行业代码="Ｃ２６",
    )
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER_HEAD, row))
    assert (typed.rows[0]["uscc"], typed.rows[0]["industry_code"]) == (code(1), "C26")
    assert typed.rows[0]["name"] == "安徽（集团）公司"


def test_every_broken_rule_has_its_line_and_the_row_counts_once(tmp_path: Path) -> None:
    row = register_row(1, 信用代码="9134", 行政区划代码="999999", 行业代码="B26", 状态="")
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER_HEAD, row))
    assert typed.counts == (1, 0, 1, 0)
    assert [(column, rule) for _, column, rule, _ in typed.broken] == [
        ("industry_code", "industry_contradiction"),
        ("operating_area_code", "area_unknown"),
        ("status", "required_blank"),
        ("uscc", "uscc_malformed"),
    ]


def test_an_optional_cell_that_cannot_be_read_is_missing_and_listed(tmp_path: Path) -> None:
    head = [*REGISTER_HEAD, "企业规模", "注册地区划代码", "开业日期"]
    row = [*register_row(), "巨型", "999999", "2025-02-30"]
    typed = deliver(tmp_path, "enterprise_register", csv_text(head, row))
    assert typed.counts == (1, 1, 0, 0)
    assert {rule for _, _, rule, severity in typed.broken if severity == "warning"} == {
        "unreadable",
        "area_unknown",
    }
    assert typed.rows[0]["size"] is None and typed.rows[0]["registered_area_code"] is None
    assert [i["detail_zh"] for i in typed.issues if i["column_name"] == "size"] == [
        "可填：大型、中型、小型、微型"
    ]
    assert [i["value"] for i in typed.issues if i["column_name"] == "size"] == ["巨型"]


def test_a_date_ahead_quarantines_though_its_column_is_optional(tmp_path: Path) -> None:
    head = [*REGISTER_HEAD, "开业日期", "注销日期"]
    rows = [[*register_row(1), "2026-11-24", ""], [*register_row(2), "", "2027-01-01"]]
    typed = deliver(tmp_path, "enterprise_register", csv_text(head, *rows))
    assert typed.broken == [(2, "opened_on", "in_future", "quarantine")]
    assert typed.issues[0]["detail_en"] == "delivered on 2026-11-23"


def test_f42_a_malformed_code_comes_with_a_suggestion(tmp_path: Path) -> None:
    typed = deliver(tmp_path, "enterprise_register",
                    csv_text(REGISTER_HEAD, register_row(1, 信用代码="9134O000148950II7P")))  # fmt: skip
    assert typed.issues[0]["detail_zh"] == "建议：91340000148950117P"


def test_warnings_leave_the_row_in(tmp_path: Path) -> None:
    wrong = code(1)[:17] + ("0" if code(1)[17] != "0" else "1")
    rows = [
        register_row(1, 信用代码=wrong),
        register_row(2, 行政区划代码="340100"),
        register_row(3, 行业代码="6"),
    ]
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER_HEAD, *rows))
    assert typed.counts == (3, 3, 0, 0)
    assert typed.broken == [
        (2, "uscc", "uscc_check_digit", "warning"),
        (3, "operating_area_code", "area_not_county", "warning"),
        (4, "industry_code", "industry_padded", "warning"),
    ]


def test_warnings_of_quarantined_rows_are_not_listed(tmp_path: Path) -> None:
    typed = deliver(tmp_path, "enterprise_register",
                    csv_text(REGISTER_HEAD, register_row(1, 行政区划代码="340100", 状态="")))  # fmt: skip
    assert typed.broken == [(2, "status", "required_blank", "quarantine")]


def test_of_a_link_one_cell_is_enough(tmp_path: Path) -> None:
    head = ["信用代码", "企业名称", "报告期", "营业收入（元）"]
    rows = [[code(1), "", "2025", 1], ["", "甲", "2025", 1], ["", "", "2025", 1], ["91", "乙", "2025", 1]]
    typed = deliver(tmp_path, "enterprise_revenue", csv_text(head, *rows))
    assert typed.broken == [
        (4, "uscc", "link_blank", "quarantine"),
        (5, "uscc", "uscc_malformed", "quarantine"),
    ]


def test_consolidated_rows_are_kept_and_listed(tmp_path: Path) -> None:
    head = ["信用代码", "报告期", "营业收入（元）", "是否合并报表"]
    typed = deliver(
        tmp_path, "enterprise_revenue", csv_text(head, [code(1), "2025", 1, "是"], [code(2), "2025", 1, ""])
    )
    assert [row["consolidated"] for row in typed.rows] == [True, False]
    assert typed.broken == [(2, "consolidated", "consolidated", "warning")]


def test_an_abolished_standard_without_a_date(tmp_path: Path) -> None:
    head = ["标准编号", "企业名称", "标准名称", "标准级别", "参与方式", "阶段", "废止日期"]
    rows = [["GB 1", "甲", "标准", "国家标准", "牵头", "废止", on] for on in ("", "2026-01-01")]
    typed = deliver(tmp_path, "standard", csv_text(head, *rows))
    assert typed.broken == [(2, "abolished_on", "abolished_without_date", "warning")]


def test_f18_a_last_row_without_line_end(tmp_path: Path) -> None:
    text = csv_text(REGISTER_HEAD, register_row(1), register_row(2))
    assert deliver(tmp_path, "enterprise_register", text.rstrip()).broken == [(3, "", "maybe_cut", "warning")]
    assert deliver(tmp_path, "enterprise_register", text).broken == []
    cut = deliver(tmp_path, "enterprise_register", text[:-8])  # within the last cells
    assert [rule for _, _, rule, _ in cut.broken] == ["required_blank"] or cut.counts[2] == 1


def test_f18_a_sidecar_that_counts(tmp_path: Path) -> None:
    text = csv_text(REGISTER_HEAD, register_row(1), register_row(2), ["合计", "", "", "", "", ""])
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    for said in ("rows = 2", "rows = 3", f'sha256 = "{sha256.upper()}"'):
        assert deliver(tmp_path, "enterprise_register", text, sidecar=said).refused is None
    refused = deliver(tmp_path, "enterprise_register", text, sidecar="rows = 4")
    assert refused.refused == "rows_mismatch"
    assert (refused.counts, refused.rows, refused.issues) == ((0, 0, 0, 0), [], [])
    assert (
        deliver(tmp_path, "enterprise_register", text, sidecar=f'sha256 = "{"0" * 64}"').refused
        == "sha256_mismatch"
    )


def test_a_sidecar_fills_in(tmp_path: Path) -> None:
    text = csv_text(["企业", "营业额"], ["甲", "1.5"])
    sidecar = """
unit = "万元"
[columns]
"企业" = "name"
"营业额" = "revenue"
[constants]
period = 2025
"""
    typed = deliver(tmp_path, "enterprise_revenue", text, sidecar=sidecar)
    assert [(r["name"], r["period"], r["revenue"]) for r in typed.rows] == [("甲", "2025", Decimal(15000))]


@pytest.mark.parametrize(
    "sidecar",
    [
        "rows = ", "colour = 1", 'unit = "美元"', "rows = -1", "rows = true", 'mode = "replace"',
        'purpose = "x"',
        'delivered_on = "yesterday"', 'sha256 = "12"', '[columns]\n"a" = "nobody"', "[constants]\nnobody = 1",
        "[constants]\nperiod = [1]", "columns = 3", "sheet = 1", "delivered_on = 5",
    ],
)  # fmt: skip
def test_a_wrong_sidecar_refuses_its_file(tmp_path: Path, sidecar: str) -> None:
    typed = deliver(tmp_path, "enterprise_revenue", csv_text(["企业名称"], ["甲"]), sidecar=sidecar)
    assert typed.refused == "sidecar_invalid"


def test_a_deletion_lists_keys(tmp_path: Path) -> None:
    text = csv_text(["信用代码", "报告期"], [code(1), "2025"], [code(2), ""])
    typed = deliver(tmp_path, "enterprise_revenue", text, sidecar='mode = "delete"')
    assert typed.counts == (2, 1, 1, 0)
    assert deliver(tmp_path, "enterprise_revenue", text).refused == "missing_column"


@pytest.mark.parametrize(
    ("text", "code_"),
    [
        ("一,二\n1,2\n", "no_header"),
        (csv_text(REGISTER_HEAD), "no_rows"),
        (csv_text(REGISTER_HEAD, ["合计", "", "", "", "", ""]), "no_rows"),
        (csv_text(REGISTER_HEAD[:-1], register_row()[:-1]), "missing_column"),
        (csv_text([*REGISTER_HEAD, "年度"], [*register_row(), "2025"]), "duplicate_header"),
    ],
)
def test_refusals_leave_no_rows_and_say_why(tmp_path: Path, text: str, code_: str) -> None:
    typed = deliver(tmp_path, "enterprise_register", text)
    assert typed.refused == code_
    assert (typed.counts, typed.rows, typed.issues) == ((0, 0, 0, 0), [], [])
    assert typed.receipt.refused and typed.receipt.refused.zh and typed.receipt.refused.en


def test_sql_in_titles_names_and_constants_is_text(tmp_path: Path) -> None:
    evil = "x'); DROP TABLE typed; --"
    text = csv_text([f"{evil}", "信用代码", "报告期", "营业收入（元）"], ["1", code(1), "2025", "1"])
    sidecar = f'[columns]\n"{evil}" = "rd_expense"\n[constants]\nname = "{evil}"\n'
    typed = deliver(tmp_path, "enterprise_revenue", text, sidecar='unit = "元"\n' + sidecar)
    assert (typed.rows[0]["name"], typed.rows[0]["rd_expense"]) == (evil, 1)


def test_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, unit, first in (("合肥", "千元", 1), ("芜湖", "万元", 3)):
            sheet = book.add_worksheet(name)
            sheet.merge_range(0, 0, 0, 3, "2025年")
            sheet.write(1, 3, f"计量单位：{unit}")
            sheet.merge_range(2, 0, 3, 0, "信用代码")
            sheet.merge_range(2, 1, 3, 1, "报告期")
            sheet.merge_range(2, 2, 2, 3, "主要指标")
            sheet.write_row(3, 2, ["营业收入", "其中：研发费用"])
            sheet.write_row(4, 0, [code(first), 2025, 12.5, "--"])
            sheet.write_row(5, 0, [code(first + 1), "2025年1-9月", 0.1 + 0.2, 0.1234567890123])
            sheet.write_row(6, 0, [913400001489501170, 2025, 1, 1])
            sheet.write(8, 0, "合计")
        book.add_worksheet("填报说明").write(0, 0, "请按要求填写")
        book.worksheets_objs[1].hide()
    typed = deliver(tmp_path, "enterprise_revenue", path)
    assert typed.refused is None
    assert typed.counts == (8, 2, 4, 2)
    assert [(r["_sheet"], r["_row"], r["period"], r["revenue"]) for r in typed.rows] == [
        ("合肥", 5, "2025", Decimal(12500)),
        ("芜湖", 5, "2025", Decimal(125000)),
    ]
    assert [(i["_sheet"], i["_row"], i["column_name"], i["rule"]) for i in typed.issues] == [
        (sheet, row, column, rule)
        for sheet in ("合肥", "芜湖")
        for row, column, rule in ((6, "rd_expense", "too_precise"), (7, "uscc", "code_as_number"))
    ]
    assert [(s.name, s.hidden, s.read, s.units) for s in typed.receipt.sheets] == [
        ("合肥", False, True, ("千元",)),
        ("芜湖", True, True, ("万元",)),
        ("填报说明", False, False, ()),
    ]
    assert "隐藏的工作表“芜湖”也已读取" in [note.zh for note in typed.receipt.notes]
    only = deliver(tmp_path, "enterprise_revenue", path, sidecar='sheet = "芜湖"')
    assert only.counts == (4, 1, 2, 1)
    assert deliver(tmp_path, "enterprise_revenue", path, sidecar='sheet = "阜阳"').refused == "sheet_missing"


def test_two_members_of_one_name_are_two_tables(tmp_path: Path) -> None:
    head = ["信用代码", "报告期", "营业收入（千元）"]
    tables = (
        csv_text(head, [code(1), "20X5", "1"], [code(2), "2025", "1"]),
        csv_text(head, [code(3), "2025", "1"], [code(4), "2025", "1"], ["合计", "", "2"]),
    )
    packed = BytesIO()
    with pytest.warns(UserWarning, match="Duplicate name"), ZipFile(packed, "w") as archive:
        for text in tables:
            archive.writestr("a.csv", text)
    typed = deliver(tmp_path, "enterprise_revenue", packed.getvalue())
    assert typed.counts == (5, 3, 1, 1)
    assert [sheet.name for sheet in typed.receipt.sheets] == ["a.csv", "a.csv (2)"]
    assert [row["uscc"] for row in typed.rows] == [code(2), code(3), code(4)]
    assert [(issue["_sheet"], issue["_row"], issue["rule"]) for issue in typed.issues] == [
        ("a.csv", 2, "unreadable")
    ]


def test_a_workbook_with_two_sheets_of_one_name_is_refused(tmp_path: Path) -> None:
    sound = BytesIO()
    with xlsxwriter.Workbook(sound) as book:
        for number, name in enumerate(("AAAA", "BBBB"), start=1):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["信用代码", "报告期", "营业收入（千元）"])
            sheet.write_row(1, 0, [code(number), "2025", number])
    assert deliver(tmp_path, "enterprise_revenue", sound.getvalue()).counts == (2, 2, 0, 0)
    odd = BytesIO()
    with ZipFile(sound) as given, ZipFile(odd, "w") as changed:
        for name in given.namelist():
            changed.writestr(name, given.read(name).replace(b"BBBB", b"AAAA"))
    assert deliver(tmp_path, "enterprise_revenue", odd.getvalue()).refused == "file_damaged"


def test_f17_types_come_from_the_contract(tmp_path: Path) -> None:
    """A code column that is all digits for a long way, then not."""
    digits = "913400007117750489"
    rows = [
        register_row(1, 信用代码=digits)
    ] * 120_000  # more than a block of the reader, and than any sniffer looks at
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER_HEAD, *rows, register_row(1)))
    assert typed.counts == (120_001, 120_001, 0, 0)
    assert typed.rows[-1]["uscc"] == code(1)


def test_a_receipt_is_kept_while_its_rules_stand(tmp_path: Path) -> None:
    source = load_contracts()["enterprise_register"]
    blob = tmp_path / "blob"
    blob.write_text(csv_text(REGISTER_HEAD, register_row(1, 状态="")))
    delivery = Delivery("d", source.name, "a.csv", "0" * 64, 1, None, date(2026, 1, 1), "r000001", 1)
    receipt = type_delivery(delivery, source, blob, REFERENCE, tmp_path / "out")
    assert load_receipt(tmp_path / "out", receipt.fingerprint) == receipt
    assert fingerprint(delivery, source, REFERENCE) == receipt.fingerprint
    assert load_receipt(tmp_path / "out", "another") is None
    (tmp_path / "out" / "receipt.json").write_text("{")
    assert load_receipt(tmp_path / "out", receipt.fingerprint) is None


def test_every_rule_says_what_to_do_in_both_languages() -> None:
    for rule in row_rules().values():
        assert rule.zh and rule.en and rule.advice_zh and rule.advice_en, rule.name


cells = st.text("甲0123456789.-/,年月() ￥Ｃ合计注：是否", max_size=9)


@given(st.lists(st.lists(cells, min_size=0, max_size=8), min_size=1, max_size=12))
def test_rows_always_add_up(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    text = csv_text(REGISTER_HEAD, *([f'"{cell}"' for cell in row] for row in rows))
    folder = tmp_path_factory.mktemp("adds")
    typed = deliver(folder, "enterprise_register", text)
    read, accepted, quarantined, skipped = typed.counts
    assert accepted + quarantined + skipped == read
    if typed.refused is None:
        assert read == sum(any(cell.strip() for cell in row) for row in rows)
        assert len(typed.rows) == accepted
        assert (
            len({(i["_sheet"], i["_row"]) for i in typed.issues if i["severity"] == "quarantine"})
            == quarantined
        )


@pytest.mark.real
def test_the_real_case_is_read_to_the_last_row(tmp_path: Path, real_data: Path) -> None:
    inbox = real_data / "listed-2019-2020" / "inbox"
    read = {}
    for path in sorted(inbox.glob("*/*")):
        if path.suffix != ".toml":
            meta = path.with_name(path.name + ".meta.toml")
            sidecar = meta.read_text(encoding="utf-8") if meta.exists() else None
            typed = deliver(tmp_path, path.parent.name, path, sidecar=sidecar, on=date(2020, 12, 31))
            assert typed.refused is None, typed.receipt.refused
            read[path.name] = typed.counts[0] - typed.counts[3]
    assert read == {
        "规上工业企业名录_2019.csv": 51,
        "规上工业企业名录_2020.csv": 53,
        "年报营业收入_2019.csv": 77,
        "年报营业收入_2020.xlsx": 80,
        "国家企业技术中心名单.csv": 85,
    }
