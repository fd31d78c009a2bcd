"""退回修改单: the rows that were kept out, in a sheet that their provider mends and delivers again.

Belongs here: which rows go back, and the look of the sheet. Not here: the workbook around it (`receipts`), how a mended
sheet is known and read (`mark`, `typed`). Cells stand as they were delivered, in the unit of their file; the bad ones
are coloured, and the row says why in words. Nothing delivered is a formula or a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ingestion.contract import Column, Source
from ingestion.intake import Taken
from ingestion.macros import identifier
from ingestion.mark import MARK, REASON, mark_sql
from ingestion.template import add_choices, words
from ingestion.typed import ANSWERED, RETURNED
from ingestion.units import read_units

if TYPE_CHECKING:
    import duckdb
    import xlsxwriter

# Whoever has more rows to mend than this mends the file they came from; and a receipt must not hold up a run.
ROWS = 2_000
_TITLE, _ADVICE, _HEADER, _FIRST = range(4)
_CONFLICT = "conflicting_rows"

_TABLES = (
    """CREATE OR REPLACE TEMP TABLE returned_reason AS
    SELECT
        no, sheet, "row", list(column_name ORDER BY column_name, rule) AS columns,
        list(struct_pack(
            column_name,
            reason := rule.zh || coalesce('：' || nullif(detail_zh, ''), '') || '。' || rule.advice_zh
        ) ORDER BY column_name, rule) AS reasons
    FROM temp.issue JOIN temp.rule USING (rule)
    WHERE severity = 'quarantine'
    GROUP BY ALL""",
)
# A later file of the same name stands in for the earlier one, and so does a later whole of the source; a mended sheet
# answers row by row.
_CURRENT = """
    SELECT file.* FROM temp.file
    WHERE file.source = $source AND NOT file.is_delete AND NOT EXISTS (
        FROM temp.file AS later
        WHERE later.source = file.source AND later.moment > file.moment
            AND later.accepted > 0 AND NOT later.corrects
            AND (later.name = file.name OR (later.is_full AND $whole))
    )"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Gather the reasons of all rows that were kept out; `settle` must have run on this connection."""
    for statement in _TABLES:
        con.execute(statement)


def write_returned(
    con: duckdb.DuckDBPyConnection, book: xlsxwriter.Workbook, source: Source, taken: Iterable[Taken]
) -> int:
    """Add a sheet for each unit and use in which rows of the source wait to be mended; how many rows those are."""
    n = _collect(con, source, list(taken))
    if not n:
        return 0
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True, "border": 1, "text_wrap": True, "bg_color": "#DDEBF7"}),
        "text": book.add_format({"num_format": "@"}),
        "bad": book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "border": 1}),
        "reason": book.add_format({"text_wrap": True, "font_color": "#9C0006", "valign": "top"}),
        "grey": book.add_format({"font_color": "#808080", "num_format": "@"}),
    }
    left = ROWS
    groups = con.execute("SELECT units, count(*) FROM temp.returned GROUP BY units ORDER BY units").fetchall()
    for number, (units, rows) in enumerate(groups, start=1):
        if left > 0:
            title = "退回修改" + (f" {number}" if len(groups) > 1 else "")
            _sheet(con, book.add_worksheet(title), source, units, (min(rows, left), n), formats)
            left -= rows
    return n


def _collect(con: duckdb.DuckDBPyConnection, source: Source, taken: list[Taken]) -> int:
    """Make temp.returned: the rows of the source that wait to be mended, every cell as text."""
    names = [identifier(name) for name in source.columns]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE returned (mark VARCHAR, units VARCHAR, file VARCHAR,"
        ' sheet VARCHAR, "row" BIGINT, bad VARCHAR[], reasons STRUCT(column_name VARCHAR, reason VARCHAR)[],'
        f" {', '.join(f'{name} VARCHAR' for name in names)})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE returned_file AS {_CURRENT}",
        {"source": source.name, "whole": not source.scope},
    )
    files = [i for (i,) in con.execute("SELECT delivery_id FROM temp.returned_file ORDER BY no").fetchall()]
    mine = {one.delivery.delivery_id: one for one in taken if one.delivery.source == source.name}
    paths = [str(one.folder / RETURNED) for i in files if (one := mine.get(i)) and one.receipt.quarantined]
    answers = [str(one.folder / ANSWERED) for one in mine.values() if one.receipt.corrects]
    if paths:
        con.execute(_KEPT_OUT.format(cells=", ".join(f"kept.{name}" for name in names)), {"paths": paths})
    if con.execute(
        "SELECT count(*) FROM temp.conflict_row SEMI JOIN temp.returned_file USING (no)"
    ).fetchall()[0][0]:
        cells = ", ".join(_shown(column) for column in source.columns.values())
        money = ";".join(
            f"{c.name}=元" for c in sorted(source.columns.values(), key=_name) if c.type == "money"
        )
        typed = [path for (path,) in con.execute(_CONFLICT_FILES).fetchall()]
        con.execute(_CONFLICTS.format(cells=cells), {"paths": typed, "units": money, "rule": _CONFLICT})
    if answers:
        # What was answered is done with: if it is still wrong, the answer's own row waits.
        con.execute(
            "DELETE FROM temp.returned WHERE mark IN (SELECT mark FROM read_parquet($a))", {"a": answers}
        )
    return int(con.execute("SELECT count(*) FROM temp.returned").fetchall()[0][0])


def _name(column: Column) -> str:
    return column.name


_KEPT_OUT = f"""
    INSERT INTO temp.returned
    SELECT
        {mark_sql("file.delivery_id", "file.administrative", "kept._sheet", "kept._row")},
        coalesce(kept._units, ''), file.name, kept._sheet, kept._row, reason.columns, reason.reasons, {{cells}}
    FROM read_parquet($paths, filename => true) AS kept
    JOIN temp.returned_file AS file ON replace(file.path, 'rows.parquet', '{RETURNED}') = kept.filename
    JOIN temp.returned_reason AS reason
        ON reason.no = file.no AND reason.sheet = kept._sheet AND reason."row" = kept._row"""

_CONFLICT_FILES = """
    SELECT DISTINCT file.path FROM temp.conflict_row JOIN temp.returned_file AS file USING (no) ORDER BY 1"""

# Rows that contradict each other were read well: they stand as they were understood, money in yuan.
_CONFLICTS = f"""
    INSERT INTO temp.returned
    SELECT
        {mark_sql("file.delivery_id", "file.administrative", "typed._sheet", "typed._row")},
        $units, file.name, typed._sheet, typed._row, conflict.differing,
        [{{{{'column_name': '', 'reason': rule.zh || '：' || conflict.detail || '。' || rule.advice_zh}}}}], {{cells}}
    FROM read_parquet($paths, filename => true, file_row_number => true) AS typed
    JOIN temp.returned_file AS file ON file.path = typed.filename
    JOIN temp.conflict_row AS conflict ON conflict.no = file.no AND conflict.line = typed.file_row_number
    JOIN temp.rule ON rule.rule = $rule"""


def _shown(column: Column) -> str:
    """A typed cell as text that is read as the same value."""
    cell = f"typed.{identifier(column.name)}"
    if column.type == "bool":
        return f"CASE WHEN {cell} THEN '是' ELSE '否' END"
    if column.type == "month":
        return f"strftime({cell}, '%Y-%m')"
    if column.type == "list":
        return f"array_to_string(list_transform({cell}, lambda place: coalesce(place, '')), '；')"
    if column.type in ("money", "decimal"):
        text = f"CAST(CAST({cell} AS DECIMAL(24,6)) AS VARCHAR)"
        return f"rtrim(rtrim({text}, '0'), '.')"
    return f"CAST({cell} AS VARCHAR)"


def _sheet(
    con: duckdb.DuckDBPyConnection,
    sheet: Any,
    source: Source,
    units: str,
    counts: tuple[int, int],
    formats: Mapping[str, Any],
) -> None:
    rows, of = counts
    columns, unit = list(source.columns.values()), read_units(units)
    last = _FIRST + rows - 1
    sheet.set_column(0, 0, 20, formats["grey"])
    sheet.set_column(1, 1, 60, formats["text"])
    sheet.write_string(_TITLE, 0, f"退回修改单：{source.title}", formats["title"])
    more = f"共 {of:,} 行待改，这里是前 {rows:,} 行；其余请在原文件中改正后重新报送。" if of > rows else ""
    sheet.write_string(
        _ADVICE,
        0,
        "请改正红色单元格，其余照旧，保留“退回编号”列，存盘后把本文件放回收件夹；系统逐行更新，不影响其他数据。"
        + more,
    )
    sheet.write_string(_HEADER, 0, MARK, formats["bold"])
    sheet.write_string(_HEADER, 1, REASON, formats["bold"])
    for place, column in enumerate(columns, start=2):
        title = column.headers[0] + (f"（{unit.get(column.name, '元')}）" if column.type == "money" else "")
        sheet.set_column(place, place, max(12, 2 * len(title) + 2), formats["text"])
        sheet.write_string(_HEADER, place, title, formats["bold"])
        sheet.write_comment(_HEADER, place, "\n".join(words(column)), {"x_scale": 1.8})
        add_choices(sheet, column, place, _FIRST, last)
    sheet.freeze_panes(_FIRST, 2)
    titles = {column.name: column.headers[0] for column in columns}
    cells = ", ".join(identifier(name) for name in source.columns)
    found = con.execute(
        f"""
        SELECT mark, file, sheet, "row", bad, reasons, {cells} FROM temp.returned
        WHERE units = $units ORDER BY file, sheet, "row" LIMIT $rows""",
        {"units": units, "rows": rows},
    ).fetchall()
    for line, (mark, file, of_sheet, row, bad, reasons, *values) in enumerate(found, start=_FIRST):
        where = f"〔{'/'.join(filter(None, (file, of_sheet)))} 第 {row} 行〕"
        said = [f"{titles.get(one['column_name'], '')}：{one['reason']}".lstrip("：") for one in reasons]
        sheet.write_string(line, 0, mark, formats["grey"])
        sheet.write_string(line, 1, "\n".join([*said, where]), formats["reason"])
        for place, (column, value) in enumerate(zip(columns, values, strict=True), start=2):
            form = formats["bad" if column.name in bad else "text"]
            if value is not None:
                sheet.write_string(line, place, value, form)
            else:
                sheet.write_blank(line, place, None, form)
