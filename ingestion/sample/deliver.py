"""From rows to the bytes of a file as providers send them: titles, units, notes, totals, footers, sidecars.

Here: text, CSV, XLSX and TOML, byte for byte the same each time. Titles come from the contracts. Not here:
what the rows say, and which of their cells are spoilt (mess.py).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import xlsxwriter

from ingestion.contract import Column, Source
from ingestion.sample.parcel import Layout

_TEXT_MARKS, _CREATED = (
    "甲乙丙丁戊己庚辛壬癸",
    datetime(2023, 1, 1, tzinfo=UTC),
)  # a fixed day: the workbook's bytes must not tell time
_NUMERIC = ("int", "decimal", "money", "year")


def helpers(rows: pl.DataFrame) -> list[str]:
    """Columns that steer the writing and are not written."""
    return [name for name in rows.columns if name.startswith("_")]


def as_text(rows: pl.DataFrame, columns: Mapping[str, Column], layout: Layout) -> pl.DataFrame:
    """Every cell as the provider writes it; helper columns stay as they are."""
    kept = helpers(rows)
    cells = {name: _cell(columns[name], layout) for name in rows.columns if name not in kept}
    if layout.missing:
        cells = {name: cell.fill_null(layout.missing) for name, cell in cells.items()}
    return rows.select(*(cell.alias(name) for name, cell in cells.items()), *kept)


def _cell(column: Column, layout: Layout) -> pl.Expr:
    value = pl.col(column.name)
    match column.type:
        case "money":
            return _money(value, layout)
        case "bool":
            return pl.when(value).then(pl.lit(layout.yes_no[0])).when(~value).then(pl.lit(layout.yes_no[1]))
        case "date" if layout.dates == "serial":
            return (value.cast(pl.Int32) + 25_569).cast(pl.String)
        case "date":
            return value.dt.to_string(layout.dates)
        case "list":
            return value.str.replace_all("；", layout.separator, literal=True)
        case _:
            return value.cast(pl.String)


def _money(thousands_of_yuan: pl.Expr, layout: Layout) -> pl.Expr:
    """Exact text of an amount that is kept in whole 千元."""
    digits = {"元": -3, "千元": 0, "万元": 1, "百万元": 3, "亿元": 5}[layout.unit]
    if digits <= 0:
        return _grouped((thousands_of_yuan * 10**-digits).cast(pl.String), layout)
    whole, rest = thousands_of_yuan // 10**digits, thousands_of_yuan % 10**digits
    decimals = rest.cast(pl.String).str.zfill(digits).str.pad_end(2, "0")
    return pl.concat_str(_grouped(whole.cast(pl.String), layout), pl.lit("."), decimals)


def _grouped(whole: pl.Expr, layout: Layout) -> pl.Expr:
    if not layout.thousands:
        return whole
    return whole.str.reverse().str.replace_all(r"(\d{3})", "${1},").str.strip_suffix(",").str.reverse()


def titles(names: list[str], columns: Mapping[str, Column], layout: Layout) -> list[str]:
    """The titles over these columns, by the contract, with the unit of money where no unit line says it."""
    out = []
    for name in names:
        column = columns[name]
        title = column.headers[1] if layout.other_titles and len(column.headers) > 1 else column.headers[0]
        out.append(f"{title}（{layout.unit}）" if column.type == "money" and not layout.unit_line else title)
    return out


def _above(names: list[str], layout: Layout) -> list[list[str | None]]:
    """Lines over the titles, each as wide as the table, as Excel saves them."""
    lines: list[list[str | None]] = [[text] for text in layout.heading]
    if layout.unit_line:
        lines.append([*[None] * (len(names) - 2), f"计量单位：{layout.unit}"])
    return [line + [None] * (len(names) - len(line)) for line in lines]


def _numbers(names: list[str], columns: Mapping[str, Column]) -> list[str]:
    """甲 乙 丙 for text, 1 2 3 for numbers."""
    marks, count, out = iter(_TEXT_MARKS), 0, []
    for name in names:
        mark = None if columns[name].type in ("int", "decimal", "money") else next(marks, None)
        count += mark is None
        out.append(mark or str(count))
    return out


def _below(
    text: pl.DataFrame, names: list[str], columns: Mapping[str, Column], layout: Layout
) -> list[list[str | None]]:
    """The total row and the footer."""
    lines: list[list[str | None]] = []
    if layout.total:
        clean = text.select(
            pl.col(n).str.replace_all(",", "").cast(pl.Float64, strict=False).sum() for n in names
        )
        sums = dict(zip(names, clean.row(0), strict=True))
        cells = [f"{sums[n]:.2f}" if columns[n].type == "money" else None for n in names]
        cells[0], cells[1] = "合计", str(text.height)
        lines.append(cells)
    if layout.footer:
        lines.append([layout.footer, *[None] * (len(names) - 1)])
    return lines


def table_bytes(text: pl.DataFrame, source: Source, layout: Layout) -> bytes:
    """A delimited file: lines above, titles, numbers, rows, total, footer."""
    columns, names = source.columns, [n for n in text.columns if n not in helpers(text)]
    above = [*_above(names, layout), [*titles(names, columns, layout)]]
    if layout.numbers:
        above.append([*_numbers(names, columns)])
    schema = dict.fromkeys(names, pl.String)
    lines = [
        pl.DataFrame(above, schema=schema, orient="row"),
        text.select(names),
        pl.DataFrame(_below(text, names, columns, layout), schema=schema, orient="row"),
    ]
    content = pl.concat(lines).write_csv(
        None,
        include_header=False,
        separator="\t" if layout.kind == "tsv" else ",",
        line_terminator="\r\n" if layout.crlf else "\n",
    )
    return content.encode(layout.encoding)


def workbook_bytes(text: pl.DataFrame, source: Source, layout: Layout) -> bytes:
    """A workbook: a sheet for each value of `sheets_by` (else one), and a sheet of instructions behind."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(
        target,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    ) as book:
        book.set_properties({"created": _CREATED, "title": source.title})
        styles = {
            "title": book.add_format({"bold": True, "align": "center", "font_size": 14}),
            "head": book.add_format({"bold": True, "align": "center", "valign": "vcenter", "border": 1}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        parts = (
            [(source.title[:31], text)]
            if not layout.sheets_by
            else [(str(key[0]), part) for key, part in text.group_by(layout.sheets_by, maintain_order=True)]
        )
        for sheet, part in parts:
            _fill(book.add_worksheet(sheet), part, source.columns, layout, styles)
        notes = book.add_worksheet("填报说明")
        for row, line in enumerate(
            ("填报说明", "一、本表由各市汇总后报送。", "二、代码按文本格式填写，不得用科学计数法。")
        ):
            notes.write_string(row, 0, line)
    return target.getvalue()


def _fill(
    sheet: Any, text: pl.DataFrame, columns: Mapping[str, Column], layout: Layout, styles: Mapping[str, Any]
) -> None:
    names = [n for n in text.columns if n not in helpers(text)]
    at = 0
    for line in _above(names, layout):
        if at == 0 and len(names) > 1:
            sheet.merge_range(at, 0, at, len(names) - 1, line[0], styles["title"])
        else:
            _write(sheet, at, line)
        at += 1
    at = _heads(sheet, at, names, titles(names, columns, layout), layout, styles["head"])
    if layout.numbers:
        _write(sheet, at, _numbers(names, columns))
        at += 1
    sheet.freeze_panes(at, 0)
    sheet.set_column(0, len(names) - 1, 18)
    serial = layout.dates == "serial"
    for index, name in enumerate(names):
        dated = serial and columns[name].type == "date"
        cells = text[name].to_list()
        if dated or columns[name].type in _NUMERIC:
            numbers = text[name].str.replace_all(",", "").cast(pl.Float64, strict=False).to_list()
            for row, (number, cell) in enumerate(zip(numbers, cells, strict=True), start=at):
                if number is None:
                    if cell:
                        sheet.write_string(row, index, cell)
                else:
                    sheet.write_number(row, index, number, styles["date"] if dated else None)
        else:
            for row, cell in enumerate(cells, start=at):
                if cell:
                    sheet.write_string(row, index, cell)
    at += text.height
    for line in _below(text, names, columns, layout):
        _write(sheet, at, line)
        at += 1


def _heads(sheet: Any, at: int, names: list[str], over: list[str], layout: Layout, style: Any) -> int:
    """The titles in one row, or in two with merged groups over them; the row after."""
    if not layout.groups:
        for index, title in enumerate(over):
            sheet.write_string(at, index, title, style)
        return at + 1
    grouped = {name: label for label, members in layout.groups for name in members}
    for label, members in layout.groups:
        first, last = names.index(members[0]), names.index(members[-1])
        sheet.merge_range(at, first, at, last, label, style)
    for index, (name, title) in enumerate(zip(names, over, strict=True)):
        if name in grouped:
            sheet.write_string(at + 1, index, title, style)
        else:
            sheet.merge_range(at, index, at + 1, index, title, style)
    return at + 2


def _write(sheet: Any, row: int, cells: Sequence[str | None]) -> None:
    for index, cell in enumerate(cells):
        if cell:
            sheet.write_string(row, index, cell)


def sidecar_text(delivered_on: date, extra: Mapping[str, object], content: bytes | None) -> str:
    """The TOML beside a file."""
    lines = [f"delivered_on = {delivered_on.isoformat()}"]
    if content is not None:
        lines.append(f'sha256 = "{hashlib.sha256(content).hexdigest()}"')
    lines += [f"{key} = {_toml(value)}" for key, value in extra.items() if not isinstance(value, Mapping)]
    for key, value in extra.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_toml(cell)}" for name, cell in value.items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    # A JSON string is a TOML basic string too, and so are its numbers.
    return json.dumps(value, ensure_ascii=False)
