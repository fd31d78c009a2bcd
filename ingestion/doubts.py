"""What is doubtful about rows beside other rows: last year's figures, the register. Warnings; nothing is changed or kept out.

Belongs here: the queries that put such warnings into settling.issue, and the help that the register gives with a code that was
kept out. Does not belong here: what a row breaks by itself (`cells`), the words (`rules.yml`), whole files (`unit_ratio`).
"""

from __future__ import annotations

from ingestion.contract import Source
from ingestion.macros import identifier, literal
from ingestion.unit_ratio import unit_of

# Dates of which an enterprise must exist: when it was recognised or granted something, or took part in a standard.
_WHEN_IT_WAS_THERE = ("recognised_on", "granted_on", "published_on")

# One row per code of the register. Characters 9 to 16 of a credit code are the organisation's own, and a branch without a
# code of its own goes by them and a B, where the organisation has a check digit, which is never a letter but X.
REGISTER = """
    CREATE OR REPLACE TABLE settling.known_enterprise AS
    SELECT uscc, uscc[9:16] AS stem, max_by("name", frame_year) AS "name", min(opened_on) AS opened_on
    FROM raw.enterprise_register GROUP BY uscc"""

# A branch's code that is no credit code was kept out when its row was typed; only now its parent is known.
PARENTS = """
    UPDATE settling.issue
    SET
        detail_zh = concat_ws('，', nullif(detail_zh, ''), '名录中为：' || parent.uscc || ' ' || parent."name"),
        detail_en = concat_ws(', ', nullif(detail_en, ''), 'the register has ' || parent.uscc || ' ' || parent."name")
    FROM settling.known_enterprise AS parent
    WHERE rule = 'uscc_malformed'
        AND regexp_full_match(upper(regexp_replace("value", '[^0-9A-Za-z]', '', 'g')), '[0-9A-Z]{8}[0-9XB]')
        AND parent.stem = left(upper(regexp_replace("value", '[^0-9A-Za-z]', '', 'g')), 8)"""

# One enterprise in another unit. Where most of a file's figures are so, its first row speaks for all of them.
UNITS = f"""
    INSERT INTO settling.issue
    WITH
    rounded AS (
        SELECT *, round(log10(ratio)) AS power FROM temp.year_pair WHERE is_told
    ),
    judged AS (
        SELECT *, abs(power) BETWEEN 1 AND 4 AND ratio / 10 ** power BETWEEN 0.8 AND 1.2 AS is_suspect FROM rounded
    ),
    counted AS (
        SELECT id, column_name, count(*) AS n, count(*) FILTER (is_suspect) AS n_suspect FROM judged GROUP BY ALL
    ),
    suspect AS (
        SELECT *, row_number() OVER (PARTITION BY id, column_name ORDER BY _sheet, _row) AS place
        FROM judged WHERE is_suspect
    ),
    told AS (
        SELECT
            *, CASE WHEN ratio < 1 THEN '1/' ELSE '' END
                || regexp_replace(format('{{:,.1f}}', greatest(ratio, 1 / ratio)), '[.]0$', '') AS times,
            CASE WHEN 2 * n_suspect > n THEN n_suspect - 1 END AS others
        FROM suspect JOIN counted USING (id, column_name)
        WHERE 2 * n_suspect <= n OR place = 1
    )
    SELECT
        file.no, _sheet, _row, column_name, rtrim(rtrim(CAST(amount AS VARCHAR), '0'), '.'), 'unit_suspected', 'warning',
        concat_ws('，', '为上年同期的 ' || times || ' 倍', '疑似 ' || {unit_of("ratio")}, '文件写 ' || nullif(file.units, ''),
            '本文件另有 ' || nullif(others, 0) || ' 行如此'),
        concat_ws(', ', times || ' times a year before', 'perhaps in ' || {unit_of("ratio")},
            'the file says ' || nullif(file.units, ''), 'and so are ' || nullif(others, 0) || ' other rows of this file')
    FROM told JOIN settling.file ON file.delivery_id = told.id"""


def doubts_sql(source: Source) -> str | None:
    """Hold the settled rows of a source against the register; None where nothing of it can be."""
    parts = [_branch(source, column.name) for column in source.columns.values() if column.type == "uscc"]
    for code in source.links:
        if source.columns[code].type == "uscc":
            parts += [_before(source, code, name) for name in _WHEN_IT_WAS_THERE if name in source.columns]
    if not parts:
        return None
    return f"""
        INSERT INTO settling.issue
        SELECT file.no, _sheet, _row, column_name, "value", rule, 'warning', zh, en
        FROM ({" UNION ALL ".join(parts)}) AS found JOIN settling.file ON file.delivery_id = found._delivery_id"""


def _branch(source: Source, code: str) -> str:
    """Rows under the code of a branch whose parent the register has."""
    table, column = f"raw.{identifier(source.name)}", f"held.{identifier(code)}"
    return f"""
        SELECT
            _delivery_id, _sheet, _row, {literal(code)} AS column_name, {column} AS "value", 'branch_code' AS rule,
            parent.uscc || ' ' || parent."name" AS zh, parent.uscc || ' ' || parent."name" AS en
        FROM {table} AS held JOIN settling.known_enterprise AS parent ON parent.stem = {column}[9:16]
        WHERE {column}[17] = 'B' AND parent.uscc[17] <> 'B'"""


def _before(source: Source, code: str, day: str) -> str:
    """Rows of a time at which the enterprise was not yet there."""
    table, column = f"raw.{identifier(source.name)}", f"held.{identifier(day)}"
    return f"""
        SELECT
            _delivery_id, _sheet, _row, {literal(day)} AS column_name, CAST({column} AS VARCHAR) AS "value",
            'before_establishment' AS rule, '名录中的开业日期 ' || opened_on AS zh, 'opened on ' || opened_on AS en
        FROM {table} AS held JOIN settling.known_enterprise AS enterprise ON enterprise.uscc = held.{identifier(code)}
        WHERE {column} < enterprise.opened_on"""
