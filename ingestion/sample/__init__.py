"""A synthetic province, written into the inbox in the formats that providers really send.

Belongs here: everything about made-up data, from the truth (province.py, outsiders.py) over what providers
know of it (registers.py, money.py, titles.py and their like, each under @builds) and what they spoil
(mess.py) to the bytes of their files (deliver.py). Does not belong here: anything that a real delivery
needs. No enterprise, code, person or institute in it exists.

A file's bytes hang on the size, the years and the seed only; the as-of date decides which files there
are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from ingestion.contract import Source
from ingestion.sample import (
    agenda,
    demands,
    forms,
    funds,
    money,
    outcomes,
    parks,
    people,
    projects,
    promotion,
    registers,
    titles,
    works,
)
from ingestion.sample.deliver import as_text, helpers, sidecar_text, table_bytes, workbook_bytes
from ingestion.sample.mess import spoil
from ingestion.sample.parcel import BUILDERS, Parcel
from ingestion.sample.province import Province, make_province

__all__ = ["TakenError", "write_sample"]
# Importing them fills BUILDERS.
_REGISTERING = (
    agenda, demands, forms, funds, money, outcomes, parks, people, projects, promotion, registers, titles, works,
)  # fmt: skip


Sent = tuple[bytes, bytes]  # a file, its sidecar


class TakenError(Exception):
    """A file of the sample's name lies in the inbox and is another."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.zh = f"收件夹中已有同名而内容不同的文件，未写入任何示例：{path}。请将它移走，或用 --home 另建数据目录。"
        self.en = (
            f"the inbox has another file of that name, and nothing of the sample was written: {path}."
            " Move it away, or make another data home with --home."
        )


def write_sample(
    inbox: Path,
    contracts: Mapping[str, Source],
    seeds: Path,
    *,
    enterprises: int = 24_000,
    years: tuple[int, int] = (2023, 2026),
    seed: int = 1,
    as_of: date | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the deliveries of a province of that many enterprises; returns the files without their sidecars.

    `seeds` is the folder of the code lists (area.csv). Nothing is delivered after `as_of` (default: today).
    Sources without a contract, and contracts that the sample knows no deliveries of, are passed over. A file that is
    there with the same bytes stays; where another has its name, TakenError is raised before anything is written.
    """
    if years[0] > years[1] or enterprises < 1:
        raise ValueError("years must be in order, and there must be an enterprise")
    limit = as_of or datetime.now(UTC).astimezone().date()
    province = make_province(enterprises, years, seed, seeds)
    parcels = [
        (contracts[name], parcel)
        for name in sorted(contracts.keys() & BUILDERS.keys())
        for parcel in BUILDERS[name](province)
        if parcel.delivered_on <= limit
    ]
    # All that is there is looked at before anything is written: an inbox is never left half a sample.
    there = {
        _path(inbox, source, parcel)
        for source, parcel in parcels
        if any(os.path.lexists(path) for path in _pair(_path(inbox, source, parcel)))
    }
    sent: dict[Path, Sent | None] = {}
    for source, parcel in parcels:
        if (path := _path(inbox, source, parcel)) in there:
            sent[path] = _made(province, source, parcel)
            _refuse_another(path, sent[path])
    written = []
    for source, parcel in parcels:
        path = _path(inbox, source, parcel)
        made = sent[path] if path in there else _made(province, source, parcel)
        if made is None:
            continue
        # The sidecar first: nobody finds the file without it.
        for one, content in zip(reversed(_pair(path)), reversed(made), strict=True):
            _put(one, content)
        written.append(path)
        if progress is not None:
            progress(f"{source.name}/{parcel.name}")
    return written


def _path(inbox: Path, source: Source, parcel: Parcel) -> Path:
    return inbox / source.name / parcel.name


def _pair(path: Path) -> tuple[Path, Path]:
    """A file and its sidecar."""
    return path, path.with_name(path.name + ".meta.toml")


def _refuse_another(path: Path, made: Sent | None) -> None:
    """Whatever lies there under the name of a file of the sample and is not that file is somebody's delivery."""
    for one, content in zip(_pair(path), made or (None, None), strict=True):
        if os.path.lexists(one) and (not one.is_file() or one.read_bytes() != content):
            raise TakenError(one)


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all: what a killed process left must not pass for somebody's delivery."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(content)
    os.replace(aside, path)


def _made(province: Province, source: Source, parcel: Parcel) -> Sent | None:
    """The bytes of a delivery and of its sidecar. A register without changes sends nothing."""
    rows = parcel.rows()
    if rows.is_empty():
        return None
    text = as_text(rows, source.columns, parcel.layout)
    if parcel.faulty:
        text = spoil(text, source.columns, parcel.layout, province.rng("mess", source.name, parcel.name))
    if "_spare" in helpers(text):
        text = text.drop("_spare")
    write = workbook_bytes if parcel.layout.kind == "xlsx" else table_bytes
    content = write(text, source, parcel.layout)
    beside = sidecar_text(parcel.delivered_on, parcel.sidecar, content if parcel.hashed else None)
    return content, beside.encode()
