"""The blank workbook that a data provider fills in: titles, units, drop-downs, notes, an example row.

Belongs here: `innostat template SOURCE`. The workbook is read by the same rules as any other delivery:
the example row is marked as a note (注：) in a column of its own, so it is skipped and nobody has to delete
it. Not here: how a delivery is read (`header`, `typed`).
"""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from ingestion.contract import Column, Source, Type

ROWS = 1000  # rows prepared with drop-downs
_HEADER, _EXAMPLE = 2, 3  # rows, from 0
UNIT = "千元"

_FORMATS: dict[Type, tuple[str, str, str]] = {  # (zh, en, example)
    "text": ("文本", "text", "示例"),
    "int": ("整数", "whole number", "12"),
    "decimal": ("数值", "number", "3.5"),
    "money": (f"金额，单位：{UNIT}", f"money in {UNIT} (thousand yuan)", "123456.78"),
    "bool": ("是 或 否", "是 (yes) or 否 (no)", "否"),
    "date": ("日期，如 2024-03-01", "date, as 2024-03-01", "2024-03-01"),
    "month": ("年月，如 2024-03；未完成填 000000", "month, as 2024-03; 000000 = not yet", "2024-03"),
    "year": ("年份，如 2024", "year, as 2024", "2024"),
    "period": (
        "2024 表示全年，2024-09 表示1—9月累计",
        "2024 = the year, 2024-09 = January to September",
        "2024",
    ),
    "uscc": ("18位统一社会信用代码", "unified social credit code of 18 characters", "91340000148950117P"),
    "area": ("6位县级区划代码", "area code of a county, 6 digits", "340102"),
    "industry": ("GB/T 4754-2017 行业代码，如 C26 或 2614", "GB/T 4754-2017 code, as C26 or 2614", "C26"),
    "list": ("多项之间用；分隔", "several, separated by ；", "甲；乙"),
    "enum": ("从下拉列表选择", "choose from the list", ""),
}


def write_template(source: Source, path: Path) -> None:
    """Write the blank XLSX of a source."""
    # Strings are never formulas or links, whatever they begin with.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": source.title, "subject": source.name})
        _write_form(book, source)
        _write_notes(book, source)


def _write_form(book: xlsxwriter.Workbook, source: Source) -> None:
    sheet = book.add_worksheet(source.title[:31])
    text = book.add_format({"num_format": "@"})
    bold = {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
    required, optional = (
        book.add_format({**bold, "bg_color": "#FCE4D6"}),
        book.add_format({**bold, "bg_color": "#DDEBF7"}),
    )
    sheet.write_string(0, 0, source.title, book.add_format({"bold": True, "font_size": 14}))
    sheet.write_string(1, 0, "橙色列必填 orange = required；填写方法见列名批注及“填表说明”")
    grey = {"italic": True, "font_color": "#808080"}
    sheet.write_string(_EXAMPLE, 0, "注：示例，不会读取 example, never read", book.add_format(grey))
    sheet.set_column(0, 0, 20, text)
    for index, column in enumerate(source.columns.values(), start=1):
        needed = column.required or column.name in _either(source)
        title = column.headers[0] + (f"（{UNIT}）" if column.type == "money" else "")
        sheet.write_string(_HEADER, index, title, required if needed else optional)
        zh, en = words(column)
        sheet.write_comment(_HEADER, index, f"{zh}\n{en}\n例 e.g. {example(column)}", {"x_scale": 1.8})
        # Everything but figures is text: a spreadsheet must not round a code or turn a period into a date.
        figure = column.type in ("int", "decimal", "money")
        sheet.set_column(index, index, max(12, 2 * len(title) + 2), None if figure else text)
        if figure:
            sheet.write_number(_EXAMPLE, index, float(example(column)), book.add_format(grey))
        else:
            sheet.write_string(_EXAMPLE, index, example(column), book.add_format({**grey, "num_format": "@"}))
        add_choices(sheet, column, index, _EXAMPLE, _EXAMPLE + ROWS)
    sheet.freeze_panes(_EXAMPLE, 2)
    for_paper(sheet, _EXAMPLE)


def for_paper(sheet: xlsxwriter.worksheet.Worksheet, head: int) -> None:
    """A4 across, all columns on one page, the first `head` rows on each."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, head - 1)


def add_choices(
    sheet: xlsxwriter.worksheet.Worksheet, column: Column, index: int, first: int, last: int
) -> None:
    """Drop-downs over the cells of a column, and the length of a credit code."""
    choices = ["是", "否"] if column.type == "bool" else list(column.values) if column.type == "enum" else []
    if choices:
        sheet.data_validation(
            first,
            index,
            last,
            index,
            {"validate": "list", "source": choices, "show_error": True},
        )
    elif column.type == "uscc":
        rule = {
            "validate": "length",
            "criteria": "==",
            "value": 18,
            "error_title": "信用代码",
            "error_message": "应为18位",
        }
        sheet.data_validation(first, index, last, index, rule)


def _write_notes(book: xlsxwriter.Workbook, source: Source) -> None:
    """One row a column; the list carries its own titles, none of which is a title of any source."""
    sheet = book.add_worksheet("填表说明")
    bold = book.add_format({"bold": True})
    for index, title in enumerate(("序", "列", "必填", "填写方法", "How to fill it in", "例")):
        sheet.write_string(0, index, title, bold)
    for row, column in enumerate(source.columns.values(), start=1):
        zh, en = words(column)
        needed = "是" if column.required else "二选一" if column.name in _either(source) else ""
        for index, cell in enumerate((str(row), f"“{column.headers[0]}”", needed, zh, en, example(column))):
            sheet.write_string(row, index, cell)
    sheet.set_column(1, 1, 24)
    sheet.set_column(3, 4, 50)


def _either(source: Source) -> set[str]:
    return {column for pair in source.required_pairs.items() for column in pair}


def words(column: Column) -> tuple[str, str]:
    """How a column is filled in, in Chinese and in English."""
    zh, en, _ = _FORMATS[column.type]
    if column.values and column.type == "list":
        return f"{zh}：{'、'.join(column.values)}", f"{en}: {', '.join(column.values)}"
    if column.element in ("uscc", "area") and column.type == "list":
        return f"{zh}，与名称顺序一致", f"{en}, in the order of the names"
    return zh, en


def example(column: Column) -> str:
    """A value that the column accepts."""
    if column.type == "enum":
        return column.values[0]
    if column.type == "list":
        codes = {
            "uscc": "91340000148950117P；",
            "area": "340102；340103",
            "enum": "；".join(column.values[:2]),
        }
        return codes.get(column.element, "甲；乙")
    return _FORMATS[column.type][2]
