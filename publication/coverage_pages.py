"""The two pages of indicators.xlsx that are read, not filtered: the headline rates, the cities side by side.

Belongs here: which coverage cells a leader sees first, in which order. Does not: the sheets of data
(indicators_book.py), layout (workbook.py). Figures come from the build's schema `public` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from xlsxwriter.worksheet import Worksheet

from publication.words import FEW_NOTE, NOTES, OBLIGATIONS
from publication.workbook import Book, Column, Head

Cell = dict[str, Any]

_HEADLINE = (
    Column("指标", "Indicator", 36),
    Column("应覆盖", "Asked (N)", 11),
    Column("已覆盖", "Covered", 11),
    Column("未覆盖", "Not covered", 12),
    Column("情况不明", "Unknown", 11),
    Column("覆盖率", "Rate", 15),
    Column("上限", "Upper", 11),
    Column("目标", "Target", 11),
    Column("路径", "Path", 11),
    Column("进度", "Progress", 20),
    Column("营收不明", "Tier unknown", 13),
)
_HEADLINE_FIGURES = (
    ("n_asked", "count"),
    ("n_met", "count"),
    ("n_not_met", "count"),
    ("n_unknown", "count"),
    ("rate", "headline"),
    ("rate_upper", "rate"),
    ("target_rate", "rate"),
    ("path_rate", "rate"),
)
_CITY = (
    ("n_asked", "应覆盖\nAsked", "count"),
    ("n_met", "已覆盖\nCovered", "count"),
    ("n_unknown", "不明\nUnknown", "count"),
    ("rate", "覆盖率\nRate", "rate"),
    ("place", "位次\nRank", "code"),
)
_RATE_AT = 3
_FEW = 10  # a rate of fewer asked jumps with each of them: its rank is marked (domain.md 5, trap 45)


@dataclass(frozen=True)
class View:
    """One year, tier basis and purpose of the coverage table."""

    year: int
    basis: str
    purpose: str


def headline_views(con: duckdb.DuckDBPyConnection) -> list[View]:
    """The last finished year on CY, the running year on PY; then both again, from registers alone."""
    [years] = con.sql(
        """
        SELECT
            max(reference_year) FILTER (WHERE vintage != 'N'),
            max(reference_year) FILTER (WHERE vintage = 'N')
        FROM build.public.coverage
        """
    ).fetchall()
    shown = [(year, basis) for year, basis in zip(years, ("CY", "PY"), strict=True) if year is not None]
    return [View(year, basis, use) for use in ("statistical", "administrative") for year, basis in shown]


def headline_page(book: Book, con: duckdb.DuckDBPyConnection, views: Sequence[View], head: Head) -> None:
    """The three rates of each view, with counts, bounds, target and path."""
    last = len(_HEADLINE) - 1
    sheet = book.sheet("首页 Headline", [column.width for column in _HEADLINE])
    row = book.page_head(sheet, head, last)
    for index, column in enumerate(_HEADLINE):
        book.put(sheet, row, index, column.title, "header")
    sheet.set_row(row, 34)
    sheet.freeze_panes(row + 1, 1)
    for view in views:
        row += 1
        book.span(sheet, row, last, _view_title(view), "section")
        sheet.set_row(row, 20)
        for cell in _cells(con, view, "province"):
            row += 1
            _headline_row(book, sheet, row, cell, large=view.purpose == "statistical")
    book.notes(sheet, row + 2, last, NOTES)


def city_page(book: Book, con: duckdb.DuckDBPyConnection, view: View, head: Head) -> None:
    """The province and its cities for one view: counts, rate and rank for each obligation."""
    last = len(_CITY) * len(OBLIGATIONS)
    sheet = book.sheet(f"分市 Cities {view.year} {view.basis}", [16, *[9.5] * last])
    first = _city_header(book, sheet, book.page_head(sheet, head, last))
    members: dict[str, dict[str, Cell]] = {}
    for cell in (*_cells(con, view, "province"), *_cells(con, view, "city")):
        members.setdefault(cell["member_code"], {})[cell["obligation"]] = cell
    for row, cells in enumerate(members.values(), start=first):
        whole = any(cell["dimension"] == "province" for cell in cells.values())
        name = next(iter(cells.values()))["member_name"]
        book.put(sheet, row, 0, name, "bold" if whole else "text")
        sheet.set_row(row, 18)
        for block, obligation in enumerate(OBLIGATIONS):
            for offset, (figure, _, style) in enumerate(_CITY, start=1 + block * len(_CITY)):
                few = figure == "place" and (cells[obligation]["n_asked"] or 0) < _FEW
                _figure(book, sheet, row, offset, cells[obligation], figure, "few" if few else style)
    end = first + len(members) - 1
    for block in range(len(OBLIGATIONS)):
        column = 1 + block * len(_CITY) + _RATE_AT
        sheet.conditional_format(first + 1, column, end, column, _bar())
    book.notes(sheet, end + 2, last, (*NOTES[:3], FEW_NOTE))


def _view_title(view: View) -> str:
    finished = view.basis == "CY"
    zh = f"{view.year} 年{'度' if finished else '监测'}（按{'当' if finished else '上'}年营收 {view.basis}"
    en = f"{view.year}, {'by its own revenue' if finished else 'nowcast by last year’s revenue'}"
    if view.purpose == "statistical":
        return f"{zh}）  {en}"
    return f"{zh}，只用行政登记资料）  {en}, registers only"


def _cells(con: duckdb.DuckDBPyConnection, view: View, dimension: str) -> list[Cell]:
    """The cells of one dimension, `_U` last; `place` ranks those that have a rate and a name."""
    found = con.execute(
        """
        SELECT
            *,
            CASE
                WHEN dimension != 'province' AND member_code != '_U' AND rate IS NOT NULL
                THEN dense_rank() OVER (PARTITION BY obligation, member_code = '_U' ORDER BY rate DESC NULLS LAST)
            END AS place
        FROM build.public.coverage
        WHERE reference_year = ? AND tier_basis = ? AND purpose = ? AND dimension = ?
        ORDER BY member_code = '_U', member_code, obligation
        """,
        [view.year, view.basis, view.purpose, dimension],
    )
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _headline_row(book: Book, sheet: Worksheet, row: int, cell: Cell, *, large: bool) -> None:
    zh, en = OBLIGATIONS[cell["obligation"]]
    millions = float(cell["threshold_yuan"]) / 1e6
    title = f"营收 {millions / 100:g} 亿元以上：{zh}\n≥ ¥{millions:,g} million: {en}"
    book.put(sheet, row, 0, title, "bold")
    sheet.set_row(row, 36 if large else 32)
    for column, (name, style) in enumerate(_HEADLINE_FIGURES, start=1):
        _figure(book, sheet, row, column, cell, name, "rate" if style == "headline" and not large else style)
    progress = {
        True: ("达到路径 on track", "good"),
        False: ("低于路径 behind", "bad"),
        None: ("年内不评 not yet" if cell["vintage"] == "N" else "—", "none"),
    }
    book.put(sheet, row, len(_HEADLINE) - 2, *progress[cell["on_track"]])
    _figure(book, sheet, row, len(_HEADLINE) - 1, cell, "n_tier_unknown", "count")


def _city_header(book: Book, sheet: Worksheet, row: int) -> int:
    sheet.merge_range(row, 0, row + 1, 0, "", book.style("header"))
    book.put(sheet, row, 0, "地区\nArea", "header")
    for block, (zh, en) in enumerate(OBLIGATIONS.values()):
        first = 1 + block * len(_CITY)
        sheet.merge_range(row, first, row, first + len(_CITY) - 1, "", book.style("header"))
        book.put(sheet, row, first, f"{zh} {en}", "header")
        for offset, (_, title, _) in enumerate(_CITY):
            book.put(sheet, row + 1, first + offset, title, "header")
    sheet.set_row(row, 20)
    sheet.set_row(row + 1, 32)
    sheet.freeze_panes(row + 2, 1)
    return row + 2


def _figure(book: Book, sheet: Worksheet, row: int, column: int, cell: Cell, name: str, style: str) -> None:
    """A figure of a cell; grey where withheld, a dash where there is none, a rank only where due."""
    if cell[name] is not None:
        book.put(sheet, row, column, cell[name], style)
    elif cell["obs_status"] == "Q":
        book.put(sheet, row, column, None, "withheld")
    else:
        book.put(sheet, row, column, "" if name == "place" else "—", "none")


def _bar() -> dict[str, Any]:
    """Bars behind rates, from 0 to 1 whatever the cities' own range: lengths compare across the page."""
    ends = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
    return {"type": "data_bar", "bar_color": "#9DC3E6", "bar_solid": True, **ends}
