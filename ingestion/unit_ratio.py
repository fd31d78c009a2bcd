"""How a delivery's money stands to the year before: what tells thousand yuan that were called ten thousand.

Belongs here: the ratio of each delivery's figures to the same enterprises' figures of the same period a year earlier, by
column. Not here: from which ratio on a person is asked (quality's limits), changing anything: a unit is never mended by
guess.
"""

from __future__ import annotations

from ingestion.contract import Source
from ingestion.macros import identifier, literal
from ingestion.units import UNITS

# One row per delivery and money column that can be compared. `said` is what the file says of its unit, `perhaps` the
# unit that would put the median where it was.
TABLE = """
    CREATE TABLE raw.unit_ratio (
        source VARCHAR, column_name VARCHAR, file VARCHAR, sha256 VARCHAR, file_before VARCHAR, sha256_before VARCHAR,
        n BIGINT, median_ratio DOUBLE, said VARCHAR, perhaps VARCHAR)"""


def ratio_sql(source: Source) -> str | None:
    """Fill raw.unit_ratio from the settled rows of a source; None where no figures of enterprises come year by year."""
    keys = [source.columns[name] for name in source.keys]
    codes = [column.name for column in keys if column.type == "uscc"]
    times = [column for column in keys if column.type in ("period", "year")]
    money = [column.name for column in source.columns.values() if column.type == "money"]
    if not (len(codes) == len(times) == 1 and len(keys) == 2 and money):
        return None
    time = f"CAST({identifier(times[0].name)} AS VARCHAR)"
    figures = " UNION ALL ".join(
        f"""
        SELECT {literal(name)} AS column_name, {identifier(codes[0])} AS uscc, {time} AS period,
            {identifier(name)} AS amount, _delivery_id
        FROM raw.{identifier(source.name)}
        WHERE _statistical AND {identifier(name)} > 0 AND {identifier(codes[0])} IS NOT NULL"""
        for name in money
    )
    units = ", ".join(f"{literal(unit)}: {power}" for unit, power in UNITS.items())
    return f"""
        INSERT INTO raw.unit_ratio
        WITH
        figure AS ({figures}),
        compared AS (
            SELECT
                now.column_name, now._delivery_id AS id, mode(before._delivery_id) AS id_before, count(*) AS n,
                median(CAST(now.amount AS DOUBLE) / CAST(before.amount AS DOUBLE)) AS median_ratio
            FROM figure AS now
            JOIN figure AS before ON before.column_name = now.column_name AND before.uscc = now.uscc
                AND before.period = CAST(CAST(left(now.period, 4) AS INTEGER) - 1 AS VARCHAR) || now.period[5:]
            GROUP BY ALL
        )
        SELECT
            file.source, column_name, file.name, file.sha256, earlier.name, earlier.sha256, n, median_ratio, file.units,
            list_filter(
                map_keys(MAP {{{units}}}),
                lambda unit: MAP {{{units}}}[unit] = MAP {{{units}}}[file.units] - round(log10(median_ratio))
            )[1]
        FROM compared
        JOIN temp.file AS file ON file.delivery_id = compared.id
        JOIN temp.file AS earlier ON earlier.delivery_id = compared.id_before
        ORDER BY ALL"""
