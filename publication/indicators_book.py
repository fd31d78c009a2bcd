"""public/indicators.xlsx: the headline, the cities, all coverage cells, all indicator values, the catalogue.

Belongs here: the workbook's sheets in their order, and its sheets of data. Does not: the pages to read
(coverage_pages.py), layout (workbook.py), any figure that is not in the build's schema `public`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from publication.coverage_pages import city_page, headline_page, headline_views
from publication.data_sheet import data_sheet
from publication.databases import literal
from publication.words import CODES, OBS_STATUSES, VINTAGES, WITHHELD
from publication.workbook import Book, Column, Head, new_book

_PEOPLE = "家 enterprises，%"
_COVERAGE = (
    Column("年份", "Year", 8, "code"),
    Column("营收口径", "Tier basis", 14, words=CODES),
    Column("用途", "Purpose", 21, words=CODES),
    Column("要求", "Obligation", 20, words=CODES),
    Column("分组", "Dimension", 20, words=CODES),
    Column("代码", "Code", 10, "code"),
    Column("名称", "Member", 28),
    Column("应覆盖", "Asked", 11, "count"),
    Column("已覆盖", "Covered", 11, "count"),
    Column("未覆盖", "Not covered", 12, "count"),
    Column("情况不明", "Unknown", 11, "count"),
    Column("营收不明", "Tier unknown", 13, "count"),
    Column("覆盖率", "Rate", 10, "rate"),
    Column("上限", "Upper", 10, "rate"),
    Column("路径", "Path", 10, "rate"),
    Column("版次", "Vintage", 11, "code", VINTAGES),
    Column("数据状态", "Status", 10, "code", OBS_STATUSES),
)
_VALUES = (
    Column("指标", "Indicator", 10, "code"),
    Column("名称", "Name", 42),
    Column("英文名称", "English name", 46),
    Column("计量", "Measure", 11, "code"),
    Column("读法", "Reading", 11, "code"),
    Column("时期", "Period", 10, "code"),
    Column("地区", "Area", 10, "code"),
    Column("地区名称", "Area name", 14),
    Column("类别", "Category", 20, "code", CODES),
    Column("值", "Value", 12, "number"),
    Column("分子", "Numerator", 12, "number"),
    Column("分母", "Denominator", 13, "number"),
    Column("目标关系", "Operator", 10, "code"),
    Column("目标值", "Target", 11, "number"),
    Column("完成程度", "Attainment", 12, "rate"),
    Column("判定", "Status", 18, "code", CODES),
    Column("版次", "Vintage", 11, "code", VINTAGES),
    Column("数据状态", "Obs. status", 11, "code", OBS_STATUSES),
    Column("说明", "Note", 40),
)
_CATALOGUE = (
    Column("编号", "Id", 9, "code"),
    Column("名称", "Name", 36, "wrap"),
    Column("英文名称", "English name", 40, "wrap"),
    Column("任务", "Task", 8, "code"),
    Column("单位", "Unit", 9, "code"),
    Column("方向", "Direction", 10, "code"),
    Column("类型", "Kind", 8, "code"),
    Column("本次有值", "Has values", 12, "code"),
    Column("公式", "Formula", 46, "wrap"),
    Column("来源", "Sources", 30, "wrap"),
    Column("政策原文", "Quote", 50, "wrap"),
)
# H2 before H10, T01-2 before T01-10.
_BY_NUMBER = """
            regexp_extract(indicator_id, '[A-Z]*'),
            TRY_CAST(regexp_extract(indicator_id, '[0-9]+') AS INTEGER),
            TRY_CAST(regexp_extract(indicator_id, '-([0-9]+)', 1) AS INTEGER) NULLS FIRST"""
_COVERAGE_FIGURES = (
    "n_asked", "n_met", "n_not_met", "n_unknown", "n_tier_unknown", "rate", "rate_upper",
)  # fmt: skip
_SHARES = frozenset({"rate", "share"})
_VALUE_NUMBERS = ("value", "numerator", "denominator", "target_value")
_VALUE_OR_TARGET = ("value", "target_value")
# What suppression empties.
_VALUE_FIGURES = ("value", "numerator", "denominator")


def write(con: duckdb.DuckDBPyConnection, path: Path, as_of: dt.date, producer: str) -> None:
    """Writes the workbook from the schema `public` of the attached build."""

    def head(number: int, zh: str, en: str, unit: str, on: dt.date = as_of) -> Head:
        return Head(f"创新统 {number} 表", zh, en, unit, producer, on.isoformat(), WITHHELD)

    with new_book(path, as_of, "产业科技创新指标 Innovation indicators") as book:
        views = headline_views(con)
        title = "工业企业创新覆盖情况", "Innovation coverage of industrial enterprises"
        headline_page(book, con, views, head(1, *title, _PEOPLE))
        for number, view in enumerate([view for view in views if view.purpose == "statistical"], start=2):
            title = (
                f"{view.year} 年分市创新覆盖情况",
                f"Innovation coverage by city, {view.year} ({view.basis})",
            )
            on = min(dt.date(view.year, 12, 31), as_of)
            city_page(book, con, view, head(number, *title, _PEOPLE, on))
        _coverage(book, con, head(4, "创新覆盖率（全部分组）", "Coverage, every cell", _PEOPLE))
        _values(book, con, head(5, "指标值", "Indicator values", "见各行 by row"))
        _catalogue(book, con, head(6, "指标目录", "Catalogue of indicators", "—"))


def _coverage(book: Book, con: duckdb.DuckDBPyConnection, head: Head) -> None:
    rows = con.sql(
        """
        SELECT
            reference_year, tier_basis, purpose, obligation, dimension, member_code, member_name,
            n_asked, n_met, n_not_met, n_unknown, n_tier_unknown, rate, rate_upper, path_rate,
            vintage, obs_status
        FROM build.public.coverage
        ORDER BY
            reference_year DESC, tier_basis, purpose DESC, obligation,
            list_position(
                ['province', 'city', 'county', 'industry_section', 'industry_division', 'park', 'size'],
                dimension
            ),
            member_code
        """
    ).to_arrow_table()
    styles = {figure: f"CASE WHEN {_withheld(figure)} THEN 'withheld' END" for figure in _COVERAGE_FIGURES}
    data_sheet(book, "覆盖率 Coverage", head, _COVERAGE, rows, styles)


def _values(book: Book, con: duckdb.DuckDBPyConnection, head: Head) -> None:
    rows = con.sql(
        f"""
        SELECT
            indicator_id, name_zh, name_en, measure, reading, period, area_code, member_name, category, value,
            numerator, denominator, target_operator, target_value, attainment, status,
            vintage, obs_status, note
        FROM build.public.indicator_value
        LEFT JOIN build.public.indicator USING (indicator_id)
        LEFT JOIN (
            SELECT DISTINCT member_code AS area_code, member_name
            FROM build.public.coverage
            WHERE dimension IN ('province', 'city', 'county')
        ) USING (area_code)
        ORDER BY {_BY_NUMBER}, indicator_id, measure, reading, period DESC, area_code, category
        """
    ).to_arrow_table()
    data_sheet(book, "指标值 Values", head, _VALUES, rows, _value_styles())


def _catalogue(book: Book, con: duckdb.DuckDBPyConnection, head: Head) -> None:
    rows = con.sql(
        f"""
        SELECT
            indicator_id, name_zh, name_en, task_no, unit, direction, kind,
            if(valued.indicator_id IS NULL, '尚无 not yet', '有 yes') AS has_values,
            formula, sources, quote
        FROM build.public.indicator
        LEFT JOIN (SELECT DISTINCT indicator_id FROM build.public.indicator_value) AS valued
            USING (indicator_id)
        ORDER BY {_BY_NUMBER}, indicator_id
        """
    ).to_arrow_table()
    data_sheet(book, "指标目录 Catalogue", head, _CATALOGUE, rows, wrapped=True)


def _withheld(figure: str) -> str:
    """The empty figures of a suppressed row are grey."""
    return f"obs_status = 'Q' AND {figure} IS NULL"


def _value_styles() -> dict[str, str]:
    """How the numbers of a value look: a rate as a percentage, a deviation with its sign, a count whole."""
    shares = ", ".join(literal(measure) for measure in sorted(_SHARES))
    styles = {}
    for name in _VALUE_NUMBERS:
        rate = f"WHEN measure IN ({shares}) THEN 'rate'" if name in _VALUE_OR_TARGET else ""
        styles[name] = f"""CASE
            WHEN {_withheld(name) if name in _VALUE_FIGURES else "false"} THEN 'withheld'
            WHEN {name} IS NULL THEN NULL
            WHEN measure = 'deviation' THEN '{"points" if name == "value" else "rate"}'
            {rate} WHEN {name} = trunc({name}) THEN 'count' END"""
    styles["attainment"] = f"CASE WHEN {_withheld('attainment')} THEN 'withheld' END"
    return styles
