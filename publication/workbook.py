"""What every workbook shares: formats, pages with the head of an official table, the same bytes each time.

Belongs here: layout in the manner of Chinese official tables (表号, 计量单位, 制表机关, 数据时点, 注).
Does not: long tables (data_sheet.py), which figures a workbook shows (indicators_book.py, gap_book.py).

Text is written as text by `write_string` alone: nothing in a cell becomes a formula or a link.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from publication.words import RATE_FORMAT

Value = str | int | float | Decimal | bool | dt.date | None

_INK, _BLUE, _QUIET, _PALE, _LINE = "#1F2A37", "#1F4E79", "#5B6775", "#DDE7F1", "#C3CAD2"
_BASE = {
    "font_name": "微软雅黑",
    "font_size": 10,
    "font_color": _INK,
    "valign": "vcenter",
    "border_color": _LINE,
}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 18, "align": "center", "font_color": _BLUE},
    "title_left": {"bold": True, "font_size": 14, "font_color": _BLUE},
    "subtitle": {"align": "center", "font_color": _QUIET},
    "subtitle_left": {"font_color": _QUIET},
    "head_left": {},
    "head_right": {"align": "right"},
    "header": {"bold": True, "align": "center", "text_wrap": True, "bg_color": _PALE, "border": 1},
    "section": {"bold": True, "bg_color": "#F3F6FA", "font_color": _BLUE, "border": 1},
    "text": {"border": 1},
    "bold": {"border": 1, "bold": True, "text_wrap": True},
    "wrap": {"border": 1, "text_wrap": True},
    "code": {"border": 1, "align": "center"},
    "few": {"border": 1, "align": "center", "num_format": '0"*"'},
    "count": {"border": 1, "num_format": "#,##0"},
    "number": {"border": 1, "num_format": "#,##0.00"},
    "rate": {"border": 1, "num_format": RATE_FORMAT},
    "points": {"border": 1, "num_format": "+0.0%;-0.0%;0.0%"},
    "headline": {
        "border": 1,
        "num_format": RATE_FORMAT,
        "bold": True,
        "font_size": 16,
        "align": "center",
        "font_color": _BLUE,
    },
    "good": {"border": 1, "align": "center", "font_color": "#1B7F4B", "bold": True},
    "bad": {"border": 1, "align": "center", "font_color": "#B42318", "bold": True},
    "none": {"border": 1, "align": "center", "font_color": _QUIET},
    # Withheld by disclosure control: empty and grey, so that nobody takes it for 0 or for forgotten.
    "withheld": {"border": 1, "bg_color": "#CFD4DA"},
    "note": {"text_wrap": True, "valign": "top"},
    "note_head": {"bold": True},
}
MAX_TEXT = 32_767  # Excel's limit for one cell; a longer text makes a workbook that it calls damaged
_NUMBERS = frozenset({int, float, Decimal})  # by exact type: bool is an int and no number
_A4 = 9


@dataclass(frozen=True)
class Head:
    """The head of an official table."""

    number: str
    title_zh: str
    title_en: str
    unit: str
    producer: str
    timing: str
    remark: str = ""

    @property
    def left(self) -> tuple[str, str]:
        """The two lines on the left: as of when, in which unit."""
        return f"数据时点 As of：{self.timing}", f"计量单位 Unit：{self.unit}"

    @property
    def right(self) -> tuple[str, str]:
        """The two lines on the right: the table's number, who made it."""
        return f"表号 Table：{self.number}", f"制表机关 Producer：{self.producer or '＿' * 8}"


@dataclass(frozen=True)
class Column:
    """One column of a sheet: its two titles, its width, how its cells look, and the words for its codes."""

    zh: str
    en: str
    width: float
    style: str = "text"
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Both titles, one over the other."""
        return f"{self.zh}\n{self.en}"


class Book:
    """A workbook being written, with its formats."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self.workbook = workbook
        self._formats = {name: workbook.add_format({**_BASE, **given}) for name, given in _STYLES.items()}

    def style(self, name: str) -> Format:
        """A format by its name."""
        return self._formats[name]

    def style_indices(self) -> dict[str, int]:
        """The number of each format in the workbook's file."""
        return {name: form._get_xf_index() for name, form in self._formats.items()}

    def sheet(self, name: str, widths: Sequence[float]) -> Worksheet:
        """A new sheet to read."""
        sheet = self.workbook.add_worksheet(name)
        self.lay_out(sheet, widths)
        return sheet

    def lay_out(self, sheet: Worksheet, widths: Sequence[float]) -> None:
        """Column widths, no grid lines; printed on A4 across, one page wide, with page numbers."""
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.set_footer("&C&9&P / &N")
        for index, width in enumerate(widths):
            sheet.set_column(index, index, width)

    def put(self, sheet: Worksheet, row: int, column: int, value: Value, style: str) -> None:
        """One cell: numbers as numbers, everything else as text that stays text, a missing value empty."""
        form = self._formats[style]
        if value is None:
            sheet.write_blank(row, column, None, form)
        elif type(value) in _NUMBERS:
            sheet.write_number(row, column, value, form)
        else:
            text = fitting(str(value))
            # xlsxwriter takes "<r>…</r>" for its own markup and would write it raw; a blank after it is text.
            sheet.write_string(row, column, f"{text} " if text.endswith("</r>") else text, form)

    def shared(self, text: str) -> int:
        """The number under which the workbook holds this text once, for cells that are not put here."""
        number: int = self.workbook.str_table._get_shared_string_index(text)
        return number

    def span(self, sheet: Worksheet, row: int, last_column: int, text: str, style: str) -> None:
        """A text over the columns 0 to `last_column` of one row."""
        sheet.merge_range(row, 0, row, last_column, "", self._formats[style])
        self.put(sheet, row, 0, text, style)

    def page_head(self, sheet: Worksheet, head: Head, last_column: int) -> int:
        """The head of a page to print, title centred; gives the first free row."""
        self.span(sheet, 0, last_column, head.title_zh, "title")
        self.span(sheet, 1, last_column, head.title_en, "subtitle")
        sheet.set_row(0, 32)
        for row, (left, right) in enumerate(zip(head.left, head.right, strict=True), start=2):
            self.put(sheet, row, 0, left, "head_left")
            self.put(sheet, row, last_column, right, "head_right")
            sheet.set_row(row, 17)
        return 4

    def notes(self, sheet: Worksheet, row: int, last_column: int, notes: Sequence[tuple[str, str]]) -> None:
        """The notes below a table (注), Chinese over English, each on a line of its own."""
        self.put(sheet, row, 0, "注 Notes", "note_head")
        for number, (zh, en) in enumerate(notes, start=1):
            sheet.set_row(row + number, 34)
            self.span(sheet, row + number, last_column, f"{number}. {zh}\n    {en}", "note")


def fitting(text: str) -> str:
    """A text as one cell can hold it, visibly cut where it can't."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@contextmanager
def new_book(path: Path, as_of: dt.date, title: str) -> Iterator[Book]:
    """A workbook whose bytes depend on its contents alone: dated by the as-of date."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    workbook = xlsxwriter.Workbook(str(path), {**options, "tmpdir": str(path.parent)})
    created = dt.datetime.combine(as_of, dt.time())
    workbook.set_properties({"title": title, "author": "InnoStat", "created": created})
    yield Book(workbook)
    workbook.close()
