"""Which records an indicator model counted, and the file and row that each was delivered in.

Here: reading a build through the model's own `counting` (macro `measured`), and finding rows by their keys. Not here:
making that build (remake).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from publication.databases import identifier
from publication.explain import PROVINCE

if TYPE_CHECKING:
    import duckdb

    from ingestion.contract import Source

_MARK = "-- counting ends here"


@dataclass(frozen=True)
class Wanted:
    """One figure of a release."""

    indicator: str
    area: str
    period: str
    reading: str | None


@dataclass(frozen=True)
class Records:
    """What stands behind a figure in administrative use."""

    sources: list[str]
    counts: list[dict[str, Any]]
    records: list[dict[str, Any]]


_COUNTING = """
SELECT
  counting.set_no, measures.measure, sets.reading, sets.found_in, counting.category, entities.entity,
  counting.from_on, counting.is_hit, counting.is_base,
  -- Money that a set carries for its neighbours' sake (borrowers beside balances) is no part of a count.
  CASE WHEN bool_or(measures.form IN ('sum', 'ratio', 'growth', 'mean', 'median')) OVER of_set THEN counting.amount END AS amount,
  CASE WHEN bool_or(measures.form IN ('ratio', 'growth')) OVER of_set THEN counting.base END AS base
FROM counting
INNER JOIN sets USING (set_no)
INNER JOIN measures USING (set_no)
LEFT JOIN entities USING (entity_no)
WHERE sets.indicator_id = $indicator AND counting.period = $period
  AND ($area = $province OR counting.city_code = $area)
  AND ($reading IS NULL OR sets.reading = $reading)
WINDOW of_set AS (PARTITION BY counting.set_no)
"""
# The model's own answer on these records: how a form is worked out is said in one place, the macro `measured`.
_COUNTS = """
SELECT measure, reading, category, value, numerator, denominator
FROM intermediate."{model}"
WHERE indicator_id = $indicator AND period = $period AND area_code = $area
  AND ($reading IS NULL OR reading = $reading) AND numerator IS NOT NULL
ORDER BY ALL
"""
# A row stands for an entity by its whole key, else (an enterprise counted once, a part of a key) by one of its codes;
# of an enterprise's rows those count that bear the record's own date.
_RECORDS = """
WITH added AS (
  SELECT
    reading, category, entity, from_on, set_no, measure, found_in,
    bool_or(is_hit) AS is_counted, bool_or(is_base) AS is_base, sum(amount) AS amount, sum(base) AS base
  FROM found
  WHERE entity IS NOT NULL
  GROUP BY ALL
),
entities AS (
  SELECT
    reading, category, entity, from_on, CAST(amount AS DOUBLE) AS amount, CAST(base AS DOUBLE) AS base,
    bool_or(is_counted) AS is_counted, bool_or(is_base) AS is_base,
    list(DISTINCT measure ORDER BY measure) AS measures, any_value(found_in) AS found_in
  FROM added
  GROUP BY ALL
),
matched AS (
  SELECT
    entities.*, places.*,
    list_contains(places.dates, entities.from_on) AS is_dated
  FROM entities
  LEFT JOIN places ON list_contains(entities.found_in, places.source)
    AND places.name = entities.entity
  QUALIFY dense_rank() OVER (
    PARTITION BY entities.reading, entities.category, entities.entity, entities.from_on, entities.amount, entities.base
    ORDER BY places.rank NULLS LAST, is_dated DESC NULLS LAST
  ) = 1
)
SELECT
  reading, category, entity AS record, from_on AS counts_from, is_counted, is_base, measures, amount, base,
  list(DISTINCT {source: matched.source, file: file, sheet: sheet, row: row}
    ORDER BY {source: matched.source, file: file, sheet: sheet, row: row})
    FILTER (WHERE file IS NOT NULL) AS delivered
FROM matched
GROUP BY ALL
ORDER BY reading, category, is_counted DESC, entity, from_on, base NULLS LAST, measures
"""


def read(
    con: duckdb.DuckDBPyConnection,
    model: str,
    compiled: str,
    contracts: Mapping[str, Source],
    wanted: Wanted,
) -> Records:
    """The records that a compiled model counts for one figure of the build that `con` has open."""
    before = compiled.partition(_MARK)[0].rstrip().removesuffix(",")
    figure = {
        "indicator": wanted.indicator,
        "period": wanted.period,
        "area": wanted.area,
        "reading": wanted.reading,
    }
    con.execute(f"CREATE TEMP TABLE found AS {before}\n{_COUNTING}", figure | {"province": PROVINCE})
    sources = con.execute("SELECT DISTINCT unnest(found_in) FROM found ORDER BY 1").fetchall()
    named = [contracts[name] for (name,) in sources if name in contracts]
    places = " UNION ALL ".join(_places(one) for one in named) or _NO_PLACES
    con.execute(f"CREATE TEMP TABLE places AS {places}")
    return Records(
        [one.name for one in named],
        con.sql(_COUNTS.format(model=model), params=figure).to_arrow_table().to_pylist(),
        con.sql(_RECORDS).to_arrow_table().to_pylist(),
    )


_NO_PLACES = "SELECT '' AS source, 0 AS rank, '' AS name, []::DATE[] AS dates, '' AS file, '' AS sheet, 0 AS row LIMIT 0"


def _places(source: Source) -> str:
    """The rows of a source under every name by which an indicator may count them."""
    texts = [f"CAST({identifier(key)} AS VARCHAR)" for key in source.keys]
    whole = " || '|' || ".join(texts)
    dates = ", ".join(identifier(name) for name, column in source.columns.items() if column.type == "date")
    codes = [
        f"CAST({identifier(name)} AS VARCHAR)"
        for name, column in source.columns.items()
        if column.type == "uscc"
    ]
    lists = [
        f"coalesce({identifier(name)}, [])"
        for name, column in source.columns.items()
        if column.type == "list" and column.element == "uscc"
    ]
    # A city is counted by its code, where a row has that of one of its counties.
    areas = [
        f"left({identifier(name)}, 4) || '00'"
        for name, column in source.columns.items()
        if column.type == "area"
    ]
    parts = " || ".join([f"[{', '.join([*texts, *codes, '_name_key'])}]", *lists])
    return f"""
        SELECT
          '{source.name}' AS source, named.rank, named.name, [{dates}]::DATE[] AS dates,
          delivery.name AS file, rows._sheet AS sheet, rows._row AS row
        FROM raw.{identifier(source.name)} AS rows
        INNER JOIN raw.delivery AS delivery ON rows._delivery_id = delivery.delivery_id
        CROSS JOIN LATERAL (
          SELECT 1 AS rank, unnest([{whole}, '{source.name}|' || {whole}]) AS name
          UNION ALL
          SELECT 2 AS rank, unnest(list_distinct({parts})) AS name
          UNION ALL
          SELECT 3 AS rank, unnest([{", ".join(areas)}]::VARCHAR[]) AS name
        ) AS named
        WHERE rows._administrative"""
