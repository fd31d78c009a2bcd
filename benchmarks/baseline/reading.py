"""Files of the inbox: raw copies, heads, cells as text.

Not here: types, keys, what holds (settling.py).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.baseline.settling import settle

UNITS = {"元": 1, "千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8}
UNIT = re.compile("百万元|亿元|万元|千元|元")
PASSED_OVER = re.compile("^(合计|小计|总计|其中|单位负责人|填表人|制表人|注：)")


@dataclass
class File:
    """One delivered file and what its sidecar says."""

    number: int
    source: str
    path: Path
    name: str
    delivered_on: date
    facts: dict[str, Any]


def deliveries(inbox: Path, source: str, as_of: date) -> list[File]:
    """The files of a source that had been delivered by then."""
    found: list[File] = []
    for path in sorted((inbox / source).rglob("*")):
        if path.suffix in (".csv", ".tsv", ".xlsx"):
            sidecar = path.with_name(path.name + ".meta.toml")
            facts = tomllib.loads(sidecar.read_text("utf-8")) if sidecar.exists() else {}
            delivered_on = facts.get("delivered_on", as_of)
            if delivered_on <= as_of:
                found.append(
                    File(
                        len(found),
                        source,
                        path,
                        path.relative_to(inbox / source).as_posix(),
                        delivered_on,
                        facts,
                    )
                )
    return found


def load(
    con: duckdb.DuckDBPyConnection, source: str, contract: dict[str, Any], files: list[File], out: Path
) -> None:
    """Raw text, typed rows, quarantine, settled rows of one source."""
    columns = contract["columns"]
    names = ", ".join(f"{name} varchar" for name in columns)
    con.sql(
        f"create table raw_{source} (file integer, sheet varchar, row bigint, delivered_on date, factor bigint, passed boolean, {names})"
    )
    for file in files:
        content = file.path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        (out / "raw" / sha256).write_bytes(content)
        con.execute(
            "insert into file values (?, ?, ?, ?, ?)",
            [source, file.number, file.name, sha256, file.delivered_on],
        )
        if file.path.suffix == ".xlsx":
            workbook(con, file, columns)
        else:
            delimited(con, file, columns, content, out / "part.csv")
    settle(con, source, contract)


def head(
    lines: list[list[str]], columns: dict[str, Any], facts: dict[str, Any]
) -> tuple[int, list[str], int]:
    """Where the rows begin, the columns in their order, and what a unit of money is in yuan."""
    titles = {title: name for name, column in columns.items() for title in (name, *column["headers"])}
    titles |= facts.get("columns", {})
    # One row of titles, or two of which the upper one holds merged groups: the best row says where, the rest fills in.
    counts = [sum(bare(cell) in titles for cell in line) for line in lines]
    at = counts.index(max(counts))
    found = [titles.get(bare(cell), "") for cell in lines[at]]
    for other in (at - 1, at + 1):
        if 0 <= other < len(lines) and counts[other]:
            found += [""] * (len(lines[other]) - len(found))
            found = [
                name or titles.get(bare(cell), "")
                for name, cell in zip(found, [*lines[other], *[""] * len(found)], strict=False)
            ]
            at = max(at, other)
    above = " ".join(cell for line in lines[: at + 1] for cell in line if "元" in cell)
    unit = UNIT.search(facts.get("unit", "") or above)
    start = at + 1
    if start < len(lines) and all(
        re.fullmatch(r"[甲乙丙丁戊己庚辛壬癸]|\d{1,2}(\.0)?|", cell) for cell in lines[start]
    ):
        start += 1
    return start, found, UNITS[unit[0]] if unit else 1


def bare(title: str) -> str:
    """A title without brackets, white space and line breaks."""
    return re.sub(r"[（(\[【].*?[）)\]】]|\s", "", title)


def delimited(
    con: duckdb.DuckDBPyConnection, file: File, columns: dict[str, Any], content: bytes, part: Path
) -> None:
    """A text file: decoded, its head cut off, the rest read by DuckDB."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    mark = "\t" if file.path.suffix == ".tsv" else ","
    first = text[:20_000].split("\n")[:20]
    start, names, factor = head(
        [[cell.strip('" \r') for cell in line.split(mark)] for line in first], columns, file.facts
    )
    part.write_text(text[sum(len(line) + 1 for line in first[:start]) :], "utf-8", newline="")
    cells = {f"c{place}": "varchar" for place in range(len(names))}
    insert(con, file, f"read_csv('{part}', columns = {cells}, auto_detect = false, header = false, sep = '{mark}', "
           "quote = '\"', null_padding = true, strict_mode = false)", "", start, names, factor)  # fmt: skip


def workbook(con: duckdb.DuckDBPyConnection, file: File, columns: dict[str, Any]) -> None:
    """Each sheet that has the titles."""
    import pyarrow as pa
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(file.path))
    for sheet in book.sheet_names:
        rows = [
            [cell_text(cell) for cell in row]
            for row in book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        ]
        start, names, factor = head(rows[:20], columns, file.facts)
        if sum(map(bool, names)) >= 2:
            table = pa.table(
                [list(column) for column in zip(*rows[start:], strict=True)],
                [f"c{i}" for i in range(len(names))],
            )
            con.register("sheet", table)
            insert(con, file, "sheet", sheet, start, names, factor)


def cell_text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as people write them."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell if isinstance(cell, str) else str(cell)


def insert(
    con: duckdb.DuckDBPyConnection,
    file: File,
    rows: str,
    sheet: str,
    above: int,
    names: list[str],
    factor: int,
) -> None:
    """Rows into the raw table, totals and footers marked as passed over."""
    cells = {name: f"c{place}" for place, name in enumerate(names) if name}
    cells |= {name: f"'{value}'" for name, value in file.facts.get("constants", {}).items()}
    con.sql(f"""
        insert into raw_{file.source} by name
        select {file.number} as file, '{sheet}' as sheet, row_number() over () + {above} as row, date '{file.delivered_on}' as delivered_on,
          {factor} as factor, regexp_matches(coalesce(c0, ''), '{PASSED_OVER.pattern}') as passed,
          {", ".join(f"{cell} as {name}" for name, cell in cells.items())}
        from {rows}
    """)
