"""The plainest readings of a CSV and of a workbook, and of a few cells: what the readers are held against.

Here: slow, obvious code over standard libraries, sharing nothing with what it judges. Not here: mutants.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from unicodedata import normalize
from xml.etree import ElementTree

Grid = list[list[str]]
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def read_csv(content: bytes, delimiter: str) -> Grid | None:
    """All records, None where the bytes are no text."""
    try:
        if content.startswith(codecs.BOM_UTF8):
            text = content.decode("utf-8-sig")
        elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = content.decode("utf-16")
        else:
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError:
                text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    limit = csv.field_size_limit(1 << 30)  # whether a cell is too long is not judged here
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    finally:
        csv.field_size_limit(limit)


def read_xlsx(content: bytes) -> dict[str, dict[tuple[int, int], str]]:
    """Sheet → (row, column) from 1 → text of each cell that is not blank; raises whatever goes wrong."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.testzip():
            raise zipfile.BadZipFile("a checksum")
        relations = {e.get("Id"): e.get("Target", "") for e in _xml(archive, "xl/_rels/workbook.xml.rels")}
        strings = []
        if "xl/sharedStrings.xml" in archive.namelist():
            strings = [_text(item) for item in _xml(archive, "xl/sharedStrings.xml")]
        found = {}
        for sheet in _all(_xml(archive, "xl/workbook.xml"), "sheet"):
            target = relations[next(v for k, v in sheet.items() if k.endswith("}id"))]
            found[sheet.get("name", "")] = _cells(_xml(archive, f"xl/{target}"), strings)
        return found


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))


def _all(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in element.iter() if e.tag.rpartition("}")[2] == name]


def _text(item: ElementTree.Element) -> str:
    """The runs of a text, without the reading aids beside it."""
    aids = {id(t) for aid in _all(item, "rPh") for t in _all(aid, "t")}
    return "".join(t.text or "" for t in _all(item, "t") if id(t) not in aids)


def _cells(sheet: ElementTree.Element, strings: Sequence[str]) -> dict[tuple[int, int], str]:
    cells: dict[tuple[int, int], str] = {}
    last = 0
    for line in _all(sheet, "row"):
        row = last = int(line.get("r", last + 1))
        column = 0
        for cell in line:
            if cell.tag.rpartition("}")[2] != "c":
                continue
            place = re.fullmatch(r"([A-Z]+)([0-9]+)", cell.get("r", ""))
            column = _column(place[1]) if place else column + 1
            row = int(place[2]) if place else row
            # Where a place is given twice the last text holds; but what has no value is not mended by another.
            text = _value(cell, strings)
            if text and not cells.get((row, column), "").startswith(("\x1a", "#")):
                cells[row, column] = text
    return cells


def _value(cell: ElementTree.Element, strings: Sequence[str]) -> str:
    kind = cell.get("t", "n")
    value = next((v.text or "" for v in cell if v.tag.rpartition("}")[2] == "v"), None)
    if kind == "e":
        return value or "#N/A"
    # A text within the cell is the cell's, whatever its type says.
    if written := "".join(_text(i) for i in cell if i.tag.rpartition("}")[2] == "is"):
        return written
    if kind == "inlineStr":
        return ""
    if not value:
        text = next((f.text or "" for f in cell if f.tag.rpartition("}")[2] == "f"), None)
        return "" if text is None or (kind == "str" and value == "") else f"\x1a={text}"
    if kind == "s":
        if not value.strip().isdecimal():
            raise ValueError("no such text")
        return strings[int(value)]
    if kind == "b":
        return {"1": "true", "0": "false"}[value]
    if kind != "n" or not re.fullmatch(_NUMBER, value):
        return "NaN" if kind == "n" and value == "nan" else value
    return number(value)


def number(text: str) -> str:
    """A stored number: the shortest decimal that gives it; with an exponent where digits were lost."""
    value = float(text)
    if abs(value) >= 10**15:
        return f"{Decimal(repr(value)).normalize():E}"
    plain = format(Decimal(repr(value)), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _column(letters: str) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + ord(letter) - 64
    return found


def same_amount(cell: str, power: int, found: Decimal) -> bool | None:
    """Whether a cell says this amount; None where it is written in a way that is not plain."""
    text = cell.strip()
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return None
    return Decimal(text).scaleb(power) == found


def same_code(cell: str, found: str) -> bool:
    """Whether a cell says this credit code."""
    return re.sub(r"[\s\-\u200b-\u200d\ufeff\u2060]", "", normalize("NFKC", cell)).upper() == found
