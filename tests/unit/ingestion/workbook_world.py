"""Workbooks and archives made by hand, byte by byte where a library would be too polite. Helpers only, no tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(folder: Path, write: Callable[[xlsxwriter.Workbook], object], **options: object) -> bytes:
    """A workbook as xlsxwriter writes it."""
    path = folder / "book.xlsx"
    with xlsxwriter.Workbook(str(path), options) as book:
        write(book)
    return path.read_bytes()


def sheets(folder: Path, *rows: Sequence[object], **more: Sequence[Sequence[object]]) -> bytes:
    """A workbook of plain rows: one sheet, and further ones by name."""

    def write(book: xlsxwriter.Workbook) -> None:
        for name, lines in {"一": rows, **more}.items():
            sheet = book.add_worksheet(name)
            for i, line in enumerate(lines):
                sheet.write_row(i, 0, line)

    return workbook(folder, write)


def raw_workbook(sheet_data: str, *, before: str = "", prolog: str = "", date_1904: bool = False) -> bytes:
    """A workbook of one sheet "S" with exactly this XML for its rows."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">'
        f'<workbookPr date1904="{int(date_1904)}"/>'
        '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
        f'Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{MAIN}">{before}'
        f"<sheetData>{sheet_data}</sheetData></worksheet>",
    }
    return zipped({name: text.encode() for name, text in parts.items()})


def xml_row(number: int, *cells: str, attributes: str = "") -> str:
    """A row; a cell is its text, or the XML of a cell whose place is left open as `r=""`."""
    written = []
    for i, cell in enumerate(cells):
        place = f'r="{chr(65 + i)}{number}"'
        if cell.startswith("<c"):
            written.append(cell.replace('r=""', place))
        else:
            written.append(f'<c {place} t="inlineStr"><is><t>{cell}</t></is></c>')
    return f'<row r="{number}" {attributes}>{"".join(written)}</row>'


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """An archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()
