"""Primary suppression: makes schema `public` of a build, the part of the statistics that may be handed out.

What belongs here: which cells are safe (interface 6) and emptying those that are not. What does not: writing
files (publication), firm-level tables, which never are public, and secondary suppression, which adds its
cells to `unsafe_cell` between primary_cells() and apply().

How it reads interface 6:
* A cell of nobody (n = 0) is not safe: n must be 3 or more, and silence about a city names its enterprises
  too.
* Leaf tiers 1–5, 5–10, ≥ 10 亿元: where the numbers asked of two tiers of a cell differ by less than 3 (but
  differ), their difference would tell of one or two enterprises; the cell of the higher threshold is
  suppressed, so the widest one stays.
* A path rate is a straight line from the baseline year's rate, so it gives that rate away: path_rate and
  on_track of a series are empty in every year as soon as one year of it is suppressed.
* An indicator has its public values by a rule of this module (below); one without a rule is suppressed, never
  let through.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from quality.limits import DisclosureLimits

# The indicators that are made from cells of coverage, and so are as safe as these.
_RULED = r"H[1-5]|H[1-3][NGU]"
# H8 is weighted by revenue: one large enterprise decides it.
_NEVER_PUBLIC = ("H8",)
_KEY = "reference_year, tier_basis, purpose, obligation, dimension, member_code"
_CONF_STATUS = (
    "SDMX 保密状态：F 可公布，A 初级保密（不公布）。"
    " | SDMX confidentiality status: F free, A primary confidentiality (suppressed)."
)

_PRIMARY = f"""
CREATE OR REPLACE TEMP TABLE unsafe_cell AS
WITH small AS (
  SELECT {_KEY}
  FROM main.coverage
  WHERE (
    n_asked >= $min_units
    AND (n_met = 0 OR n_met >= $min_part)
    AND (n_not_met = 0 OR n_not_met >= $min_part)
    AND (n_unknown = 0 OR n_unknown >= $min_part)
    AND (n_tier_unknown = 0 OR n_tier_unknown >= $min_part)
    AND (n_met > 0 OR n_asked >= $min_units_none_met)
  ) IS NOT TRUE -- a missing count is no safe count
),
small_leaf AS (
  SELECT higher.reference_year, tier_basis, purpose, higher.obligation, dimension, member_code
  FROM main.coverage AS higher
  INNER JOIN main.coverage AS wider USING (reference_year, tier_basis, purpose, dimension, member_code)
  WHERE higher.threshold_yuan > wider.threshold_yuan
    AND wider.n_asked - higher.n_asked > 0 AND wider.n_asked - higher.n_asked < $min_units
)
SELECT *, 'A' AS conf_status FROM (SELECT * FROM small UNION SELECT * FROM small_leaf)
"""

_COVERAGE = f"""
CREATE OR REPLACE TABLE public.coverage AS
WITH suppressed_series AS (
  SELECT DISTINCT tier_basis, purpose, obligation, dimension, member_code FROM unsafe_cell
)
SELECT coverage.* REPLACE (
    CASE WHEN unsafe.conf_status IS NULL THEN n_asked END AS n_asked,
    CASE WHEN unsafe.conf_status IS NULL THEN n_met END AS n_met,
    CASE WHEN unsafe.conf_status IS NULL THEN n_not_met END AS n_not_met,
    CASE WHEN unsafe.conf_status IS NULL THEN n_unknown END AS n_unknown,
    CASE WHEN unsafe.conf_status IS NULL THEN n_tier_unknown END AS n_tier_unknown,
    CASE WHEN unsafe.conf_status IS NULL THEN rate END AS rate,
    CASE WHEN unsafe.conf_status IS NULL THEN rate_upper END AS rate_upper,
    CASE WHEN series.member_code IS NULL THEN path_rate END AS path_rate,
    CASE WHEN series.member_code IS NULL THEN on_track END AS on_track,
    CASE WHEN unsafe.conf_status IS NULL THEN obs_status ELSE 'Q' END AS obs_status
  ), coalesce(unsafe.conf_status, 'F') AS conf_status -- a cell nobody found unsafe is free
FROM main.coverage
LEFT JOIN unsafe_cell AS unsafe USING ({_KEY})
LEFT JOIN suppressed_series AS series USING (tier_basis, purpose, obligation, dimension, member_code)
ORDER BY ALL
"""

_INDICATOR_VALUE = f"""
CREATE OR REPLACE TABLE public.indicator_value AS
WITH ruled AS (
  SELECT DISTINCT
    indicator_id, reading, period, area_code, category,
    left(reading, 2) AS tier_basis,
    CASE WHEN ends_with(reading, '-admin') THEN 'administrative' ELSE 'statistical' END AS purpose,
    CASE left(indicator_id, 2)
      WHEN 'H1' THEN 'activity' WHEN 'H2' THEN 'institution' WHEN 'H3' THEN 'outcome' WHEN 'H4' THEN 'outcome'
      ELSE nullif(category, '') -- H5 says it by its category; without one it is as safe as all three
    END AS obligation
  FROM main.indicator_value
  WHERE regexp_full_match(indicator_id, '{_RULED}') AND reading IN ('CY', 'PY', 'CY-admin', 'PY-admin')
),
cells AS (
  SELECT coverage.*, unsafe.conf_status,
    bool_or(unsafe.conf_status IS NOT NULL) OVER (
      PARTITION BY tier_basis, purpose, obligation, dimension, member_code
    ) AS is_suppressed_in_some_year
  FROM main.coverage
  LEFT JOIN unsafe_cell AS unsafe USING ({_KEY})
  WHERE dimension IN ('province', 'city', 'county')
),
-- Free only where a cell was found and every one of them is safe.
free AS (
  SELECT ruled.indicator_id, ruled.reading, ruled.period, ruled.area_code, ruled.category
  FROM ruled
  INNER JOIN cells
    ON ruled.tier_basis = cells.tier_basis AND ruled.purpose = cells.purpose
    AND ruled.period = CAST(cells.reference_year AS VARCHAR) AND ruled.area_code = cells.member_code
    AND (ruled.obligation = cells.obligation OR ruled.obligation IS NULL)
  GROUP BY ALL
  HAVING bool_and(cells.conf_status IS NULL)
    -- a deviation from the path gives the path away
    AND (ruled.indicator_id <> 'H5' OR NOT bool_or(cells.is_suppressed_in_some_year))
),
judged AS (
  SELECT figures.*,
    free.indicator_id IS NOT NULL
    -- H4 counts enterprises that no cell of coverage counts: its own parts must be safe too.
    AND (figures.indicator_id <> 'H4' OR (
      (numerator >= $min_part OR (numerator = 0 AND denominator >= $min_units_none_met))
      AND (denominator - numerator = 0 OR denominator - numerator >= $min_part)
    ) IS TRUE) AS is_free
  FROM main.indicator_value AS figures
  LEFT JOIN free USING (indicator_id, reading, period, area_code, category)
  WHERE NOT list_contains($never_public, figures.indicator_id)
)
SELECT * EXCLUDE (is_free) REPLACE (
    CASE WHEN is_free THEN value END AS value,
    CASE WHEN is_free THEN numerator END AS numerator,
    CASE WHEN is_free THEN denominator END AS denominator,
    CASE WHEN is_free THEN attainment END AS attainment,
    CASE WHEN is_free THEN status END AS status,
    CASE WHEN is_free THEN note END AS note,
    CASE WHEN is_free THEN obs_status ELSE 'Q' END AS obs_status
  ), CASE WHEN is_free THEN 'F' ELSE 'A' END AS conf_status
FROM judged
ORDER BY ALL
"""


@dataclass(frozen=True)
class Suppressed:
    """How much of the public tables is empty: rows, and rows suppressed."""

    coverage_cells: int
    coverage_suppressed: int
    indicator_values: int
    indicator_values_suppressed: int


def make_public(con: duckdb.DuckDBPyConnection, limits: DisclosureLimits) -> Suppressed:
    """Makes coverage, indicator and indicator_value of schema public from those of main, in an open build."""
    primary_cells(con, limits)
    apply(con, limits)
    return _suppressed(con)


def primary_cells(con: duckdb.DuckDBPyConnection, limits: DisclosureLimits) -> None:
    """Makes the temporary table unsafe_cell: the cells of coverage that must not be told, conf_status A."""
    con.execute(
        _PRIMARY,
        {
            "min_units": limits.min_units,
            "min_part": limits.min_part,
            "min_units_none_met": limits.min_units_none_met,
        },
    )


def apply(con: duckdb.DuckDBPyConnection, limits: DisclosureLimits) -> None:
    """Makes the public tables, empty wherever unsafe_cell says so."""
    con.execute("CREATE SCHEMA IF NOT EXISTS public")
    con.execute(_COVERAGE)
    con.execute(
        _INDICATOR_VALUE,
        {
            "never_public": list(_NEVER_PUBLIC),
            "min_part": limits.min_part,
            "min_units_none_met": limits.min_units_none_met,
        },
    )
    con.execute(
        "CREATE OR REPLACE TABLE public.indicator AS SELECT * FROM main.indicator ORDER BY indicator_id"
    )
    for table in ("coverage", "indicator_value"):
        con.execute(f"COMMENT ON COLUMN public.{table}.conf_status IS '{_CONF_STATUS}'")


def _suppressed(con: duckdb.DuckDBPyConnection) -> Suppressed:
    counted = con.execute(
        "SELECT (SELECT count(*) FROM public.coverage),"
        " (SELECT count(*) FROM public.coverage WHERE conf_status <> 'F'),"
        " (SELECT count(*) FROM public.indicator_value),"
        " (SELECT count(*) FROM public.indicator_value WHERE conf_status <> 'F')"
    ).fetchone()
    assert counted is not None
    return Suppressed(*counted)
