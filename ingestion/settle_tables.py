"""The fixed statements of settling: tables around the sources, and what became of files and rows.

Belongs here: SQL that is the same for every source. Does not belong here: what a contract shapes
(`settle_rows`, `settle_sql`), running anything (`settle`).
"""

from __future__ import annotations

import pyarrow as pa

from ingestion.rowsql import ACCEPTED

# settling.file: one row for each delivery that counts at the as-of date.
FILE: list[tuple[str, pa.DataType]] = [
    *(
        (name, pa.string())
        for name in (
            "delivery_id",
            "source",
            "name",
            "sha256",
            "purpose",
            "run_id",
            "folder",
            "path",
            "units",
        )
    ),
    *((name, pa.string()) for name in ("issues", "refused_code", "refused_zh", "refused_en")),
    *((name, pa.int64()) for name in ("no", "moment", "rows_read", "accepted", "quarantined", "skipped")),
    *((name, pa.bool_()) for name in ("administrative", "is_delete", "is_full", "corrects")),
    ("delivered_on", pa.date32()),
    ("run_seq", pa.int32()),
]
# settling.rule: the rules that a row can break, in words, with what to do about them.
RULE: list[tuple[str, pa.DataType]] = [
    (name, pa.string()) for name in ("rule", "zh", "en", "advice_zh", "advice_en")
]

_ROW = """
    source VARCHAR, file VARCHAR, sheet VARCHAR, "row" BIGINT, column_name VARCHAR, "value" VARCHAR,
    rule VARCHAR, message_zh VARCHAR, message_en VARCHAR, rule_zh VARCHAR, rule_en VARCHAR, run_id VARCHAR,
    purpose VARCHAR"""

# A message says what is wrong, with the particulars of the row, and what to do; the rule's own words have no
# particulars.
_MESSAGES = """
        rule.zh || coalesce('：' || nullif({zh}, ''), '') || '。' || rule.advice_zh,
        rule.en || coalesce(': ' || nullif({en}, ''), '') || '; ' || rule.advice_en,
        rule.zh || '。' || rule.advice_zh,
        rule.en || '; ' || rule.advice_en"""

TABLES = (
    "CREATE SCHEMA IF NOT EXISTS raw",
    # Beside the build and as long as it is open: a connection's own temporary tables no other connection sees.
    "ATTACH IF NOT EXISTS ':memory:' AS settling",
    f"CREATE TABLE raw.quarantined_row ({_ROW})",
    f"CREATE TABLE raw.warned_row ({_ROW})",
    """CREATE TABLE raw.unlinked_row (
        source VARCHAR, file VARCHAR, sheet VARCHAR, "row" BIGINT, "name" VARCHAR,
        suggestions STRUCT(uscc VARCHAR, "name" VARCHAR, score DOUBLE)[], purpose VARCHAR)""",
    """CREATE TABLE raw.run_setting (
        run_id VARCHAR, run_seq INTEGER, as_of DATE, first_year INTEGER, policy_version VARCHAR)""",
    'CREATE TABLE raw.complete_register (obligation VARCHAR, "year" INTEGER)',
    "CREATE TABLE raw.whole_delivery (source VARCHAR, purpose VARCHAR, scope VARCHAR)",
    # Empty here: the release before fills it, and ingestion knows no releases.
    """CREATE TABLE raw.first_published (
        indicator_id VARCHAR, reading VARCHAR, period VARCHAR, area_code VARCHAR, first_value DOUBLE,
        first_vintage VARCHAR, first_run_id VARCHAR, first_as_of DATE)""",
    # Figures that people made final; whoever knows the releases fills them.
    "CREATE TABLE raw.frozen_year (reference_year INTEGER)",
    """CREATE TABLE raw.frozen_coverage (
        reference_year INTEGER, tier_basis VARCHAR, purpose VARCHAR, obligation VARCHAR, dimension VARCHAR,
        member_code VARCHAR, n_asked BIGINT, n_met BIGINT, n_not_met BIGINT, n_unknown BIGINT,
        n_tier_unknown BIGINT)""",
    """CREATE TABLE raw.frozen_value (
        reference_year INTEGER, indicator_id VARCHAR, measure VARCHAR, reading VARCHAR, period VARCHAR,
        area_code VARCHAR, category VARCHAR, "value" DOUBLE, numerator DOUBLE, denominator DOUBLE)""",
    """CREATE OR REPLACE TABLE settling.unlinked (
        "name" VARCHAR, sheet VARCHAR, "row" BIGINT, delivery_id VARCHAR)""",
    "CREATE OR REPLACE TABLE settling.typed_count (no BIGINT, n BIGINT)",
    """CREATE OR REPLACE TABLE settling.conflict (
        no BIGINT, line BIGINT, sheet VARCHAR, "row" BIGINT, differing VARCHAR[], titles VARCHAR[], places VARCHAR[],
        "value" VARCHAR, clash VARCHAR)""",
    """CREATE OR REPLACE TABLE settling.issue (
        no BIGINT, sheet VARCHAR, "row" BIGINT, column_name VARCHAR, "value" VARCHAR, rule VARCHAR,
        severity VARCHAR, detail_zh VARCHAR, detail_en VARCHAR)""",
)

TYPED_COUNT = f"""
    INSERT INTO settling.typed_count
    SELECT file.no, count(*)
    FROM read_parquet($files, filename => true) AS typed
    JOIN settling.file ON file.path = typed.filename
    WHERE typed.{ACCEPTED}
    GROUP BY file.no"""

# Rows that contradict another of their key and moment, with the columns that differ and where they stand.
CONFLICTS = """
    INSERT INTO settling.conflict
    SELECT _no, _line, _sheet, _row, differing, titles, places, "value", clash FROM temp.removed WHERE conflict"""

_CONFLICT = _MESSAGES.format(
    zh="array_to_string(conflict.titles, '、') || '；' || array_to_string(conflict.places, '、')",
    en="array_to_string(conflict.differing, ', ') || '; ' || array_to_string(conflict.places, ', ')",
)
CONFLICT_ROWS = f"""
    INSERT INTO raw.quarantined_row
    SELECT
        file.source, file.name, conflict.sheet, conflict."row", conflict.differing[1], conflict."value", rule.rule,
        {_CONFLICT},
        file.run_id, file.purpose
    FROM settling.conflict
    JOIN settling.file USING (no)
    JOIN settling.rule ON rule.rule = $rule
    ORDER BY file.source, file.name, conflict.sheet, conflict."row\""""

# Rows that say what another row of their key and moment says, which stays in their place.
NO_TWINS = "CREATE OR REPLACE TEMP TABLE twin_of_another (_no BIGINT, _sheet VARCHAR, _row BIGINT)"
TWINS = "INSERT INTO temp.twin_of_another SELECT _no, _sheet, _row FROM temp.removed WHERE NOT conflict"

UNLINKED = """
    INSERT INTO raw.unlinked_row
    SELECT
        file.source, file.name, unlinked.sheet, unlinked."row", unlinked."name",
        coalesce(suggestion.suggestions, []), file.purpose
    FROM settling.unlinked
    JOIN settling.file USING (delivery_id)
    LEFT JOIN settling.suggestion ON suggestion.name_form = name_form(unlinked."name")
    ORDER BY file.source, file.name, unlinked.sheet, unlinked."row", unlinked."name\""""

ISSUES = """
    INSERT INTO settling.issue
    SELECT file.no, _sheet, _row, column_name, "value", rule, severity, detail_zh, detail_en
    FROM read_parquet($issues, filename => true) AS found
    JOIN settling.file ON file.issues = found.filename"""

ISSUE_ROWS = f"""
    INSERT INTO raw.{{table}}
    SELECT
        file.source, file.name, issue.sheet, issue."row", issue.column_name, issue."value", issue.rule,
        {_MESSAGES.format(zh="issue.detail_zh", en="issue.detail_en")},
        file.run_id, file.purpose
    FROM settling.issue
    JOIN settling.file USING (no)
    LEFT JOIN settling.rule USING (rule)
    WHERE issue.severity = $severity
    ORDER BY file.source, file.name, issue.sheet, issue."row", issue.column_name, issue.rule"""

DELIVERY = """
    CREATE TABLE raw.delivery AS
    SELECT
        source, "name", sha256, delivery_id, purpose, delivered_on, run_id, rows_read,
        accepted - coalesce(conflict_count.n, 0) AS rows_accepted,
        quarantined + coalesce(conflict_count.n, 0) AS rows_quarantined,
        skipped AS rows_skipped,
        refused_code, refused_zh, refused_en
    FROM settling.file
    LEFT JOIN (SELECT no, count(*) AS n FROM settling.conflict GROUP BY no) AS conflict_count USING (no)
    ORDER BY source, "name", delivery_id"""

# Counted from the rows themselves, not from what the receipt claims.
NOT_CONSERVED = """
    WITH
    quarantine AS (
        SELECT no, count(DISTINCT (sheet, "row")) AS n
        FROM settling.issue
        WHERE severity = 'quarantine'
        GROUP BY no
    ),
    counted AS (
        SELECT
            file.source, file."name", file.rows_read, file.skipped,
            coalesce(typed_count.n, 0) AS typed, coalesce(quarantine.n, 0) AS set_aside,
            delivery.rows_accepted, delivery.rows_quarantined, delivery.rows_skipped,
            file.accepted, file.quarantined
        FROM settling.file
        JOIN raw.delivery USING (delivery_id)
        LEFT JOIN settling.typed_count USING (no)
        LEFT JOIN quarantine USING (no)
    )
    SELECT source || '/' || "name" || ': ' || CAST(counted AS VARCHAR) FROM counted
    WHERE rows_read <> rows_accepted + rows_quarantined + rows_skipped
        OR rows_accepted < 0
        OR typed <> accepted
        OR set_aside <> quarantined
    ORDER BY 1"""
