"""What people open: the public tables as CSV, Parquet and one workbook, and the restricted gap list as a workbook.

Not here: what they say, and which cells may not be told.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import duckdb

PUBLIC = ("coverage", "indicator_value", "indicator")
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def publish(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write all of them."""
    (out / "public").mkdir()
    (out / "restricted").mkdir()
    for table in PUBLIC:
        con.execute(f"copy {table} to '{out}/public/{table}.csv' (header)")
        con.execute(f"copy {table} to '{out}/public/{table}.parquet' (compression zstd)")
    workbook(con, out / "public" / "indicators.xlsx", {table: f"from {table}" for table in PUBLIC})
    years = con.execute(
        "select distinct reference_year from gap_list order by reference_year desc"
    ).fetchall()
    workbook(con, out / "restricted" / "gap_list.xlsx",
             {str(year): f"from gap_list where reference_year = {year}" for (year,) in years})  # fmt: skip


def workbook(con: duckdb.DuckDBPyConnection, path: Path, queries: dict[str, str]) -> None:
    """A workbook of plain sheets: the engine writes the cells, for libraries take microseconds for each of them."""
    numbers = range(1, len(queries) + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        + "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{KIND}.worksheet+xml"/>' for n in numbers)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, queries, strict=True))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
        + "".join(f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
        + "</Relationships>",
    }  # fmt: skip
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in parts.items():
            book.writestr(name, text)
        for n, query in zip(numbers, queries.values(), strict=True):
            columns = con.execute(f"describe {query}").fetchall()
            head = "".join(f'<c t="inlineStr"><is><t>{column}</t></is></c>' for column, *_ in columns)
            cells = " || ".join(cell(column, kind) for column, kind, *_ in columns)
            rows = con.execute(
                f"select string_agg(row, '') from (select '<row>' || {cells} || '</row>' as row from ({query}))"
            ).fetchall()
            book.writestr(f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{SHEETS}"><sheetData><row>{head}</row>{rows[0][0] or ""}</sheetData></worksheet>')  # fmt: skip


def cell(column: str, kind: str) -> str:
    """The markup of a cell, as SQL."""
    if kind in ("VARCHAR", "BOOLEAN", "DATE"):
        text = f"replace(replace({column}::varchar, '&', '&amp;'), '<', '&lt;')"
        return f"coalesce('<c t=\"inlineStr\"><is><t>' || {text} || '</t></is></c>', '<c/>')"
    return f"coalesce('<c><v>' || {column} || '</v></c>', '<c/>')"
