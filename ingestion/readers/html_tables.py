"""A web page's tables as sheets of text: what many systems hand out under the name of .xls.

Belongs here: tables, rows, cells, and cells that span several. Does not belong here: what a cell means. Runs
in the limited child.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from ingestion.readers import limits
from ingestion.readers.archive import limit
from ingestion.readers.encoding import examine
from ingestion.readers.unreadable import no_table
from ingestion.readers.writing import Written, write_sheet

_CHUNK = 1 << 20
_SILENT = {"script", "style", "title"}


@dataclass
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    from_above: dict[int, int] = field(default_factory=dict)  # column → rows that a cell above still covers
    cell: list[str] | None = None
    number: str | None = None
    spans: tuple[int, int] = (1, 1)

    def begin_row(self) -> None:
        self.end_cell()
        self.rows.append([])

    def begin_cell(self, attributes: dict[str, str | None]) -> None:
        self.end_cell()
        if not self.rows:
            self.rows.append([])
        self.cell = []
        # Excel writes the stored number beside the one that it shows, which may be rounded.
        self.number = attributes.get("x:num") or None
        self.spans = (_span(attributes.get("colspan")), _span(attributes.get("rowspan")))

    def end_cell(self) -> None:
        if self.cell is None:
            return
        text = self.number or "".join(self.cell).strip()
        wide, high = self.spans
        row = self.rows[-1]
        self._skip_covered(row)
        for i in range(wide):
            if high > 1:
                self.from_above[len(row)] = high - 1
            row.append("" if i else text)
        limit("列数", "columns", len(row), limits.COLUMNS)
        self.cell = None

    def end_row(self) -> None:
        self.end_cell()
        if self.rows:
            self._skip_covered(self.rows[-1])

    def _skip_covered(self, row: list[str]) -> None:
        while left := self.from_above.get(len(row), 0):
            self.from_above[len(row)] = left - 1
            row.append("")


class _Page(HTMLParser):
    """Tables in the order in which they begin; one within another stands for itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(_Table())
            self._open.append(self.tables[-1])
        elif tag in _SILENT:
            self._silent += 1
        elif self._open:
            table = self._open[-1]
            if tag == "tr":
                table.end_row()
                table.begin_row()
            elif tag in ("td", "th"):
                table.begin_cell(dict(attrs))
            elif tag in ("br", "p", "div") and table.cell:
                table.cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in ("td", "th"):
            self._open[-1].end_cell()
        elif self._open and tag == "tr":
            self._open[-1].end_row()
        elif self._open and tag == "table":
            self._open.pop().end_row()

    def handle_data(self, data: str) -> None:
        if self._open and not self._silent and (cell := self._open[-1].cell) is not None:
            # In a page, a line break within the text is a blank like any other.
            cell.append(" ".join(data.split("\n")) if data.strip() else " ")


def read_html(path: Path, out: Path) -> list[Written]:
    """The page's tables that hold anything; refused if there is none."""
    encoding, _ = examine(path)
    page = _Page()
    with path.open(encoding=encoding) as file:
        while chunk := file.read(_CHUNK):
            page.feed(chunk)
    page.close()
    tables = []
    for table in page.tables:
        table.end_row()
        if any(cell for row in table.rows for cell in row):
            tables.append(table.rows)
    if not tables:
        raise no_table("网页（HTML），其中没有表格", "a web page (HTML) without a table")
    written = []
    for index, rows in enumerate(tables):
        width = max(map(len, rows))
        file_name = f"sheet{index}.csv"
        write_sheet(out / file_name, ([*row, *[""] * (width - len(row))] for row in rows))
        written.append(Written("" if len(tables) == 1 else str(index + 1), file_name, width))
    return written


def _span(said: str | None) -> int:
    return min(max(int(said), 1), limits.COLUMNS) if said and said.isdecimal() else 1
