"""A synthetic province, written into the inbox in the formats that providers really send.

Belongs here: everything about made-up data, from the truth (province.py, outsiders.py) over what providers
know of it (registers.py, money.py, titles.py and their like, each under @builds) and what they spoil
(mess.py) to the bytes of their files (deliver.py). Does not belong here: anything that a real delivery
needs. No enterprise, code, person or institute in it exists.

A file's bytes hang on the size, the years and the seed only; the as-of date decides which files there
are.
"""

from __future__ import annotations

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

__all__ = ["write_sample"]
# Importing them fills BUILDERS.
_REGISTERING = (
    agenda, demands, forms, funds, money, outcomes, parks, people, projects, promotion, registers, titles, works,
)  # fmt: skip


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
    Sources without a contract, and contracts that the sample knows no deliveries of, are passed over.
    """
    if years[0] > years[1] or enterprises < 1:
        raise ValueError("years must be in order, and there must be an enterprise")
    limit = as_of or datetime.now(UTC).astimezone().date()
    province = make_province(enterprises, years, seed, seeds)
    written = []
    for name in sorted(contracts.keys() & BUILDERS.keys()):
        for parcel in BUILDERS[name](province):
            if parcel.delivered_on <= limit:
                path = _write(inbox / name, province, contracts[name], parcel)
                if path is not None:
                    written.append(path)
                    if progress is not None:
                        progress(f"{name}/{parcel.name}")
    return written


def _write(folder: Path, province: Province, source: Source, parcel: Parcel) -> Path | None:
    """The sidecar first: nobody finds the file without it. A register without changes sends nothing."""
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
    path = folder / parcel.name
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = sidecar_text(parcel.delivered_on, parcel.sidecar, content if parcel.hashed else None)
    path.with_name(path.name + ".meta.toml").write_text(beside, encoding="utf-8")
    path.write_bytes(content)
    return path
