"""Bytes to sheets of text: encodings, delimiters, line ends, quotes, cut files, workbooks; never a guess."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contract import load_contracts
from ingestion.header import Titles
from ingestion.readers.as_text import as_text
from ingestion.readers.limits import BLOCK
from ingestion.readers.opening import open_book
from ingestion.readers.sheet import Book
from ingestion.rules import RefusedError

TITLES = Titles(load_contracts()["enterprise_revenue"])
HEAD = "企业名称,报告期,营业收入（元）"


def opened(tmp_path: Path, content: bytes) -> Book:
    path = tmp_path / "file"
    path.write_bytes(content)
    return open_book(path, TITLES.count, tmp_path / "sheets")


def rows(book: Book, *, skip: int = 1, width: int = 3) -> list[tuple[int, int | None, list[str]]]:
    found = []
    for batch in book.sheets[0].batches(skip, width):
        columns = [batch.column(f"c{i}").to_pylist() for i in range(width)]
        numbers, fields = batch.column("_row").to_pylist(), batch.column("_fields").to_pylist()
        found += [(n, f, list(cells)) for n, f, *cells in zip(numbers, fields, *columns, strict=True)]
    return found


def refusal(tmp_path: Path, content: bytes) -> tuple[str, str]:
    with pytest.raises(RefusedError) as error:
        rows(opened(tmp_path, content))
    return error.value.reason.code, error.value.reason.en


def test_rows_with_quotes_come_in_batches_of_a_block_of_text_however_long_they_are(tmp_path: Path) -> None:
    n_rows, cell = 4_000, "x" * 5_000
    content = "".join([f"{HEAD}\n", *(f'"{cell}",2025,{i}\n' for i in range(n_rows))])
    batches = list(opened(tmp_path, content.encode()).sheets[0].batches(1, 3))
    assert max(batch.nbytes for batch in batches) < 3 * BLOCK
    assert [number for batch in batches for number in batch.column("_row").to_pylist()] == list(
        range(2, n_rows + 2)
    )


# 㐂 and 𠮷 take four bytes in GB18030; the second is outside the basic plane.
NAMES = "㐂𠮷股份有限公司"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le-bom", "utf-16-be-bom"]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_f20_f24_encodings_and_line_ends(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = f"{HEAD}{line_end}{NAMES},2025,1{line_end}b,2025,2{line_end}"
    if encoding.endswith("-bom"):
        bom = codecs.BOM_UTF16_LE if "le" in encoding else codecs.BOM_UTF16_BE
        content = bom + text.encode(encoding.removesuffix("-bom"))
    else:
        content = text.encode(encoding)
    book = opened(tmp_path, content)
    assert rows(book) == [(2, 3, [NAMES, "2025", "1"]), (3, 3, ["b", "2025", "2"])]
    assert not book.no_final_line_end


def test_f24_mixed_line_ends_and_blank_lines_count_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    book = opened(tmp_path, f"{HEAD}\r\na,2025,1\n\nb,2025,2\r\rc,2025,3".encode())
    assert [(n, cells[0]) for n, _, cells in rows(book) if cells[0]] == [(2, "a"), (4, "b"), (6, "c")]
    assert book.no_final_line_end


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_that_gives_the_header(tmp_path: Path, delimiter: str) -> None:
    text = f"{HEAD}\n甲；乙;丙公司,2025,1\n".replace(";", "" if delimiter == ";" else ";").replace(
        ",", delimiter
    )
    assert rows(opened(tmp_path, text.encode()))[0][2][1:] == ["2025", "1"]


def test_quotes_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    book = opened(tmp_path, f'{HEAD}\n"a,""x""\ny",2025,"1,000"\nb,2025,2\n'.encode())
    assert rows(book) == [(2, 3, ['a,"x"\ny', "2025", "1,000"]), (3, 3, ["b", "2025", "2"])]


def test_f22_ragged_rows_keep_their_place(tmp_path: Path) -> None:
    book = opened(tmp_path, f"{HEAD}\na,2025,1\nb,2025\nc,2025,3,,\nd,2025,4,x\n".encode())
    assert [(n, f) for n, f, _ in rows(book)] == [(2, 3), (3, 2), (4, 5), (5, 4)]
    beyond = [b for batch in book.sheets[0].batches(1, 3) for b in batch.column("_beyond").to_pylist()]
    assert beyond == [None, None, None, "x"]


def test_f19_a_file_cut_inside_quotes_is_refused_with_its_line(tmp_path: Path) -> None:
    code, words = refusal(tmp_path, f'{HEAD}\na,2025,1\nb,2025,"2\nc,2025,3\n'.encode())
    assert code == "cut_in_quotes"
    assert "line 3" in words


def test_f20_the_first_bad_byte_is_named(tmp_path: Path) -> None:
    good = f"{HEAD}\n甲公司,2025,1\n".encode()
    code, words = refusal(tmp_path, good + b"\xff\xff,2025,1\n")
    assert code == "encoding"
    assert f"byte {len(good) + 1}" in words and "line 3" in words
    assert refusal(tmp_path, codecs.BOM_UTF8 + good + b"\xff\n")[0] == "bad_characters"


def test_f25_a_cell_too_long_is_refused_with_its_line(tmp_path: Path) -> None:
    code, words = refusal(tmp_path, f'{HEAD}\na,2025,1\n"{"x" * 200_000}",2025,1\n'.encode())
    assert code == "cell_too_long"
    assert "line 3" in words


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b" \n\n  \n", "empty_file"),
        (b"<!DOCTYPE html><html><table></table></html>", "not_a_table"),
        (b'[{"error": "not found"}]', "not_a_table"),
        (b'{\n  "error": "not found"\n}', "not_a_table"),
        (b"\x1f\x8b\x08\x00rest", "file_damaged"),
        (b"%PDF-1.7", "not_a_table"),
        (b"PAR1....", "file_damaged"),
        (b"PK\x03\x04 cut", "file_damaged"),
        (codecs.BOM_UTF8, "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "not_a_table"),
    ],
)
def test_f26_what_is_no_table_is_told_by_its_bytes(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(tmp_path, content)[0] == code


@given(st.lists(st.text("甲乙a1 ,;\"'\n\r\t|", max_size=6), min_size=3, max_size=3), st.integers(0, 3))
def test_any_cell_survives_quoting(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], before: int
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(HEAD.split(","))
    for _ in range(before):
        writer.writerow(["a", "2025", "1"])
    writer.writerow(cells)
    path = tmp_path_factory.getbasetemp() / "cells"
    path.write_bytes(buffer.getvalue().encode())
    last = rows(open_book(path, TITLES.count, path.with_name("sheets")))[-1]
    assert last == (before + 2, 3, cells)


# --- workbooks ---------------------------------------------------------------------------------------------


def workbook(tmp_path: Path, write: object) -> bytes:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        write(book)  # type: ignore[operator] # a callable that takes the book
    return path.read_bytes()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (2025.0, "2025"),
        (-3.0, "-3"),
        (0.1 + 0.2, "0.30000000000000004"),
        (273749.737696, "273749.737696"),
        (1e-7, "0.0000001"),
        (123456789012345.0, "123456789012345"),
        (9.13400007117750489e17, "9.134000071177505E+17"),
        (1e15, "1000000000000000"),
        (2.0**53 - 1, "9007199254740991"),
        (2.0**53, "9.007199254740992E+15"),
        (913400007117750489, "9.13400007117750489E+17"),
        (True, "true"),
        (datetime(2026, 3, 1), "2026-03-01"),  # noqa: DTZ001 - a spreadsheet knows no zone
        (datetime(2026, 3, 1, 10, 30), "2026-03-01 10:30:00"),  # noqa: DTZ001 - nor here
        ("0012", "0012"),
    ],
)
def test_a_numeric_cell_is_the_shortest_decimal_that_gives_it(cell: object, text: str) -> None:
    assert as_text(cell) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_numbers_keep_their_value_and_have_no_exponent(value: float) -> None:
    text = as_text(value)
    assert float(text) == value
    assert "e" not in text.lower()


def test_sheets_rows_and_hidden(tmp_path: Path) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        first, hidden = book.add_worksheet("一"), book.add_worksheet("二")
        hidden.hide()
        for sheet in (first, hidden):
            sheet.write_row(3, 1, HEAD.split(","))  # leaves rows and a column before it
            sheet.write_row(4, 1, ["甲", 2025, 1.5])
            sheet.write(4, 9, "beside")

    book = opened(tmp_path, workbook(tmp_path, write))
    assert [(sheet.name, sheet.hidden) for sheet in book.sheets] == [("一", False), ("二", True)]
    assert list(book.sheets[0].head[3])[:4] == ["", *HEAD.split(",")]
    assert rows(book, skip=4, width=4) == [(5, None, ["", "甲", "2025", "1.5"])]
    assert [batch.column("_beyond").to_pylist() for batch in book.sheets[0].batches(4, 4)] == [["beside"]]


def test_f35_a_changed_byte_is_not_read(tmp_path: Path) -> None:
    content = bytearray(
        workbook(tmp_path, lambda book: book.add_worksheet().write_row(0, 0, HEAD.split(",")))
    )
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        info = archive.getinfo("xl/sharedStrings.xml")
    content[info.header_offset + 30 + len(info.filename) + 20] ^= 1
    assert refusal(tmp_path, bytes(content))[0] == "file_damaged"
    assert refusal(tmp_path, bytes(content[: len(content) // 2]))[0] == "file_damaged"


def test_f36_f37_what_would_not_fit_is_refused_before_it_is_built(tmp_path: Path) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1048575, 16383, "z")

    code, words = refusal(tmp_path, workbook(tmp_path, write))
    assert code == "workbook_too_large"
    assert "limit" in words
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(80 << 20))
    assert refusal(tmp_path, bomb.getvalue())[0] == "workbook_too_large"
