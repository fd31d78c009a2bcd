"""Q-5, the share of cells that disclosure control empties: filled in once the public tables stand.

Belongs here: counting suppressed cells of coverage, year by year, into main.indicator_value. Does not: which
cells are suppressed (disclosure.py), the other figures, which dbt works out before there is a public table.

Primary is a cell that is unsafe by itself (SDMX A, O, T, G), secondary one that is emptied to protect others (D).
The denominator is every cell of coverage of the year, published or not.
"""

from __future__ import annotations

import duckdb

_FILL = """
UPDATE main.indicator_value AS figure
SET
  value = counted.n_suppressed / counted.n_cells,
  numerator = counted.n_suppressed,
  denominator = counted.n_cells,
  status = CASE
    WHEN figure.target_operator IS NULL THEN 'no_target'
    WHEN (figure.target_operator = '<=' AND counted.n_suppressed <= figure.target_value * counted.n_cells)
      OR (figure.target_operator = '<' AND counted.n_suppressed < figure.target_value * counted.n_cells)
      THEN 'met'
    WHEN figure.target_operator IN ('<=', '<') THEN 'behind'
    ELSE 'unknown' -- a share of empty cells is no aim to reach from below
  END,
  note = NULL
FROM (
  SELECT
    CAST(reference_year AS VARCHAR) AS period,
    unnest(['primary_share', 'secondary_share']) AS measure,
    unnest([
      count(*) FILTER (WHERE conf_status IN ('A', 'O', 'T', 'G')),
      count(*) FILTER (WHERE conf_status = 'D')
    ]) AS n_suppressed,
    count(*) AS n_cells
  FROM public.coverage
  GROUP BY reference_year
) AS counted
WHERE figure.indicator_id = 'Q-5' AND figure.area_code = '340000'
  AND figure.period = counted.period AND figure.measure = counted.measure
"""


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Fills the rows of Q-5 in an open build whose public tables stand."""
    con.execute(_FILL)
