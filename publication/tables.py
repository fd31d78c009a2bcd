"""Tables as CSV and Parquet: the same bytes for the same rows, and nothing that a spreadsheet would run.

Belongs here: the two file formats. Does not: which tables are public, workbooks (workbook.py).

CSV: UTF-8 with a byte order mark (Excel in China takes a file without one for GBK), text always quoted, a
missing value empty, an empty text `""`. Spreadsheets run quoted cells too, so a text cell that begins with an
operator (after any white or invisible characters), a tab, a line break or an apostrophe gets one apostrophe
before it. To undo it, drop the first character of every text cell that begins with an apostrophe. Parquet,
XLSX and the databases hold the text itself.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from publication.databases import identifier

_BOM = b"\xef\xbb\xbf"
# = + - @ and every character that NFKC or an input method turns into one of them.
_LIVE = r"\A([\s\p{Z}\p{C}]*[=＝﹦⁼₌+＋﹢⁺₊\-－﹣⁻₋−@＠﹫]|[\t\r\n'])"


def to_csv(table: pa.Table, *, bom: bool = True) -> bytes:
    """A table as CSV, neutral in spreadsheets (see the module's rule); lists and structs as JSON text."""
    sink = io.BytesIO()
    if bom:
        sink.write(_BOM)
    flat = flatten(table)
    neutral = [
        pc.replace_substring_regex(column, pattern=_LIVE, replacement=r"'\1")
        if pa.types.is_string(column.type)
        else column
        for column in flat.columns
    ]
    # A title may be data too: a pivot makes titles of names.
    titles = pc.replace_substring_regex(
        pa.array(flat.column_names, pa.string()), pattern=_LIVE, replacement=r"'\1"
    )
    pa_csv.write_csv(pa.table(neutral, names=titles.to_pylist()), sink)
    return sink.getvalue()


def to_parquet(table: pa.Table, description: str, columns: Mapping[str, str]) -> bytes:
    """A table as Parquet, its descriptions in the schema's metadata."""
    fields = [
        pa.field(field.name, field.type, metadata={"description": columns.get(field.name, "")})
        for field in table.schema
    ]
    schema = pa.schema(fields, metadata={"description": description} if description else None)
    sink = io.BytesIO()
    # One chunk and a fixed group size: how the rows arrived must not show in the bytes.
    pq.write_table(table.cast(schema).combine_chunks(), sink, row_group_size=131_072, compression="zstd")
    return sink.getvalue()


def to_json(table: pa.Table) -> str:
    """A table as a JSON array of objects, one line a row; numbers exact, infinity and not-a-number null."""
    finite = [
        pc.if_else(pc.is_finite(column), column, None) if pa.types.is_floating(column.type) else column
        for column in table.columns
    ]
    with _memory(pa.table(finite, names=table.column_names)) as con:
        rows = con.sql("SELECT to_json(given)::VARCHAR FROM given").fetchall()
    return "[" + ",\n ".join(row for (row,) in rows) + "]\n"


def flatten(table: pa.Table) -> pa.Table:
    """The same table with lists and structs as JSON text and every other type as it was."""
    nested = [pa.types.is_nested(field.type) for field in table.schema]
    if not any(nested):
        return table
    names = [identifier(name) for name in table.column_names]
    columns = (
        f"to_json({name})::VARCHAR AS {name}" if is_nested else name
        for name, is_nested in zip(names, nested, strict=True)
    )
    with _memory(table) as con:
        return con.sql(f"SELECT {', '.join(columns)} FROM given").to_arrow_table()


def _memory(table: pa.Table) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.register("given", table)
    return con
