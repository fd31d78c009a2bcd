"""What a binary workbook (.xls) says about its cells and calamine does not pass on: errors and hiding.

Belongs here: a look over the records of the workbook's stream. Does not belong here: the cells' values
(`workbook`), the same for .xlsx (`sheet_xml`). Runs in the limited child.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from struct import error as StructError
from struct import unpack_from

from ingestion.readers.seen import Seen

_FORMULA, _END, _COLUMNS, _BOUND_SHEET, _ERROR, _ROW = 0x0006, 0x000A, 0x007D, 0x0085, 0x0205, 0x0208
_WORKSHEET = 0
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!"}


def look_into(path: Path) -> list[Seen]:
    """What was seen in each worksheet, in the order of the workbook; nothing where the stream is not clear."""
    import olefile  # for .xls only

    with olefile.OleFileIO(str(path)) as ole:
        name = next((name for name in ("Workbook", "Book") if ole.exists(name)), None)
        return look(ole.openstream(name).read()) if name else []


def look(stream: bytes) -> list[Seen]:
    """The same for the stream itself."""
    try:
        places = [
            unpack_from("<I", data)[0]
            for kind, data in _records(stream, 0)
            if kind == _BOUND_SHEET and data[5] == _WORKSHEET
        ]
        return [_sheet(stream, place) for place in places]
    except (StructError, IndexError):
        return []  # calamine reads the same records and says what is wrong with them


def _records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place to the end of its part."""
    while place + 4 <= len(stream):
        kind, length = unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + length]
        if kind == _END:
            return
        place += 4 + length


def _sheet(stream: bytes, place: int) -> Seen:
    seen = Seen()
    for kind, data in _records(stream, place):
        if kind == _ROW:
            seen.hidden_rows += bool(unpack_from("<H", data, 12)[0] & 0x20)
        elif kind == _COLUMNS and unpack_from("<H", data, 8)[0] & 1:
            first, last = unpack_from("<HH", data)
            seen.hidden_spans.append((first + 1, last + 1))
        elif kind == _ERROR and data[7]:
            _note_error(seen, data, data[6])
        elif kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
            _note_error(seen, data, data[8])
    return seen


def _note_error(seen: Seen, data: bytes, code: int) -> None:
    row, column = unpack_from("<HH", data)
    seen.flaws.setdefault(row, {})[column] = _ERRORS.get(code, "#N/A")
