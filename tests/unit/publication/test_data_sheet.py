"""A long table as a sheet: every value comes back, and a full sheet goes on in the next one."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from publication import data_sheet as data_sheet_module
from publication.data_sheet import Styles, data_sheet
from publication.workbook import Column, Head, new_book

HEAD = Head("创新统 1 表", "表", "A table", "家", "", "2026-11-23")


def written(path: Path, columns: list[Column], table: pa.Table, styles: Styles | None = None) -> Path:
    with new_book(path, dt.date(2026, 11, 23), "t") as book:
        data_sheet(book, "甲", HEAD, columns, table, styles)
    return path


def read(path: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]


def test_each_type_comes_back_as_it_is(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["913401000000000018", None],
            "whole": [2**53, None],
            "money": pa.array([Decimal("12345678.25"), None]),
            "rate": [0.1, float("nan")],
            "on": [dt.date(2026, 1, 5), None],
            "yes": [True, None],
        }
    )
    columns = [Column(name, name, 10) for name in table.column_names]
    [first, *rest] = read(written(tmp_path / "a.xlsx", columns, table))
    assert first == ["913401000000000018", 2**53, 12345678.25, 0.1, "2026-01-05", "True"]
    assert rest == [[None] * 6]


def test_codes_are_shown_in_words_and_an_unknown_code_as_it_is(tmp_path: Path) -> None:
    columns = [Column("状态", "State", 10, words={"missing": "缺"})]
    table = pa.table({"state": ["missing", "", "odd"]})
    assert read(written(tmp_path / "a.xlsx", columns, table)) == [["缺"], [None], ["odd"]]


def test_a_style_given_for_a_row_is_kept_on_an_empty_cell(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.xlsx",
        [Column("数", "n", 10, "count")],
        pa.table({"n": [None, 1]}),
        {"n": "if(n IS NULL, 'withheld', NULL)"},
    )
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet["A5"].value is None and sheet["A5"].fill.fgColor.rgb == "FFCFD4DA"


def test_a_full_sheet_goes_on_in_the_next_with_its_own_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_sheet_module, "_SHEET_ROWS", 14)
    path = written(tmp_path / "a.xlsx", [Column("数", "n", 10, "count")], pa.table({"n": range(25)}))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["甲", "甲 (2)", "甲 (3)"]
    assert [sheet.max_row for sheet in book] == [14, 14, 9]
    assert {sheet["A4"].value for sheet in book} == {"数\nn"}
    assert [row[0].value for sheet in book for row in sheet.iter_rows(min_row=5)] == list(range(25))


def test_an_empty_table_is_a_sheet_with_its_header(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [Column("数", "n", 10)], pa.table({"n": pa.array([], pa.int64())}))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet["A4"].value == "数\nn" and sheet.freeze_panes == "A5"


def test_a_reader_that_trusts_the_stated_dimension_sees_every_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [Column("数", "n", 10, "count")], pa.table({"n": range(20_001)}))
    rows = openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(min_row=5, values_only=True)
    assert [row[0] for row in rows] == list(range(20_001))
    assert len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()) == 20_005


def test_a_text_that_no_cell_can_hold_is_cut_where_one_sees_it(tmp_path: Path) -> None:
    [[text]] = read(written(tmp_path / "a.xlsx", [Column("文", "t", 10)], pa.table({"t": ["长" * 40_000]})))
    assert len(text) == 32_767 and text.endswith("…")


def test_texts_that_keep_coming_back_are_written_once_beside_empty_and_missing_ones(tmp_path: Path) -> None:
    columns = [Column("文", "t", 10, words={"b": "乙"})]
    path = written(tmp_path / "a.xlsx", columns, pa.table({"t": ["=1+1", "b", "", None, "丙"] * 3}))
    assert read(path) == [["=1+1"], ["乙"], [None], [None], ["丙"]] * 3
    with zipfile.ZipFile(path) as archive:
        assert "inlineStr" not in archive.read("xl/worksheets/sheet1.xml").decode()
        assert archive.read("xl/sharedStrings.xml").decode().count("丙") == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
        | st.sampled_from(["=1+1", "<r>x</r>", "_x000A_", " a ", "a\nb", "\x01", "\ufffe", "&lt;"]),
        min_size=1,
    ),
    st.sampled_from([1, 3]),
)
def test_f62_any_text_comes_back_and_is_never_a_formula(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], times: int
) -> None:
    texts = texts * times  # what keeps coming back is written another way
    path = written(tmp_path_factory.mktemp("x") / "a.xlsx", [Column("文", "t", 10)], pa.table({"t": texts}))
    cells = [row[0] for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(min_row=5)]
    assert [unescape(str(cell.value)) for cell in cells] == texts
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
