"""How a delivery's money stands to the year before and to its peers: what tells thousand yuan that were called ten thousand.

Belongs here: each figure beside the same enterprise's of the same period a year earlier, and each delivery's median of
their ratios, by column; each delivery's median beside that of the others of its period. Not here: from which ratio on a
person is asked (quality's limits), single rows (`doubts`), changing anything: a unit is never mended by guess.
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
# One row per delivery, money column and period of which other deliveries speak too: the one whose median is nearest.
PEER_TABLE = """
    CREATE TABLE raw.unit_peer (
        source VARCHAR, column_name VARCHAR, period VARCHAR, file VARCHAR, sha256 VARCHAR, file_peer VARCHAR,
        sha256_peer VARCHAR, n BIGINT, n_peer BIGINT, times DOUBLE, said VARCHAR)"""


_POWERS = "MAP {" + ", ".join(f"{literal(unit)}: {power}" for unit, power in UNITS.items()) + "}"


def unit_of(factor: str) -> str:
    """The unit that the file would have to be in for a figure (or a median) of this factor to be where it was."""
    power = f"{_POWERS}[file.units] - round(log10({factor}))"
    return f"list_filter(map_keys({_POWERS}), lambda unit: {_POWERS}[unit] = {power})[1]"


def figures_sql(source: Source) -> str | None:
    """Make temp.figure, a source's money of enterprises and periods; None where it has none year by year."""
    keys = [source.columns[name] for name in source.keys]
    codes = [column.name for column in keys if column.type == "uscc"]
    times = [column for column in keys if column.type in ("period", "year")]
    money = [column for column in source.columns.values() if column.type == "money"]
    if not (len(codes) == len(times) == 1 and len(keys) == 2 and money):
        return None
    time = f"CAST({identifier(times[0].name)} AS VARCHAR)"
    figures = " UNION ALL ".join(
        f"""
        SELECT {literal(column.name)} AS column_name, {identifier(codes[0])} AS uscc, {time} AS period,
            {identifier(column.name)} AS amount, {str(column.never_negative).lower()} AS is_whole,
            _delivery_id, _sheet, _row, _administrative
        FROM raw.{identifier(source.name)}
        WHERE _statistical AND {identifier(column.name)} > 0 AND {identifier(codes[0])} IS NOT NULL"""
        for column in money
    )
    return f"CREATE OR REPLACE TEMP TABLE figure AS {figures}"


# temp.year_pair, each figure beside that of a year before. `is_told` says of which single figures a word is in place: of
# revenue and expenses, as their parts (exports) move by tens in honest years; and of an administrative row only where no
# survey answer is behind what would be said.
PAIRS = """
    CREATE OR REPLACE TEMP TABLE year_pair AS
    SELECT
        now.column_name, now._delivery_id AS id, before._delivery_id AS id_before, now._sheet, now._row, now.amount,
        CAST(now.amount AS DOUBLE) / CAST(before.amount AS DOUBLE) AS ratio,
        now.is_whole AND (before._administrative OR NOT now._administrative) AS is_told
    FROM temp.figure AS now
    JOIN temp.figure AS before ON before.column_name = now.column_name AND before.uscc = now.uscc
        AND before.period = CAST(CAST(left(now.period, 4) AS INTEGER) - 1 AS VARCHAR) || now.period[5:]"""

# Fill raw.unit_peer from temp.figure. The nearest of the others speaks for a file: with two that agree, only the third is
# far from all. A file of a few rows is no peer of a long one.
PEERS = """
    INSERT INTO raw.unit_peer
    WITH own AS (
        SELECT column_name, period, _delivery_id AS id, count(*) AS n, CAST(median(amount) AS DOUBLE) AS middle
        FROM temp.figure WHERE is_whole
        GROUP BY ALL
    ),
    nearest AS (
        SELECT
            own.column_name, own.period, own.id, own.n,
            arg_min(
                {'id': other.id, 'n': other.n, 'times': own.middle / other.middle}, abs(ln(own.middle / other.middle))
            ) AS peer
        FROM own
        JOIN own AS other ON other.column_name = own.column_name AND other.period = own.period AND other.id <> own.id
        WHERE other.n * 10 >= own.n
        GROUP BY ALL
    )
    SELECT
        file.source, column_name, period, file.name, file.sha256, other.name, other.sha256, nearest.n, peer.n, peer.times,
        file.units
    FROM nearest
    JOIN settling.file AS file ON file.delivery_id = nearest.id
    JOIN settling.file AS other ON other.delivery_id = peer.id
    ORDER BY ALL"""

# Fill raw.unit_ratio from temp.year_pair.
RATIOS = f"""
    INSERT INTO raw.unit_ratio
    WITH compared AS (
        SELECT column_name, id, mode(id_before) AS id_before, count(*) AS n, median(ratio) AS median_ratio
        FROM temp.year_pair
        GROUP BY ALL
    )
    SELECT
        file.source, column_name, file.name, file.sha256, earlier.name, earlier.sha256, n, median_ratio, file.units,
        {unit_of("median_ratio")}
    FROM compared
    JOIN settling.file AS file ON file.delivery_id = compared.id
    JOIN settling.file AS earlier ON earlier.delivery_id = compared.id_before
    ORDER BY ALL"""
