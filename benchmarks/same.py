"""Whether InnoStat's release and the script's output say the same: else it is no yardstick.

Here: comparing the cells of every table that the script makes, in every column that it fills. Not here: measuring.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

# What stands in both, by the release's database; where the script names what it leaves out, those rows are passed over.
TABLES = {
    "coverage": "warehouse",
    "indicator_value": "warehouse",
    "coverage_change": "warehouse",
}
PASSED_OVER = {"indicator_value": "indicator_id not in (from theirs.left_out)"}
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
    found = [_difference(con, table, database) for table, database in TABLES.items()]
    con.close()
    return "".join(found)


def _difference(con: duckdb.DuckDBPyConnection, table: str, database: str) -> str:
    name, schema = table.rpartition(".")[2], table.rpartition(".")[0] or "main"
    columns = con.execute(f"describe theirs.main.{table.replace('.', '_')}").fetchall()
    shown = ", ".join(_comparable(column, kind) for column, kind, *_ in columns)
    where = PASSED_OVER.get(table, "true")
    ours = f"select {shown} from {database}.{schema}.{name} where {where}"
    theirs = f"select {shown} from theirs.main.{table.replace('.', '_')} where {where}"
    total = con.execute(f"select count(*) from ({ours})").fetchall()[0][0]
    only = con.execute(
        f"select * from (select 'innostat' as who, * from (({ours}) except all ({theirs})) union all "
        f"select 'script' as who, * from (({theirs}) except all ({ours}))) order by columns(* exclude (who)), who"
    ).fetchall()
    if not only and total:
        return ""
    return f"\n  {table}: {len(only)} rows of {total}\n    " + "\n    ".join(map(str, only[:SHOWN]))


def _comparable(column: str, kind: str) -> str:
    """Numbers to twelve digits: the order of a sum changes the last ones."""
    if kind == "DOUBLE" or kind.startswith(("DECIMAL", "HUGEINT")):
        return f"format('{{:.12g}}', round({column}::double, 12) + 0.0) as {column}"
    return f"{column}::bigint as {column}" if kind in ("INTEGER", "BIGINT") else column
