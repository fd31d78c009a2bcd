"""Lines of JSON as a sheet of text: an object a line, its keys the columns, numbers as they are written.

Belongs here: objects to rows. Does not belong here: what a value means. Runs in the limited child.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.readers import limits
from ingestion.readers.archive import limit
from ingestion.readers.encoding import examine
from ingestion.readers.unreadable import UnreadableError, no_table
from ingestion.readers.writing import Written, write_sheet

_SHEET = "sheet0.csv"


def read_jsonl(path: Path, out: Path) -> list[Written]:
    """One sheet; its rows are numbered as the file's lines, and the titles are no row of the file."""
    encoding, _ = examine(path)
    titles: dict[str, None] = {}  # a set that keeps its order
    for record in _records(path, encoding):
        titles.update(dict.fromkeys(record))
        limit("列数", "columns", len(titles), limits.COLUMNS)
    names = list(titles)

    def rows() -> Iterator[list[str]]:
        yield names
        for record in _records(path, encoding):
            yield [record.get(name, "") for name in names]

    try:
        write_sheet(out / _SHEET, rows())
    except UnicodeEncodeError:  # half of a pair, escaped: "\ud800"
        raise no_table("JSON 文件，其中有不成对的代理字符", "JSON with half of a surrogate pair") from None
    return [Written("", _SHEET, len(names), first_row=0)]


def _records(path: Path, encoding: str) -> Iterator[dict[str, str]]:
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)
    with path.open(encoding=encoding, newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                yield {}
                continue
            try:
                record = decoder.decode(line.strip())
            except (ValueError, RecursionError) as error:
                if number == 1 and line.strip() in ("{", "["):
                    raise no_table(
                        "JSON 文件（不是每行一个对象）", "JSON, but not an object a line"
                    ) from None
                words = " ".join(str(error).split())[:80]
                raise UnreadableError("json_line", line=number, reason=words) from None
            if not isinstance(record, dict):
                raise no_table("JSON 文件（不是每行一个对象）", "JSON, but not an object a line")
            yield {key: _text(value, number) for key, value in record.items()}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key is given twice")
    return record


def _text(value: Any, line: int) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(element, list | dict) for element in value):
        return list_text([_text(element, line) for element in value], line)
    raise UnreadableError("json_line", line=line, reason="an object within an object")


def list_text(places: list[str], line: int) -> str:
    """A list as a cell writes it; an element that would count as several is not passed off as one."""
    if any(mark in place for place in places for mark in ";；、|"):
        raise UnreadableError("json_line", line=line, reason="an element holds a separator of lists")
    return "；".join(places)
