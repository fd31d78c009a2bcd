"""The records of a paged web interface, taken together only if it is proved that all of them came.

Belongs here: pages and the proof that they are complete, records as rows. Does not belong here: one request
and its retries (`page`), whether the rows are news (`spool`).

The proof: every page says the same total, every page but the last is full, as many records came as the
total says, no two are the same one, and the first page, asked for once more at the end, has not moved.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ingestion.contract import Source
from ingestion.inbox import InboxFile, Problem
from ingestion.pull.contract import Http, Pull
from ingestion.pull.page import Client, Page
from ingestion.pull.spool import Spool, sidecar_text
from ingestion.pull.titles import canonical, identity
from ingestion.pull.words import PullRefusedError, refused

# Data that move while they are read are asked for once more; twice in a row is a reason to tell somebody.
TRIES = 2
_MOVED = {"pull_total_changed", "pull_repeated", "pull_order_changed", "pull_half_page"}
_SEPARATOR = re.compile("[；;、|]")
_ABSENT = object()


def bring(spool: Spool, pull: Pull, source: Source) -> tuple[list[InboxFile], list[Problem]]:
    """Fetch all records and stage them if they are news."""
    assert isinstance(pull, Http)
    deadline = time.monotonic() + pull.timeout
    with Client(pull, deadline) as client:
        for left in reversed(range(TRIES)):
            try:
                rows = _rows(_records(client, pull), spool, pull, source)
                break
            except PullRefusedError as reason:
                if reason.code not in _MOVED or not left:
                    raise
    rows.write_csv(spool.new_file())
    sidecar = sidecar_text(source, mode=pull.mode, unit=pull.unit, constants=dict(pull.constants))
    return spool.keep(sidecar), []


def _records(client: Client, pull: Http) -> list[dict[str, Any]]:
    """The records of all pages, as many as every page says there are."""
    first = client.page(0)
    pages: list[Page] = []
    while not pages or len(pages) * pull.page_size < first.total:
        page = client.page(len(pages)) if pages else first
        expected = min(pull.page_size, first.total - len(pages) * pull.page_size)
        shown = pull.first_page + len(pages)
        if page.total != first.total:
            raise refused("total_changed", before=first.total, after=page.total)
        if len(page.records) != expected:
            raise refused("half_page", page=shown, expected=expected, found=len(page.records))
        pages.append(page)
    if first.total == 0:
        raise refused("empty")
    if len(pages) > 1 and client.page(0) != first:
        raise refused("order_changed", page=pull.first_page)
    return [record for page in pages for record in page.records]


def _rows(records: Sequence[dict[str, Any]], spool: Spool, pull: Http, source: Source) -> pl.DataFrame:
    """The records under the contract's titles, each once, in an order that does not depend on the pages."""
    fields = dict(pull.columns) or {
        name: name for name in sorted({name for record in records for name in record})
    }
    titles = canonical(source, list(fields), pull.constants)
    spool.check_columns(titles)
    cells = {
        title: _column(records, field, spool.name, dotted=bool(pull.columns))
        for title, field in zip(titles, fields.values(), strict=True)
    }
    try:
        rows = pl.DataFrame(cells, schema=dict.fromkeys(titles, pl.String))
    except UnicodeEncodeError:  # half of a surrogate pair, written as an escape
        raise refused("not_json", page="1…") from None
    keys = [title for title in identity(source) if title in titles]
    ids = rows.select(keys) if not pull.id else pl.DataFrame({pull.id: _column(records, pull.id, spool.name)})
    if repeated := int(ids.is_duplicated().sum()) - ids.filter(ids.is_duplicated()).n_unique():
        raise refused("repeated", count=repeated, columns="、".join(ids.columns))
    return rows.sort([*keys, *(title for title in titles if title not in keys)])


def _column(
    records: Sequence[dict[str, Any]], field: str, name: str, *, dotted: bool = True
) -> list[str | None]:
    """The cells of one field; a field that no record has is a change of structure, not a column of blanks."""
    path = field.split(".") if dotted else [field]
    values = [_at(record, path) for record in records]
    if all(value is _ABSENT for value in values):
        raise refused("missing_column", columns=field)
    return [_cell(value, field, name) for value in values]


def _at(record: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = record
    for step in path:
        if value is None:  # a blank holds nothing below it
            return None
        if not isinstance(value, dict) or step not in value:
            return _ABSENT
        value = value[step]
    return value


def _cell(value: Any, field: str, name: str) -> str | None:
    """A value as the text of a cell; numbers are text already, as the interface wrote them."""
    if value is None or value is _ABSENT or isinstance(value, str):
        return None if value is _ABSENT else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) or any(isinstance(place, dict | list) for place in value):
        raise refused("nested", field=field, name=name)
    places = [_cell(place, field, name) or "" for place in value]
    if any(_SEPARATOR.search(place) for place in places):
        raise refused("separator", column=field)
    return "；".join(places)
