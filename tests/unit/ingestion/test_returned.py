"""The returned sheet: what was kept out goes back to its provider, and comes back mended as one would mend it."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from ingestion import returned
from ingestion.mark import MARK, REASON
from tests.unit.ingestion.loading_world import Home
from tests.unit.ingestion.typed_world import code

HEAD = "统一社会信用代码,企业名称,报告期,营业收入（万元）,是否合并报表"
ROW = "退回修改"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def rows(path: Path, sheet: str = ROW) -> list[dict[str, object]]:
    _, _, titles, *found = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(titles, row, strict=True)) for row in found]


def spoilt(home: Home) -> dict[str, Path]:
    text = f"{HEAD}\n{code(1)},甲,2025,100.5,\n{code(2)},“乙”公司,二五年,200.25,否\n"
    home.put("enterprise_revenue", "营收.csv", text)
    return home.run()


def test_bad_cells_are_coloured_good_cells_kept_and_the_reason_said(home):
    path = spoilt(home)["enterprise_revenue"]
    (row,) = rows(path)
    assert row["统一社会信用代码"] == code(2) and row["企业名称"] == "“乙”公司"
    assert row["报告期"] == "二五年" and row["营业收入（万元）"] == "200.25"
    assert "报告期：无法按该列的类型读取" in row[REASON] and "〔营收.csv 第 3 行〕" in row[REASON]
    sheet = openpyxl.load_workbook(path)[ROW]
    colours = {title.value: cell.fill.fgColor.rgb for title, cell in zip(sheet[3], sheet[4], strict=True)}
    assert [title for title, colour in colours.items() if colour == "FFFFC7CE"] == ["报告期"]
    assert {cell.number_format for cell in sheet[4][2:] if cell.value} == {"@"}
    choices = {one.formula1 for one in sheet.data_validations.dataValidation if one.type == "list"}
    assert '"是,否"' in choices


def test_every_sheet_of_a_receipt_is_printed_a_page_wide_under_its_titles(home):
    for sheet in openpyxl.load_workbook(spoilt(home)["enterprise_revenue"]):
        page = (
            sheet.page_setup.orientation,
            sheet.page_setup.fitToHeight,
            sheet.sheet_properties.pageSetUpPr.fitToPage,
        )
        assert page == ("landscape", 0, True), sheet.title
        assert sheet.print_title_rows == ("$1:$3" if sheet.title == ROW else "$1:$1")


def test_a_mended_sheet_goes_straight_back_and_cures_its_rows(home):
    receipt = spoilt(home)["enterprise_revenue"]
    assert home.all("SELECT count(*) FROM raw.enterprise_revenue") == [(1,)]
    home.mend(receipt, "enterprise_revenue", 报告期="2025")
    again = home.run()
    assert home.all("SELECT uscc, revenue::INTEGER FROM raw.enterprise_revenue ORDER BY 1") == [
        (code(1), 1_005_000),
        (code(2), 2_002_500),
    ]
    assert home.deliveries() == {"营收.csv": [2, 1, 1, 0], "enterprise_revenue.xlsx": [1, 1, 0, 0]}
    assert ROW not in openpyxl.load_workbook(again["enterprise_revenue"]).sheetnames


def test_a_sheet_mended_badly_comes_back_once_more_and_only_once(home):
    receipt = spoilt(home)["enterprise_revenue"]
    home.mend(receipt, "enterprise_revenue", 报告期="2O25")
    second = home.run()["enterprise_revenue"]
    assert [(row["报告期"], row["统一社会信用代码"]) for row in rows(second)] == [("2O25", code(2))]
    home.mend(second, "enterprise_revenue", 报告期=2025)
    third = home.run()["enterprise_revenue"]
    assert ROW not in openpyxl.load_workbook(third).sheetnames
    assert home.all("SELECT count(*) FROM raw.enterprise_revenue") == [(2,)]


def register(*codes: str, bad: str = "") -> str:
    head = "名录年份,统一社会信用代码,企业名称,行政区划代码,行业代码,状态"
    return "\n".join([head, *(f"2025,{one},企业{one[-5:]},340104,26,在库" for one in codes), bad, ""])


def test_a_mended_sheet_of_a_whole_delivery_does_not_stand_for_the_whole(home):
    bad = f"2025,{code(9)},企业九,999999,26,在库"
    home.put("enterprise_register", "名录.csv", register(code(1), code(2), bad=bad))
    receipt = home.run()["enterprise_register"]
    home.mend(receipt, "enterprise_register", 经营地区划代码="340104")
    home.run(date(2026, 3, 2))
    found = home.all("SELECT uscc, operating_area_code FROM raw.enterprise_register ORDER BY 1")
    assert found == [(code(1), "340104"), (code(2), "340104"), (code(9), "340104")]


def test_the_same_rows_without_the_mark_are_the_whole_of_their_scope(home):
    """What the mark is for: the test above would pass by luck if a part never replaced a whole."""
    home.put("enterprise_register", "名录.csv", register(code(1), code(2)))
    home.run()
    home.put("enterprise_register", "一行.csv", register(code(9)))
    home.run(date(2026, 3, 2))
    assert home.all("SELECT uscc FROM raw.enterprise_register") == [(code(9),)]


def test_contradicting_rows_are_both_returned_and_the_one_that_is_kept_holds(home):
    text = f"{HEAD}\n{code(1)},甲,2025,100,否\n{code(1)},甲,2025,0.1234567,否\n"
    home.put("enterprise_revenue", "营收.csv", text)
    receipt = home.run()["enterprise_revenue"]
    found = rows(receipt)
    assert [(row["统一社会信用代码"], row["营业收入（元）"]) for row in found] == [
        (code(1), "1000000"),
        (code(1), "1234.567"),
    ]
    assert all("互相矛盾" in row[REASON] for row in found)
    book = openpyxl.load_workbook(receipt)
    book[ROW].delete_rows(5)
    book.save(home.root / "inbox" / "enterprise_revenue" / "改.xlsx")
    again = home.run(date(2026, 3, 2))["enterprise_revenue"]
    assert home.all("SELECT uscc, revenue::INTEGER FROM raw.enterprise_revenue") == [(code(1), 1_000_000)]
    assert ROW not in openpyxl.load_workbook(again).sheetnames  # the row that was dropped needs no mending


def test_of_contradictions_only_those_that_were_answered_are_done_with(home):
    rows_of = (f"{code(n)},甲,2025,{money},否" for n in (1, 2) for money in (100, 200))
    home.put("enterprise_revenue", "营收.csv", "\n".join([HEAD, *rows_of, ""]))
    book = openpyxl.load_workbook(home.run()["enterprise_revenue"])
    book[ROW].delete_rows(5, 3)
    book.save(home.root / "inbox" / "enterprise_revenue" / "改.xlsx")
    again = home.run(date(2026, 3, 2))["enterprise_revenue"]
    assert [row["统一社会信用代码"] for row in rows(again)] == [code(2), code(2)]


def test_rows_that_only_statistics_may_use_stay_so(home):
    text = f"{HEAD}\n{code(1)},甲,无效,100,否\n"
    home.put("enterprise_revenue", "营收.csv", text, sidecar='purpose = "statistical"')
    home.mend(home.run()["enterprise_revenue"], "enterprise_revenue", 报告期="2025")
    home.run()
    assert home.all("SELECT _statistical, _administrative FROM raw.enterprise_revenue") == [(True, False)]


def test_files_in_different_units_have_sheets_of_their_own(home):
    for name, unit in (("a.csv", "元"), ("b.csv", "亿元")):
        home.put("enterprise_revenue", name, f"信用代码,报告期,营业收入（{unit}）\n{code(1)},?,3\n")
    path = home.run()["enterprise_revenue"]
    assert [list(rows(path, f"{ROW} {n}")[0])[5] for n in (1, 2)] == ["营业收入（亿元）", "营业收入（元）"]


def test_a_later_file_of_the_same_name_answers_for_the_earlier(home):
    spoilt(home)
    home.put("enterprise_revenue", "营收.csv", f"{HEAD}\n{code(2)},乙,2025,200.25,否\n")
    path = home.run()["enterprise_revenue"]
    assert ROW not in openpyxl.load_workbook(path).sheetnames


def test_rows_whose_cells_cannot_be_told_apart_are_not_returned(home):
    home.put("enterprise_revenue", "营收.csv", f"{HEAD}\n{code(1)},甲,2025\n{code(2)},乙,2025,1,否\n")
    path = home.run()["enterprise_revenue"]
    assert home.deliveries()["营收.csv"] == [2, 1, 1, 0]
    assert ROW not in openpyxl.load_workbook(path).sheetnames


def test_a_long_sheet_is_cut_and_says_so(home, monkeypatch):
    monkeypatch.setattr(returned, "ROWS", 2)
    text = "\n".join([HEAD, *(f"{code(n)},甲,?,1,否" for n in range(5)), ""])
    home.put("enterprise_revenue", "营收.csv", text)
    path = home.run()["enterprise_revenue"]
    assert len(rows(path)) == 2
    assert "共 5 行待改，这里只列前 2 行" in openpyxl.load_workbook(path)[ROW]["C1"].value


@pytest.mark.parametrize("payload", ["=1+1", '=HYPERLINK("http://x")', "http://x.example", "@SUM(A1)"])
def test_nothing_in_the_sheet_is_a_formula_or_a_link(home, payload):
    institution = {"institution_id": "1", "name": payload, "host_name": "甲", "kind": "?", "level": "省"}
    home.put(
        "rd_institution", "机构.jsonl", json.dumps({**institution, "recognised_on": "2024-01-01"}) + "\n"
    )
    path = home.run()["rd_institution"]
    assert payload in rows(path)[0].values()
    with zipfile.ZipFile(path) as archive:
        xml = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))
        )
    assert "<f>" not in xml and "relationships/hyperlink" not in xml


def test_a_column_of_that_title_without_our_numbers_marks_nothing(home):
    text = register(code(1)).replace("状态", f"状态,{MARK}").replace("在库", "在库,17")
    home.put("enterprise_register", "名录.csv", register(code(5)))
    home.run()
    home.put("enterprise_register", "名录2.csv", text)
    home.run(date(2026, 3, 2))
    assert home.all("SELECT uscc FROM raw.enterprise_register") == [(code(1),)]
