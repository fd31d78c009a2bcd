"""Receipts: for each source a workbook that tells its provider what was accepted, what was not, and why.

Belongs here: the look of the receipt. Does not belong here: any decision about a row, which `typed` and
`settle` have made, and the sheet that comes back mended (`returned`).
Everything delivered is written as text: nothing in a receipt is a formula or a link. What
a survey delivered stands in it, so a receipt is for its owner's eyes only (mode 0600).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter

from ingestion.contract import Source
from ingestion.intake import Taken
from ingestion.macros import literal
from ingestion.returned import Returned
from ingestion.template import for_paper

if TYPE_CHECKING:
    import duckdb

ROWS_A_SHEET = 1_000_000  # Excel has 1,048,576
_CELL = 32_767
_AT_ONCE = 10_000
_IN_MEMORY = 20_000  # rows
_WRITERS = 2

_MADE_OF = {
    "raw": ("run_setting", "delivery", "quarantined_row", "warned_row", "unlinked_row"),
    "settling": ("file", "rule", "issue", "conflict"),
}
_ROWS_OF = """
    SELECT source, count(*) FROM (
        SELECT source FROM raw.quarantined_row UNION ALL SELECT source FROM raw.warned_row
        UNION ALL SELECT source FROM raw.unlinked_row
    ) GROUP BY source"""

_FILES = [
    ("文件 File", 40),
    ("报送日期 Delivered on", 14),
    ("首次读取 First loaded by", 14),
    ("读取行数 Rows read", 12),
    ("接受 Accepted", 12),
    ("隔离 Quarantined", 12),
    ("跳过 Skipped", 12),
    ("结果", 60),
    ("Outcome", 60),
]
_ROWS = [
    ("文件 File", 40),
    ("工作表 Sheet", 14),
    ("行 Row", 8),
    ("列 Column", 24),
    ("单元格内容 Value", 24),
    ("原因与办法", 70),
    ("Reason and what to do", 90),
    ("规则 Rule", 20),
]
_NAMES = [
    ("文件 File", 40),
    ("工作表 Sheet", 14),
    ("行 Row", 8),
    ("名称 Name", 40),
    ("可能的企业（由人决定） Perhaps (a person decides)", 110),
]


def set_aside(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Copy what receipts are made of from the settled database into one of its own, so that neither waits for the other."""
    con.execute(f"ATTACH {literal(str(path))} AS aside")
    for schema, tables in _MADE_OF.items():
        con.execute(f"CREATE SCHEMA aside.{schema}")
        for table in tables:
            con.execute(f"CREATE TABLE aside.{schema}.{table} AS FROM {schema}.{table}")
    con.execute("DETACH aside")


def write_receipts(
    con: duckdb.DuckDBPyConnection, contracts: Mapping[str, Source], taken: Iterable[Taken], folder: Path
) -> list[Path]:
    """Write `<source>.xlsx` for each source that has a file in the settled database, or in what was set aside of it."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = list(taken)
    returned = Returned(con, contracts, taken)
    remarks = {one.delivery.delivery_id: one for one in taken}
    sources = [
        name for (name,) in con.execute("SELECT DISTINCT source FROM raw.delivery ORDER BY 1").fetchall()
    ]
    # The temporary files of constant memory cost more than all the rest (4.5 s of 6 for 37 sources); few receipts are so
    # long that they must not be held in memory.
    rows = dict(con.execute(_ROWS_OF).fetchall())

    def write(name: str) -> Path:
        with closing(con.cursor()) as mine:
            long = rows.get(name, 0) > _IN_MEMORY
            return _write(mine, contracts[name], remarks, returned, folder / f"{name}.xlsx", long=long)

    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(write, sources))


def _write(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    taken: Mapping[str, Taken],
    returned: Returned,
    path: Path,
    *,
    long: bool,
) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": long,
                "in_memory": not long,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        # The same data give the same bytes: the time of writing is no part of a receipt.
        (as_of,) = con.execute("SELECT as_of FROM raw.run_setting").fetchall()[0]
        book.set_properties(
            {"title": f"{source.title} {source.name}", "created": datetime.combine(as_of, time())}
        )
        returned.write(con, book, source)
        _sheet(book, "文件 Files", _FILES, _files(con, source, taken))
        _sheet(book, "隔离的行 Quarantined", _ROWS, _rows(con, source, "quarantined_row"))
        _sheet(book, "提示 Warnings", _ROWS, _rows(con, source, "warned_row"))
        _sheet(book, "未关联 Unlinked", _NAMES, _names(con, source))
        book.close()
    return path


def _sheet(book: Any, title: str, columns: Sequence[tuple[str, int]], rows: Iterator[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(title)
    heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    sheet.freeze_panes(1, 0)
    for_paper(sheet, 1)
    for place, (name, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, heading)
    for number, row in enumerate(rows, start=1):
        if number > ROWS_A_SHEET:
            sheet.write_string(number, 0, "……（其余见 warehouse.duckdb） … (the rest is in warehouse.duckdb)")
            break
        for place, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, place, value)
            elif value is not None:
                sheet.write_string(number, place, str(value)[:_CELL])


def _files(con: duckdb.DuckDBPyConnection, source: Source, taken: Mapping[str, Taken]) -> Iterator[list[Any]]:
    rows = con.execute(
        """
        SELECT
            name, delivered_on, run_id, rows_read, rows_accepted, rows_quarantined, rows_skipped,
            delivery_id, refused_zh, refused_en
        FROM raw.delivery WHERE source = ? ORDER BY delivered_on, run_id, name, delivery_id
        """,
        [source.name],
    ).fetchall()
    for *facts, delivery_id, refused_zh, refused_en in rows:
        notes = taken[delivery_id].receipt.notes if delivery_id in taken else ()
        zh = [f"整个文件未接受：{refused_zh}"] if refused_zh else ["已读取"]
        en = [f"the file was refused: {refused_en}"] if refused_en else ["read"]
        yield [
            *facts,
            "；".join(zh + [note.zh for note in notes]),
            "; ".join(en + [note.en for note in notes]),
        ]


def _rows(con: duckdb.DuckDBPyConnection, source: Source, table: str) -> Iterator[list[Any]]:
    titles = {name: f"{column.headers[0]} {name}" for name, column in source.columns.items()}
    query = f"""
        SELECT file, sheet, "row", column_name, value, message_zh, message_en, rule FROM raw.{table}
        WHERE source = ? ORDER BY file, sheet, "row", column_name, rule
    """
    for file, sheet, row, column, value, zh, en, rule in _fetch(con, query, source):
        yield [file, sheet, row, titles.get(column, column), value, zh, en, rule]


def _names(con: duckdb.DuckDBPyConnection, source: Source) -> Iterator[list[Any]]:
    query = """
        SELECT
            file, sheet, "row", name,
            array_to_string(
                list_transform(
                    suggestions,
                    lambda one: concat(one.name, ' ', one.uscc, ' (', round(one.score)::INTEGER, ')')
                ),
                '；'
            )
        FROM raw.unlinked_row WHERE source = ? ORDER BY file, sheet, "row", name
    """
    yield from _fetch(con, query, source)


def _fetch(con: duckdb.DuckDBPyConnection, query: str, source: Source) -> Iterator[Any]:
    result = con.execute(query, [source.name])
    while rows := result.fetchmany(_AT_ONCE):
        yield from rows
