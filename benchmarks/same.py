"""Whether InnoStat's release and the script's output say the same: else it is no yardstick.

Here: comparing the cells of every table that the script makes, in every column that it fills. It writes no notes, messages
or run ids, and makes no tables of evidence, of warnings, of names that wait, of checks or of earlier releases.
Not here: measuring.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

# What stands in both under the same name; where the script names what it leaves out, those rows are passed over.
TABLES = (
    "coverage", "indicator_value", "coverage_change", "conversion_needed", "sensitivity", "obligation_status",
    "confidential_obligation_status", "one_step_away", "tier_crossing", "gap_list", "outside_register", "enterprise",
    "quarantined_row", "delivery", "indicator",
)  # fmt: skip
ELSEWHERE = {"confidential_obligation_status": "confidential.main.obligation_status"}
PASSED_OVER = dict.fromkeys(("indicator_value", "indicator"), "indicator_id not in (from theirs.left_out)")
NEVER_EMPTY = ("coverage", "indicator_value")  # two that say nothing agree in nothing
SHOWN = 12


def differences(home: Path, script: Path) -> str:
    """Empty where both have the same rows in all tables; else what differs, in short."""
    con = duckdb.connect()
    for name, path in (
        ("warehouse", home / "releases/current/warehouse.duckdb"),
        ("confidential", home / "releases/current/confidential.duckdb"),
        ("theirs", script / "warehouse.duckdb"),
    ):
        con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
    found = [_difference(con, table) for table in TABLES]
    con.close()
    return "".join(found)


def _difference(con: duckdb.DuckDBPyConnection, table: str) -> str:
    columns = con.execute(f"describe theirs.main.{table}").fetchall()
    shown = ", ".join(_comparable(column, kind) for column, kind, *_ in columns)
    ours, theirs = (
        f"select {shown} from {place} where {PASSED_OVER.get(table, 'true')}"
        for place in (ELSEWHERE.get(table, f"warehouse.main.{table}"), f"theirs.main.{table}")
    )
    total = con.execute(f"select count(*) from ({ours})").fetchall()[0][0]
    only = con.execute(
        f"select * from (select 'innostat' as who, * from (({ours}) except all ({theirs})) union all "
        f"select 'script' as who, * from (({theirs}) except all ({ours}))) order by columns(* exclude (who)), who"
    ).fetchall()
    if not only and (total or table not in NEVER_EMPTY):
        return ""
    return f"\n  {table}: {len(only)} rows of {total}\n    " + "\n    ".join(map(str, only[:SHOWN]))


def _comparable(column: str, kind: str) -> str:
    """Numbers to twelve digits: the order of a sum changes the last ones."""
    if kind == "DOUBLE" or kind.startswith(("DECIMAL", "HUGEINT")):
        return f"format('{{:.12g}}', round({column}::double, 12) + 0.0) as {column}"
    return f"{column}::bigint as {column}" if kind in ("INTEGER", "BIGINT") else column
