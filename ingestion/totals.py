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
# Where a row does not fit the header, or a cell could not be read, no sum can be trusted.
_COMPARE = """
WITH
placed AS (
    SELECT *, count(*) FILTER (_kind = 'total') OVER (ORDER BY _row) AS part
    FROM typed WHERE _sheet = $sheet AND _kind <> 'skipped'
),
total AS (SELECT * FROM placed WHERE _kind = 'total'),
added AS (
    SELECT part, bool_or(_kind = 'ragged') AS unsure, {sums} FROM placed WHERE _kind <> 'total' GROUP BY part
),
compared AS ({columns}),
told AS (
    SELECT *, regexp_replace(format('{{:,}}', sum), '[.]0+$', '') AS shown,
        regexp_replace(format('{{:,}}', abs(said - sum)), '[.]0+$', '') AS apart
    FROM (SELECT *, coalesce(above, whole)::DECIMAL(38,2) AS sum FROM compared)
    WHERE NOT unsure AND least(abs(said - whole), abs(said - above), abs(said - since)) > rounding
)
SELECT
    $sheet AS _sheet, _row, column_name, value, 'total_mismatch' AS rule, 'warning' AS severity,
    '各行之和 ' || shown || '，相差 ' || apart AS detail_zh,
    'the rows come to ' || shown || ', ' || apart || ' apart' AS detail_en
FROM told
ORDER BY _row, column_name"""

_SUMS = """
    sum({column}) AS {column}, count({column}) AS {n},
    bool_or(_rules[{place}] IS NOT NULL AND {column} IS NULL) IS TRUE AS {unread},
    bool_and({column} % {unit} = 0) AS {whole}"""

# Each total of one column, and the sums that it may mean. Rows that were rounded, to whole units or to hundredths of
# one, may miss their total by half of that each.
_COLUMN = """
    SELECT
        total._row, {name} AS column_name, total._cells[{place}] AS value, total.{column}::DECIMAL(38,2) AS said,
        sum(added.{column}) AS whole,
        sum(added.{column}) FILTER (added.part < total.part) AS above,
        sum(added.{column}) FILTER (added.part = total.part - 1) AS since,
        sum(added.{n}) * 0.5 * {rounded} * CASE WHEN bool_and(added.{whole}) THEN 1 ELSE 0.01 END AS rounding,
        bool_or(added.unsure OR added.{unread}) AS unsure
    FROM total CROSS JOIN added
    WHERE total.{column} IS NOT NULL
    GROUP BY ALL"""


def mismatches(
    con: duckdb.DuckDBPyConnection, source: Source, layout: Layout, sheet: str
) -> list[dict[str, object]]:
    """The cells of the sheet's total rows that its typed rows do not come to, as lines of issues."""
    sums, columns = [], []
    for place, column in enumerate(source.columns.values(), start=1):
        if column.name not in layout.columns or column.type not in ("money", "int"):
            continue
        words = {
            "name": literal(column.name),
            "column": identifier(column.name),
            "place": place,
            "unit": 10 ** layout.powers.get(column.name, 0),
            "rounded": 10 ** layout.powers[column.name] if column.type == "money" else 0,
            **{mark: identifier(f"{mark}:{column.name}") for mark in ("n", "unread", "whole")},
        }
        sums.append(_SUMS.format(**words))
        columns.append(_COLUMN.format(**words))
    if not sums:
        return []
    query = _COMPARE.format(sums=",".join(sums), columns=" UNION ALL ".join(columns))
    return [
        dict(zip(LINES.names, line, strict=True)) for line in con.execute(query, {"sheet": sheet}).fetchall()
    ]
