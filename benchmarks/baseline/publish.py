"""What people open.

Not here: what it says.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb


def publish(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """What people open: CSV, Parquet and a workbook each."""
    import xlsxwriter

    for table in ("coverage", "indicator_value", "gap_list"):
        con.sql(f"copy {table} to '{out / table}.csv' (header)")
        con.sql(f"copy {table} to '{out / table}.parquet' (compression zstd)")
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(out / f"{table}.xlsx"), options) as book:
            sheet = book.add_worksheet(table)
            relation = con.table(table)
            sheet.write_row(0, 0, relation.columns)
            for number, row in enumerate(relation.fetchall(), start=1):
                sheet.write_row(
                    number, 0, [float(cell) if isinstance(cell, Decimal) else cell for cell in row]
                )
