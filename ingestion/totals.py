"""Total rows as check-sums: what a sheet's 合计 says against the sum of its rows.

Belongs here: the comparison and what it found. Does not belong here: telling a total row from others (`rowsql`), the
words (`rules.yml`). A file whose rows do not come to its total is warned of, never refused: which of the two is wrong
its provider knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.contract import Source
from ingestion.header import Layout
from ingestion.macros import identifier, literal

if TYPE_CHECKING:
    import duckdb

_WORDS = ("column_name", "value", "rule", "severity", "detail_zh", "detail_en")
LINES = pa.schema([("_sheet", pa.string()), ("_row", pa.int64()), *((name, pa.string()) for name in _WORDS)])

# A sheet may have several totals, of all rows above or of those since the last one, and some stand above their rows.
# Rows that were rounded, to whole units or to hundredths of one, may miss their total by half of that each.
# Where a row does not fit the header, or a cell could not be read, no sum can be trusted.
_COMPARE = """
WITH
top AS (
    SELECT _row, row_number() OVER (ORDER BY _row) AS part FROM remarked WHERE _sheet = $sheet AND _kind = 'total'
),
placed AS (
    SELECT typed.*, coalesce(top.part, 0) AS part
    FROM (
        SELECT typed.*, coalesce(_kind, 'data') AS _kind, _rules, _cells
        FROM {rows} AS typed LEFT JOIN remarked USING (_sheet, _row)
    ) AS typed ASOF LEFT JOIN top ON typed._row >= top._row
    WHERE _kind <> 'skipped'
),
told AS (
    SELECT _row, part, unnest([{names}]) AS name, unnest([{units}]) AS rounded, unnest([{cells}]) AS value,
        unnest([{amounts}]) AS said
    FROM placed WHERE _kind = 'total'
),
added AS (
    SELECT part, bool_or(_kind = 'ragged') AS ragged, unnest([{names}]) AS name, unnest([{sums}]) AS sum,
        unnest([{counts}]) AS n, unnest([{unread}]) AS unread, unnest([{whole}]) AS whole
    FROM placed WHERE _kind <> 'total' GROUP BY part
),
compared AS (
    SELECT told._row, told.name, told.value, told.said,
        sum(added.sum) AS whole,
        sum(added.sum) FILTER (added.part < told.part) AS above,
        sum(added.sum) FILTER (added.part = told.part - 1) AS since,
        sum(added.n) * 0.5 * told.rounded * CASE WHEN bool_and(added.whole) THEN 1 ELSE 0.01 END AS rounding,
        bool_or(added.ragged OR added.unread) AS unsure
    FROM told JOIN added USING (name)
    WHERE told.said IS NOT NULL
    GROUP BY told._row, told.name, told.value, told.said, told.rounded
),
shown AS (
    SELECT *, regexp_replace(format('{{:,}}', sum), '[.]0+$', '') AS shown,
        regexp_replace(format('{{:,}}', abs(said - sum)), '[.]0+$', '') AS apart
    FROM (SELECT *, coalesce(above, whole)::DECIMAL(38,2) AS sum FROM compared)
    WHERE NOT unsure AND least(abs(said - whole), abs(said - above), abs(said - since)) > rounding
)
SELECT
    $sheet AS _sheet, _row, name AS column_name, value, 'total_mismatch' AS rule, 'warning' AS severity,
    '各行之和 ' || shown || '，相差 ' || apart AS detail_zh,
    'the rows come to ' || shown || ', ' || apart || ' apart' AS detail_en
FROM shown
ORDER BY _row, column_name"""
# What is asked of each column that adds up, by the name of its list in the query.
_OF_COLUMN = {
    "names": "{name}",
    "units": "{rounded}",
    "cells": "_cells[{place}]",
    "amounts": "{column}::DECIMAL(38,2)",
    "sums": "sum({column})::DECIMAL(38,6)",
    "counts": "count({column})",
    "unread": "bool_or(_rules[{place}] IS NOT NULL AND {column} IS NULL) IS TRUE",
    "whole": "bool_and({column} % {unit} = 0)",
}


def mismatches(
    con: duckdb.DuckDBPyConnection, source: Source, layout: Layout, sheet: str, rows: str
) -> list[dict[str, object]]:
    """The cells of the sheet's total rows that its typed rows (a relation) do not come to, as lines of issues."""
    asked: list[dict[str, object]] = [
        {
            "name": literal(column.name),
            "column": identifier(column.name),
            "place": place,
            "unit": 10 ** layout.powers.get(column.name, 0),
            "rounded": 10 ** layout.powers[column.name] if column.type == "money" else 0,
        }
        for place, column in enumerate(source.columns.values(), start=1)
        if column.name in layout.columns and column.type in ("money", "int")
    ]
    if not asked:
        return []
    lists = {name: ", ".join(form.format(**one) for one in asked) for name, form in _OF_COLUMN.items()}
    found = con.execute(_COMPARE.format(rows=rows, **lists), {"sheet": sheet}).fetchall()
    return [dict(zip(LINES.names, line, strict=True)) for line in found]
