"""A large workbook is loaded while it is proved: the same sheets, the same refusals; and numbers as `as_text` writes them."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.readers import workbook
from ingestion.readers.as_text import as_text
from ingestion.readers.unreadable import UnreadableError
from ingestion.readers.writing import Written

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8)


def book(path: Path, *sheets: list[list[str | float]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as made:
        for rows in sheets:
            sheet = made.add_worksheet()
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return path


def read(path: Path, out: Path) -> list[tuple[str, list[list[str]]]]:
    out.mkdir(exist_ok=True)
    sheets = workbook.read_zip(path, out)
    return [
        (one.name, list(csv.reader((out / one.file).read_text(encoding="utf-8").splitlines())))
        for one in sheets
        if isinstance(one, Written)
    ]


@given(numbers=FLOATS)
@example(numbers=[0.0, -0.0, 1e-4, 9.9e-5, -1e-5, 1e15, 1e15 - 1, -1e15, 0.1 + 0.2, 123456789012345.6, 1e22])
def test_numbers_are_written_as_text(numbers: list[float]) -> None:
    with TemporaryDirectory() as folder:
        path = book(Path(folder) / "book.xlsx", [[*numbers]])
        stored = [float(f"{number:.16G}") for number in numbers]  # so many digits does this writer keep
        assert read(path, Path(folder) / "out") == [("Sheet1", [[as_text(number) for number in stored]])]


def test_a_large_book_is_read_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[list[str | float]] = [["名称", "营业收入"], ["甲", 1.5], ["乙", 20.0]]
    path = book(tmp_path / "book.xlsx", rows, [*reversed(rows)])
    small = read(path, tmp_path / "small")
    monkeypatch.setattr(workbook, "_LARGE", 0)
    assert read(path, tmp_path / "large") == small == [
        ("Sheet1", [["名称", "营业收入"], ["甲", "1.5"], ["乙", "20"]]),
        ("Sheet2", [["乙", "20"], ["甲", "1.5"], ["名称", "营业收入"]]),
    ]  # fmt: skip


def test_of_a_large_book_that_is_not_sound_no_cell_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """calamine reads many of these without a word: the proof beside it has the say."""
    whole = book(tmp_path / "book.xlsx", [["名称", "营业收入"], ["甲", 1.5]])
    right, content = read(whole, tmp_path / "whole"), whole.read_bytes()
    monkeypatch.setattr(workbook, "_LARGE", 0)
    refused = 0
    for place in range(0, len(content) * 8, 8 * 97 + 3):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        (tmp_path / "flipped.xlsx").write_bytes(flipped)
        try:
            found = read(tmp_path / "flipped.xlsx", tmp_path / "out")
        except (UnreadableError, UnicodeDecodeError, KeyError, OSError):
            refused += 1
        else:
            assert found == right, place
    assert refused > 20
