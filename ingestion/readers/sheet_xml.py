"""What a workbook says about its cells and calamine does not pass on: errors, formulas nobody computed, hiding.

Belongs here: a look over a sheet's XML, and the rectangle that its cells span. Does not belong here: the
cells' values (`workbook`). calamine gives an empty cell for `#REF!` and for a formula without a value, which
is a missing value where nobody left one out. Runs in the limited child.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from xml.etree import ElementTree

from ingestion.readers import limits
from ingestion.readers.archive import limit
from ingestion.readers.seen import FORMULA, Seen
from ingestion.readers.unreadable import damaged

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_ROW_OR_CELL = re.compile(
    rb"<(?:\w+:)?row\b([^>]*)>|<(?:\w+:)?c(?=[\s>/])([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL
)
_FAR = re.compile(rb"""\br=["']([A-Z]{2,3})[0-9]""")
_NUMBER = re.compile(rb"""\br=["']([0-9]{1,9})["']""")
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,9})["']""")
_TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*?)?(?:/>|>([^<]*)<)")
_HIDDEN = re.compile(rb"""\bhidden=["'](?:1|true)["']""")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_SPAN = re.compile(rb"""\b(min|max)=["']([0-9]{1,6})["']""")
# What a piece must hold for its cells to be worth a look one by one: an error, or a formula and no value after
# some formula.
_MARKS = (b"<f", b":f", b't="e"', b"t='e'")
_SUSPECT = re.compile(
    rb"""t=["']e["']|(?:</(?:\w+:)?f>|/>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v\s*></)"""
)


# What calamine reads as something else without a word: a number of a shared text that is none (the first text), an
# entity within a number (what stands before it). No program writes either.
_ODD_TEXT = re.compile(rb"""t=["']s["'][^>/]*>(?!<(?:\w+:)?v>[0-9]{1,9}</)""")
_ODD_NUMBER = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>[^<&]*(?:&|<!)")
_TEXTS = (b"str", b"inlineStr")


@dataclass
class SheetXml:
    """The XML of one sheet, looked at piece by piece."""

    seen: Seen = field(default_factory=Seen)
    row: int = 0  # last row begun, from 1
    rows: int = 0
    columns: int = 26
    tables: int = 0  # of cells, ended
    _tail: bytes = b""

    def feed(self, chunk: bytes, is_last: bool) -> None:
        """The next bytes of the sheet's XML, looked at up to the last row that is whole."""
        chunk = self._tail + chunk
        if is_last:
            self._tail = b""
            return self._close(chunk)
        end = chunk.rfind(b"row>") + 4
        if end < 4:
            self._tail = chunk
            limit("一行的字节数", "bytes of one row", len(chunk), limits.INFLATED >> 4)
            return
        self._look(chunk[:end])
        self._tail = chunk[end:]

    def _close(self, rest: bytes) -> None:
        self._look(rest)
        limit("列数", "columns", self.columns, limits.COLUMNS)
        limit("单元格范围", "cells in the rectangle used", self.columns * self.rows, limits.RECTANGLE)

    def _look(self, piece: bytes) -> None:
        # A far cell in the middle of a row may be overlooked here: then the child's memory is the limit.
        self.columns = max(
            [self.columns, *map(_column, _FAR.findall(piece if not self.row else piece[-200:]))]
        )
        self.tables += piece.count(b"/sheetData>")
        if self.tables > 1:  # of which calamine reads the first
            raise damaged("<sheetData> <sheetData>")
        hides = b"hidden=" in piece
        if hides:
            for attributes in _COLUMN.findall(piece):
                span = {key: int(value) for key, value in _SPAN.findall(attributes)}
                if _HIDDEN.search(attributes) and len(span) == 2:
                    self.seen.hidden_spans.append((span[b"min"], span[b"max"]))
        suspect = any(mark in piece for mark in _MARKS) and _SUSPECT.search(piece)
        if (
            suspect
            or _ODD_TEXT.search(piece)
            or ((b"&" in piece or b"<!" in piece) and _ODD_NUMBER.search(piece))
        ):
            self._look_at_cells(piece)
        elif hides:
            for attributes in _ROW.findall(piece):
                self._begin_row(attributes)
        elif (last := max(piece.rfind(b"<row"), piece.rfind(b":row"))) >= 0:
            self.row += piece.count(b"row>") - 1  # where rows have no numbers
            self._begin_row(piece[last : piece.find(b">", last)])

    def _begin_row(self, attributes: bytes) -> None:
        number = _NUMBER.search(attributes)
        self.row = int(number[1]) if number else self.row + 1
        self.rows = max(self.rows, self.row)
        self.seen.hidden_rows += b"hidden=" in attributes and _HIDDEN.search(attributes) is not None

    def _look_at_cells(self, piece: bytes) -> None:
        column = 0
        for found in _ROW_OR_CELL.finditer(piece):
            if found[1] is not None:
                self._begin_row(found[1])
                column = 0
                continue
            place = _PLACE.search(found[2])
            if not place and b" r=" in found[2]:
                raise damaged(f"<c{_text(found[2])}>")
            column = _column(place[1]) if place else column + 1
            row = int(place[2]) if place else self.row
            if text := _flaw(found[2], found[3] or b""):
                self.seen.flaws.setdefault(row - 1, {})[column - 1] = text


def _flaw(attributes: bytes, body: bytes) -> str | None:
    """What stands in the place of a value: the error, or the formula that has none."""
    kind = _TYPE.search(attributes)
    value = _VALUE.search(body)
    if b"<!" in body:
        raise damaged(f"<c{_text(attributes)}>: {_text(body)}")
    if value and value[1]:
        odd = b"&" in value[1] and not (kind and kind[1] in _TEXTS)
        if odd or (kind and kind[1] == b"s" and not (value[1].isdigit() and len(value[1]) < 10)):
            raise damaged(f"<c{_text(attributes)}>: {_text(value[1])}")
    if kind and kind[1] == b"e":
        return _text(value[1]) if value and value[1] else "#N/A"
    formula = _FORMULA.search(body)
    # A formula whose value is the empty text says so by its type.
    if formula and not (value and (value[1] or (kind and kind[1] == b"str"))):
        return FORMULA + _text(formula[1] or b"")
    return None


def sheet_parts(workbook: bytes, relations: bytes) -> dict[str, str]:
    """Name of each sheet → the part that holds it."""
    try:
        targets = {
            element.get("Id"): element.get("Target", "") for element in ElementTree.fromstring(relations)
        }
        return {
            element.get("name", ""): _part(targets.get(_relation(element), ""))
            for element in ElementTree.fromstring(workbook).iter()
            if element.tag.rpartition("}")[2] == "sheet"
        }
    except ElementTree.ParseError as error:
        raise damaged(error) from None


def _part(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _relation(element: ElementTree.Element) -> str | None:
    return next((value for key, value in element.items() if key.rpartition("}")[2] == "id"), None)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(raw: bytes) -> str:
    return unescape(raw.decode("utf-8", "replace"))
