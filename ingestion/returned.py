"""退回修改单: the rows that were kept out, in a sheet that their provider mends and delivers again.

Belongs here: which rows go back, and the look of the sheet. Not here: the workbook around it (`receipts`), how a mended
sheet is known and read (`mark`, `typed`). Cells stand as they were delivered, in the unit of their file; the bad ones
are coloured, and the row says why in words. Nothing delivered is a formula or a link.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ingestion.contract import Source
from ingestion.intake import Taken
from ingestion.macros import identifier
from ingestion.mark import MARK, REASON, mark_sql, shown_sql
from ingestion.settle_sql import CONFLICT
from ingestion.template import add_choices, for_paper, words
from ingestion.typed import ANSWERED, RETURNED
from ingestion.units import read_units

if TYPE_CHECKING:
    import duckdb
    import xlsxwriter

# Whoever has more rows to mend than this mends the file they came from; and a receipt must not hold up a run.
ROWS = 2_000
SHEET = "退回修改"
_TITLE, _ADVICE, _HEADER, _FIRST = range(4)

_REASONS = """
    CREATE OR REPLACE TABLE settling.returned_reason AS
    SELECT
        no, sheet, "row", list(column_name ORDER BY column_name, rule) AS columns,
        list(struct_pack(
            column_name,
            reason := rule.zh || coalesce('：' || nullif(detail_zh, ''), '') || '。' || rule.advice_zh
        ) ORDER BY column_name, rule) AS reasons
    FROM settling.issue JOIN settling.rule USING (rule)
    WHERE severity = 'quarantine'
    GROUP BY ALL"""
# A later file of the same name stands in for the earlier one, and so does a later whole of the source; a mended sheet
# answers row by row.
_CURRENT = """
    CREATE OR REPLACE TABLE settling.returned_file AS
    SELECT file.* FROM settling.file
    WHERE NOT file.is_delete AND NOT EXISTS (
        FROM settling.file AS later
        WHERE later.source = file.source AND later.moment > file.moment
            AND later.accepted > 0 AND NOT later.corrects
            AND (later.name = file.name OR (later.is_full AND later.source IN (SELECT unnest($whole))))
    )"""
_KEPT_OUT = f"""
    SELECT
        {mark_sql("file.delivery_id", "file.administrative", "kept._sheet", "kept._row")} AS mark,
        coalesce(kept._units, '') AS units, file.name AS file, kept._sheet AS sheet, kept._row AS "row",
        mark AS clash, reason.columns AS bad, reason.reasons, {{cells}}
    FROM read_parquet($kept, filename => true) AS kept
    JOIN settling.returned_file AS file ON file.folder || '/{RETURNED}' = kept.filename
    JOIN settling.returned_reason AS reason
        ON reason.no = file.no AND reason.sheet = kept._sheet AND reason."row" = kept._row"""
# Rows that contradict each other were read well: they stand as they were understood, money in yuan.
_CONFLICTS = f"""
    SELECT
        {mark_sql("file.delivery_id", "file.administrative", "typed._sheet", "typed._row")} AS mark,
        $units AS units, file.name AS file, typed._sheet AS sheet, typed._row AS "row", conflict.clash,
        conflict.differing AS bad,
        [{{{{
            'column_name': '',
            'reason': rule.zh || '：' || array_to_string(conflict.titles, '、') || '；'
                || array_to_string(conflict.places, '、') || '。' || rule.advice_zh
        }}}}] AS reasons,
        {{cells}}
    FROM read_parquet($typed, filename => true, file_row_number => true) AS typed
    JOIN settling.returned_file AS file ON file.path = typed.filename
    JOIN settling.conflict ON conflict.no = file.no AND conflict.line = typed.file_row_number
    JOIN settling.rule ON rule.rule = '{CONFLICT}'"""


class Returned:
    """What waits to be mended, source by source; `settle` must have run on the connection."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, contracts: Mapping[str, Source], taken: Iterable[Taken]
    ) -> None:
        con.execute(_REASONS)
        con.execute(_CURRENT, {"whole": [name for name, source in contracts.items() if not source.scope]})
        current = {i for (i,) in con.execute("SELECT delivery_id FROM settling.returned_file").fetchall()}
        self._kept, self._answers = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for one in taken:
            if one.delivery.delivery_id in current and one.receipt.quarantined:
                self._kept[one.delivery.source].append(str(one.folder / RETURNED))
            if one.receipt.corrects:
                self._answers[one.delivery.source].append(str(one.folder / ANSWERED))
        self._typed = dict(
            con.execute("""
                SELECT source, list(DISTINCT path ORDER BY path)
                FROM settling.conflict JOIN settling.returned_file USING (no) GROUP BY source""").fetchall()
        )

    def write(self, con: duckdb.DuckDBPyConnection, book: xlsxwriter.Workbook, source: Source) -> int:
        """Add a sheet for each unit in which rows of the source wait; how many rows those are."""
        rows = self._rows(con, source)
        if not rows:
            return 0
        formats = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "bold": book.add_format({"bold": True, "border": 1, "text_wrap": True, "bg_color": "#DDEBF7"}),
            "text": book.add_format({"num_format": "@"}),
            "bad": book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "border": 1}),
            "reason": book.add_format({"text_wrap": True, "font_color": "#9C0006", "valign": "top"}),
            "grey": book.add_format({"font_color": "#808080", "num_format": "@"}),
        }
        total, several = rows[0][0], rows[0][1] != rows[-1][1]
        for number, (units, group) in enumerate(groupby(rows, key=itemgetter(1)), start=1):
            sheet = book.add_worksheet(f"{SHEET} {number}" if several else SHEET)
            _sheet(sheet, source, units, [row[2:] for row in group], formats)
            if total > len(rows):
                more = f"共 {total:,} 行待改，这里只列前 {len(rows):,} 行；其余请在原文件中改正后重新报送。"
                sheet.write_string(_TITLE, 2, more, formats["reason"])
        return int(total)

    def _rows(self, con: duckdb.DuckDBPyConnection, source: Source) -> list[Any]:
        """The rows of the source that wait, every cell as text, after the number of all of them and their units."""
        parts, given = [], dict[str, Any]()
        names = [identifier(name) for name in source.columns]
        if self._kept[source.name]:
            parts.append(_KEPT_OUT.format(cells=", ".join(f"kept.{name}" for name in names)))
            given["kept"] = self._kept[source.name]
        if source.name in self._typed:
            columns = source.columns.values()
            shown = (f"{shown_sql(c)} AS {name}" for c, name in zip(columns, names, strict=True))
            parts.append(_CONFLICTS.format(cells=", ".join(shown)))
            given["typed"] = self._typed[source.name]
            given["units"] = ";".join(sorted(f"{c.name}=元" for c in columns if c.type == "money"))
        if not parts:
            return []
        # What was answered is done with: if it is still wrong, the answer's own row waits. Of rows that contradict each
        # other one answer is enough: the rest was dropped.
        answered = ""
        if self._answers[source.name]:
            answered = """
                QUALIFY NOT bool_or(mark IN (SELECT mark FROM read_parquet($answers))) OVER (PARTITION BY clash)"""
            given["answers"] = self._answers[source.name]
        query = f"""
            SELECT count(*) OVER (), units, mark, file, sheet, "row", bad, reasons, {", ".join(names)}
            FROM (FROM ({" UNION ALL ".join(parts)}) {answered}) AS waiting
            ORDER BY units, file, sheet, "row" LIMIT {ROWS}"""
        return con.execute(query, given).fetchall()


def _sheet(sheet: Any, source: Source, units: str, rows: list[Any], formats: Mapping[str, Any]) -> None:
    columns, unit = list(source.columns.values()), read_units(units)
    sheet.set_column(0, 0, 20, formats["grey"])
    sheet.set_column(1, 1, 60, formats["text"])
    sheet.write_string(_TITLE, 0, f"退回修改单：{source.title}", formats["title"])
    sheet.write_string(
        _ADVICE,
        0,
        "请改正红色单元格，其余照旧，保留“退回编号”列，存盘后把本文件放回收件夹；系统逐行更新，不影响其他数据。",
    )
    sheet.write_string(_HEADER, 0, MARK, formats["bold"])
    sheet.write_string(_HEADER, 1, REASON, formats["bold"])
    for place, column in enumerate(columns, start=2):
        title = column.headers[0] + (f"（{unit.get(column.name, '元')}）" if column.type == "money" else "")
        sheet.set_column(place, place, max(12, 2 * len(title) + 2), formats["text"])
        sheet.write_string(_HEADER, place, title, formats["bold"])
        sheet.write_comment(_HEADER, place, "\n".join(words(column)), {"x_scale": 1.8})
        add_choices(sheet, column, place, _FIRST, _FIRST + len(rows) - 1)
    sheet.freeze_panes(_FIRST, 2)
    for_paper(sheet, _FIRST)
    titles = {column.name: column.headers[0] for column in columns}
    for line, (mark, file, of_sheet, row, bad, reasons, *values) in enumerate(rows, start=_FIRST):
        where = f"〔{'/'.join(filter(None, (file, of_sheet)))} 第 {row} 行〕"
        said = [f"{titles.get(one['column_name'], '')}：{one['reason']}".lstrip("：") for one in reasons]
        sheet.write_string(line, 0, mark, formats["grey"])
        sheet.write_string(line, 1, "\n".join([*said, where]), formats["reason"])
        for place, (column, value) in enumerate(zip(columns, values, strict=True), start=2):
            form = formats["bad" if column.name in bad else "text"]
            if value is not None:
                sheet.write_string(line, place, value, form)
            elif column.name in bad:
                sheet.write_blank(line, place, None, form)
