"""Damaged files by the thousand: each is refused, or read exactly as the plainest reading reads it.

Here: the invariant, for a seeded sample in CI and for all of them where INNOSTAT_FUZZ=all (`make fuzz`: 10^5 CSV,
10^4 XLSX mutants). Not here: the mutants, the plain readings. That the process lives to say so is half the test.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from random import Random

import pytest

from ingestion.contract import load_contracts
from ingestion.header import Titles, find_header
from ingestion.readers.opening import open_book
from ingestion.readers.sheet import Book, TextSheet
from ingestion.rules import RefusedError
from tests.fuzz import reference
from tests.fuzz.mutants import HEAD, csv_seeds, mutate, mutate_xlsx, xlsx_seeds
from tests.unit.ingestion.typed_world import Typed, deliver

ALL = os.environ.get("INNOSTAT_FUZZ") == "all"
CSV, XLSX = (100_000, 10_000) if ALL else (600, 150)
SHARDS = 50 if ALL else 1
TYPED_EVERY = 500 if ALL else 100  # typing costs a hundred times what reading costs
TITLES = Titles(load_contracts()["enterprise_revenue"])
UNIT = 3  # the seeds' amounts are in 千元

pytestmark = pytest.mark.timeout(3600 if ALL else 300)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_csv_mutants_are_refused_or_read_as_they_are(tmp_path: Path, shard: int) -> None:
    for number in range(shard, CSV, SHARDS):
        random = Random(f"csv {number}")
        content = mutate(random, random.choice(csv_seeds()))
        book = opened(tmp_path, content)
        if book is None:
            continue
        grid = text_of(content, book)
        for sheet in book.sheets:
            compare(sheet, cells_of(grid), number)
        if number % TYPED_EVERY == 0:
            judge(deliver(tmp_path, "enterprise_revenue", content), {"": grid}, number)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_xlsx_mutants_are_refused_or_read_as_they_are(tmp_path: Path, shard: int) -> None:
    for number in range(shard, XLSX, SHARDS):
        random = Random(f"xlsx {number}")
        content = mutate_xlsx(random, random.choice(xlsx_seeds()))
        book = opened(tmp_path, content)
        if book is None:
            continue
        # What lost the mark of an archive, as one cut to its first letters, is text.
        is_archive = content.startswith(b"PK\x03\x04")
        found = reference.read_xlsx(content) if is_archive else {"": cells_of(text_of(content, book))}
        for sheet in book.sheets:
            compare(sheet, found[sheet.name], number)
        if number % TYPED_EVERY == 0:
            judge(
                deliver(tmp_path, "enterprise_revenue", content),
                {n: grid_of(c) for n, c in found.items()},
                number,
            )


def opened(tmp_path: Path, content: bytes) -> Book | None:
    """What the readers make of it, None where they refuse it in words."""
    path = tmp_path / "mutant"
    path.write_bytes(content)
    shutil.rmtree(tmp_path / "sheets", ignore_errors=True)
    try:
        book = open_book(path, TITLES.count, tmp_path / "sheets")
        for sheet in book.sheets:
            for _ in sheet.batches(0, len(HEAD)):
                pass
    except RefusedError as error:
        words = error.reason.zh + error.reason.en
        assert error.reason.zh and error.reason.en and not re.search(r"\{\w+\}", words)
        return None
    return book


def compare(sheet: TextSheet, wanted: dict[tuple[int, int], str], number: int) -> None:
    """Every cell stands where it stood, the blank ones and those beyond the header included."""
    width = len(HEAD)
    found, beyond = {}, {}
    for batch in sheet.batches(0, width):
        places = batch.column("_row").to_pylist()
        for j in range(width):
            found |= {
                (i, j + 1): c for i, c in zip(places, batch.column(f"c{j}").to_pylist(), strict=True) if c
            }
        beyond |= {i: c for i, c in zip(places, batch.column("_beyond").to_pylist(), strict=True) if c}
    assert found == {(i, j): cell for (i, j), cell in wanted.items() if cell and j <= width}, number
    right = {}
    for (i, j), cell in sorted(wanted.items()):
        if j > width and cell.strip():
            right.setdefault(i, cell)
    assert beyond == right, number


def judge(typed: Typed, grids: dict[str, list[list[str]]], number: int) -> None:
    """The typed rows say what their cells say, as far as these are written plainly."""
    read, accepted, quarantined, skipped = typed.counts
    assert read == accepted + quarantined + skipped and len(typed.rows) == accepted, number
    for row in typed.rows:
        grid = grids[row["_sheet"]]
        layout = find_header(grid, TITLES, sheet=row["_sheet"])
        assert layout is not None
        cells = grid[row["_row"] - 1]
        power = layout.powers["revenue"]
        assert reference.same_amount(cells[layout.columns["revenue"]], power, row["revenue"]) is not False, (
            number
        )
        if row["uscc"]:
            assert reference.same_code(cells[layout.columns["uscc"]], row["uscc"]), number


def text_of(content: bytes, book: Book) -> list[list[str]]:
    """The plain reading of a text, with the delimiter that the readers say they took."""
    said = book.notes[0].en.rpartition(" ")[2]
    grid = reference.read_csv(content, {"TAB": "\t"}.get(said, said))
    assert grid is not None
    return grid


def cells_of(grid: list[list[str]]) -> dict[tuple[int, int], str]:
    return {(i, j): cell for i, row in enumerate(grid, 1) for j, cell in enumerate(row, 1)}


def grid_of(cells: dict[tuple[int, int], str]) -> list[list[str]]:
    height, width = (max((place[k] for place in cells), default=0) for k in (0, 1))
    return [[cells.get((i, j), "") for j in range(1, width + 1)] for i in range(1, height + 1)]
