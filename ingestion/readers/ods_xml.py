"""What an .ods says about its cells and calamine does not pass on: errors, formulas nobody computed, hiding.

Belongs here: a look over the document's XML. Does not belong here: the cells' values (`workbook`), the same for
.xlsx (`sheet_xml`). calamine gives an empty cell, or 0, for `#REF!`. Runs in the limited child.
"""

from __future__ import annotations

from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from ingestion.readers.seen import FORMULA, Seen
from ingestion.readers.unreadable import damaged

_HIDING = {"collapse", "filter"}
_MOST = 1 << 20  # rows or columns that one element may stand for, as far as a sheet goes


def look(content: IO[bytes]) -> dict[str, Seen]:
    """Name of each table → what was seen in it."""
    seen: dict[str, Seen] = {}
    table, row, flaws = Seen(), 0, dict[int, str]()
    column = 0
    try:
        for event, element in iterparse(content, ("start", "end")):
            kind = element.tag.rpartition("}")[2]
            if event == "start":
                if kind == "table":
                    table, row = seen.setdefault(_of(element, "name"), Seen()), 0
                elif kind == "table-row":
                    column, flaws = 0, {}
            elif kind in ("table-cell", "covered-table-cell"):
                times = _times(element, "number-columns-repeated")
                if text := _flaw(element):
                    flaws |= {column + i: text for i in range(min(times, 1000))}
                column += times
                element.clear()
            elif kind == "table-row":
                times = _times(element, "number-rows-repeated")
                if flaws:
                    table.flaws |= {row + i: flaws for i in range(min(times, 1000))}
                if column and _of(element, "visibility") in _HIDING:
                    table.hidden_rows += times
                row += times
                element.clear()
    except ParseError as error:
        raise damaged(error) from None
    return seen


def _flaw(cell: Element) -> str | None:
    kinds = {value for key, value in cell.items() if key.endswith("}value-type")}
    if "error" in kinds:
        return "".join(cell.itertext()).strip() or "#N/A"
    formula = _of(cell, "formula")
    return FORMULA + formula.partition("=")[2] if formula and not kinds else None


def _of(element: Element, name: str) -> str:
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def _times(element: Element, name: str) -> int:
    said = _of(element, name)
    return min(int(said), _MOST) if said.isdecimal() else 1
