"""Faults of files, F17 to F47, one by one: each ends as `faults.md` wants, and as interface 3 says where they differ.

Here: a fault in, the receipt's class out: C clean, Q rows set aside, R refused in words. Not here: faults of
deliveries among each other (`test_settle`, `test_store`), of the machine (`test_killed`).
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest

from ingestion.readers import biff, limited, limits
from ingestion.readers.opening import open_book
from ingestion.readers.seen import Seen
from ingestion.rules import row_rules
from tests.unit.ingestion.typed_world import Typed, code, csv_text, deliver
from tests.unit.ingestion.workbook_world import raw_workbook, sheets, workbook, xml_row, zipped

HEAD = ["信用代码", "企业名称", "报告期", "营业收入（元）"]
REGISTER = ["年份", "信用代码", "企业名称", "行政区划代码", "行业代码", "状态"]


def row(
    number: int = 1, name: str = "甲公司", period: object = "2025", revenue: object = "1"
) -> list[object]:
    return [code(number), name, period, revenue]


def table(*rows: Sequence[object], head: Sequence[str] = HEAD, end: str = "\n") -> str:
    return csv_text(head, *rows).replace("\n", end)


@dataclass(frozen=True)
class Fault:
    """One file and what becomes of it: counts for C and Q, a code for R."""

    content: str | bytes | Callable[[Path], bytes]
    counts: tuple[int, int, int, int] | None = None  # read, accepted, quarantined, skipped
    refused: str | None = None
    rules: Sequence[str] = ()  # in the order of rows and columns
    says: str = ""  # among the words of the refusal or the notes
    values: Sequence[object] = ()  # of the first money column, in order
    source: str = "enterprise_revenue"
    sidecar: str | None = None
    names: Sequence[str] = field(default=())


def judged(tmp_path: Path, fault: Fault) -> Typed:
    content = fault.content(tmp_path) if callable(fault.content) else fault.content
    typed = deliver(tmp_path, fault.source, content, sidecar=fault.sidecar)
    assert typed.refused == fault.refused, typed.receipt.refused
    read, accepted, quarantined, skipped = typed.counts
    assert read == accepted + quarantined + skipped
    if fault.refused:
        assert typed.counts == (0, 0, 0, 0) and not typed.rows and not typed.issues
        assert typed.receipt.refused
        words = [typed.receipt.refused.zh, typed.receipt.refused.en]
        assert all(words) and "{" not in "".join(words)
    else:
        assert typed.counts == fault.counts
        words = [word for note in typed.receipt.notes for word in (note.zh, note.en)]
    assert [rule for _, _, rule, _ in typed.broken] == list(fault.rules)
    assert not set(fault.rules) - set(row_rules())
    assert fault.says in " ".join(words)
    if fault.values:
        assert [r["revenue"] for r in typed.rows] == [Decimal(str(value)) for value in fault.values]
    if fault.names:
        assert [r["name"] for r in typed.rows] == list(fault.names)
    return typed


def check(cases: dict[str, Fault]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test for each case, with the fault's number in its name."""
    return pytest.mark.parametrize("fault", list(cases.values()), ids=list(cases))


def one(number: int = 1, **cells: object) -> str:
    return table(row(number, **cells))  # type: ignore[arg-type] # cells are text, or become it


TEXT = {
    "f18-no-final-line-end": Fault(one().rstrip("\n"), (1, 1, 0, 0), rules=["maybe_cut"]),
    "f18-fewer-rows-than-said": Fault(one(), refused="rows_mismatch", sidecar="rows = 2", says="2"),
    "f18-other-bytes-than-said": Fault(one(), refused="sha256_mismatch", sidecar=f'sha256 = "{"0" * 64}"'),
    "f19-cut-in-a-row": Fault(table(row(1), row(2))[:-9], (2, 1, 1, 0), rules=["ragged_row"]),
    "f19-cut-in-quotes": Fault(one() + f'{code(2)},"乙公', refused="cut_in_quotes", says="line 3"),
    "f21-duplicate-header": Fault(
        table([*row(), "甲"], head=[*HEAD, "单位名称"]), refused="duplicate_header", says="单位名称"
    ),
    "f21-header-missing": Fault(table(row(1), row(2), head=row(3)), refused="no_header", says="统一社会信用代码"),  # type: ignore[arg-type] # a row for a header
    "f21-required-column-missing": Fault(
        table(row()[:3], head=HEAD[:3]), refused="missing_column", says="营业收入"
    ),
    "f21-renamed-to-the-unknown-shows-the-nearest-guess": Fault(
        table(row(), head=[*HEAD[:3], "营业总收入（元）"]), refused="missing_column", says="营业总收入（元） ≈ 营业收入"
    ),
    "f21-another-order": Fault(
        table(list(reversed(row())), head=list(reversed(HEAD))), (1, 1, 0, 0), values=[1]
    ),
    "f21-extra-column": Fault(table([*row(), "x"], head=[*HEAD, "备注"]), (1, 1, 0, 0), says="备注"),
    "f21-a-synonym-is-noted": Fault(one(), (1, 1, 0, 0), says="列“信用代码”按“统一社会信用代码”读取"),
    "f22-a-field-too-many": Fault(table([*row(), "x"], row(2)), (2, 1, 1, 0), rules=["ragged_row"]),
    "f22-a-field-too-few": Fault(table(row()[:3], row(2)), (2, 1, 1, 0), rules=["ragged_row"]),
    "f23-nul": Fault(one(name="甲\0公司"), (1, 0, 1, 0), rules=["control_character"]),
    "f23-control": Fault(one(name="甲\x07公司"), (1, 0, 1, 0), rules=["control_character"]),
    "f23-wide-and-invisible": Fault(
        table(["\u200b" + code(1).translate({c: c + 0xFEE0 for c in range(48, 91)}) + "\u00a0",
               "\u3000甲公司\u00a0", "２０２５", "１２．５"]),
        (1, 1, 0, 0), values=["12.5"], names=["甲公司"],
    ),
    "f24-cr-only": Fault(table(row(1), row(2), end="\r"), (2, 2, 0, 0)),
    "f24-mixed": Fault(one() + ",".join(map(str, row(2))) + "\r\n", (2, 2, 0, 0)),
    "f25-a-cell-of-20-mb": Fault(
        one(name='"' + "x" * (20 << 20) + '"'), refused="cell_too_long", says=f"{limits.CELL_CHARACTERS}"
    ),
    "f25-10000-columns": Fault(
        table([*row(), *range(10_000)], head=[*HEAD, *(f"x{i}" for i in range(10_000))]),
        refused="workbook_too_large", says=f"{limits.TITLES}",
    ),
    "f25-a-cell-too-long-without-quotes": Fault(
        one() + one(2, name="x" * 200_000).partition("\n")[2], refused="cell_too_long", says="line 3"
    ),
    "f25-a-line-of-1000000-characters": Fault(
        one() + "x" * 1_000_000 + "\n", refused="cell_too_long", says="line 3"
    ),
}  # fmt: skip


@check(TEXT)
def test_text(tmp_path: Path, fault: Fault) -> None:
    judged(tmp_path, fault)


NAMES = "㐂𠮷股份有限公司"
_CHINESE = table(row(1, NAMES), row(2, "安徽乙公司"))
_BIG5 = table(row(1, "臺灣積體電路製造股份有限公司"), head=["uscc", "name", "period", "revenue_yuan"])
ENCODINGS = {
    "f20-utf8": Fault(_CHINESE.encode(), (2, 2, 0, 0), says="UTF-8"),
    "f20-utf8-bom": Fault(_CHINESE.encode("utf-8-sig"), (2, 2, 0, 0), says="UTF-8 (BOM)"),
    "f20-utf16-le": Fault(codecs.BOM_UTF16_LE + _CHINESE.encode("utf-16-le"), (2, 2, 0, 0), says="UTF-16"),
    "f20-utf16-be": Fault(codecs.BOM_UTF16_BE + _CHINESE.encode("utf-16-be"), (2, 2, 0, 0), says="UTF-16"),
    "f20-gb18030": Fault(_CHINESE.encode("gb18030"), (2, 2, 0, 0), says="GB18030"),
    "f20-utf16-without-a-mark": Fault(_CHINESE.encode("utf-16-le"), refused="encoding", says="UTF-8"),
    "f20-big5": Fault(_BIG5.encode("big5"), refused="encoding_big5", says="Big5"),
    "f20-wrong-mark": Fault(
        codecs.BOM_UTF8 + _CHINESE.encode("gb18030"), refused="bad_characters", says="byte 4"
    ),
    "f20-gb18030-then-utf8": Fault(
        table(row(1, "安徽甲公司")).encode("gb18030") + ",".join(map(str, row(2, "安徽乙股份公司\n"))).encode(),
        refused="encoding", says="line 3",
    ),
    "f20-utf8-then-gb18030": Fault(
        table(row(1, "安徽甲股份公司")).encode() + ",".join(map(str, row(2, "安徽乙公司\n"))).encode("gb18030"),
        refused="encoding", says="line 3",
    ),
}  # fmt: skip


@check(ENCODINGS)
def test_encodings(tmp_path: Path, fault: Fault) -> None:
    typed = judged(tmp_path, fault)
    assert [r["name"] for r in typed.rows] == ([] if fault.refused else [NAMES, "安徽乙公司"])


def _cut_gzip(tmp_path: Path) -> bytes:
    return gzip.compress(one().encode())[:-12]


NO_TABLES = {
    "f26-empty": Fault(b"", refused="empty_file"),
    "f26-blank-lines": Fault(b"\n \r\n\n" * 3000, refused="empty_file"),
    "f26-header-only": Fault(table(), refused="no_rows"),
    "f26-html-error-page": Fault(
        "<!DOCTYPE html><html><body><h1>502</h1></body></html>", refused="not_a_table"
    ),
    "f26-login-page": Fault(
        "<html><table><tr><td>用户名<td><input></tr></table></html>", refused="no_header", says="用户名"
    ),
    "f26-json-error": Fault('{"error": "not found"}', refused="no_header", says="error"),
    "f26-json-array": Fault('[{"uscc": "1"}]', refused="not_a_table", says="JSON"),
    "f26-pdf": Fault(b"%PDF-1.7\n", refused="not_a_table", says="PDF"),
    "f26-rar": Fault(b"Rar!\x1a\x07\0", refused="not_a_table", says="RAR"),
    "f26-xlsx-by-another-name": Fault(lambda t: sheets(t, HEAD, row()), (1, 1, 0, 0)),
    "f26-gzip-by-another-name": Fault(gzip.compress(one().encode()), (1, 1, 0, 0)),
    "f26-gzip-cut": Fault(_cut_gzip, refused="file_damaged"),
    "f26-gzip-of-nothing": Fault(gzip.compress(b""), refused="empty_file"),
    "f26-word": Fault(zipped({"word/document.xml": b"<x/>"}), refused="not_a_table", says="Word"),
}


@check(NO_TABLES)
def test_what_a_file_is_its_bytes_say(tmp_path: Path, fault: Fault) -> None:
    judged(tmp_path, fault)


NUMBERS: dict[str, object] = {
    "1,234,567.89": "1234567.89", "1.2e5": 120000, "1E+3": 1000, "（100）": None, "5亿": 500000000, "3000万元": 30000000,
    "１２３": 123, "0": 0, "+5": 5, "1_000": "unreadable", "1,23": "unreadable", "NaN": "required_blank",
    "inf": "unreadable", "--": "required_blank", "/": "required_blank", "—": "required_blank",
    "无": "required_blank", "约5亿": "unreadable", "1.1234567": "too_precise", "#REF!": "error_cell",
    "#DIV/0!": "error_cell", "#N/A": "error_cell", "#NAME?": "error_cell", "-1": "negative_money",
    "(100)": "negative_money",
}  # fmt: skip


@pytest.mark.parametrize("cell", NUMBERS, ids=[f"f27-{cell}" for cell in NUMBERS])
def test_numbers(tmp_path: Path, cell: str) -> None:
    """A known form is read exactly; the rest is set aside, and nothing is rounded."""
    wanted = NUMBERS[cell] or "negative_money"
    typed = deliver(tmp_path, "enterprise_revenue", table(row(revenue=f'"{cell}"')))
    if cell != "0" and isinstance(wanted, str) and wanted in row_rules():
        assert typed.broken == [(2, "revenue", wanted, "quarantine")]
        assert typed.issues[0]["value"] == cell
    else:
        assert [r["revenue"] for r in typed.rows] == [Decimal(str(NUMBERS[cell]))]


def test_f27_a_fraction_of_a_person_is_no_number(tmp_path: Path) -> None:
    """In an optional column the cell is missing, and listed."""
    head = [*REGISTER, "企业规模"]
    text = csv_text(head, ["2025", code(1), "甲", "340102", "C26", "在库", "12.7"])
    typed = deliver(tmp_path, "enterprise_register", text)
    assert typed.broken == [(2, "size", "unreadable", "warning")]


# --- workbooks ---------------------------------------------------------------------------------------------


def _layout(tmp_path: Path) -> bytes:
    def write(book: object) -> None:
        sheet = book.add_worksheet("一")  # type: ignore[attr-defined] # a workbook
        sheet.merge_range(0, 0, 0, 5, "2025年企业主要指标")
        sheet.write(1, 5, "单位：万元")
        sheet.merge_range(2, 0, 3, 0, "序号")
        sheet.merge_range(2, 1, 3, 1, "信用\n代码")
        sheet.merge_range(2, 2, 3, 2, "报 告 期")
        sheet.merge_range(2, 4, 2, 5, "主要指标")
        sheet.write_row(3, 4, ["营业收入", "其中：研发费用"])
        sheet.write_row(4, 0, ["甲", "乙", "丙", "", 1, 2])
        sheet.write_row(5, 0, [1, code(1), 2025, "", 12.5, 1])
        sheet.write_row(6, 0, ["", "小 计", "", "", 12.5, 1])
        sheet.write_row(7, 0, ["合计"])
        sheet.write_formula(7, 4, "=SUM(E6:E6)", None, "")
        sheet.write(9, 0, "单位负责人：")
        sheet.write(10, 0, "注：本表由…")

    return workbook(tmp_path, write)


def _hidden(tmp_path: Path) -> bytes:
    def write(book: object) -> None:
        for name in ("合肥", "芜湖"):
            sheet = book.add_worksheet(name)  # type: ignore[attr-defined] # a workbook
            sheet.write_row(0, 0, HEAD)
            for i in range(1, 5):
                sheet.write_row(i, 0, row(i + 10 * (name == "芜湖")))
            sheet.set_row(2, None, None, {"hidden": True})
            sheet.set_column(1, 1, None, None, {"hidden": True})
            sheet.set_column(10, 16383, None, None, {"hidden": True})
        sheet.hide()

    return workbook(tmp_path, write)


def _dates(tmp_path: Path) -> bytes:
    cells = [f'<c r=""><v>{number}</v></c>' for number in (45658, 45717.5)]
    head = xml_row(1, *REGISTER, "开业日期")
    data = [
        xml_row(i, "2025", code(i), "甲", "340102", "C26", "在库", cell)
        for i, cell in enumerate([*cells, "2025年3月1日", "2025.3", "2025/3/1"], start=2)
    ]
    return raw_workbook(head + "".join(data))


WORKBOOKS = {
    "f30-layout": Fault(_layout, (5, 1, 0, 4), values=[125000]),
    "f31-hidden": Fault(_hidden, (8, 8, 0, 0), says="“芜湖”有 1 个隐藏行、1 个隐藏列"),
    "f31-filtered": Fault(
        raw_workbook(
            xml_row(1, *HEAD) + xml_row(2, *map(str, row()), attributes='hidden="1"'),
            before='<autoFilter ref="A1:D2"/>',
        ),
        (1, 1, 0, 0), says="1 个隐藏行",
    ),
    "f32-code-as-number": Fault(
        lambda t: sheets(t, HEAD, [913400007117750489, *row()[1:]]), (1, 0, 1, 0), rules=["code_as_number"]
    ),
    "f32-code-with-exponent": Fault(
        lambda t: sheets(t, HEAD, ["9.1E+17", *row()[1:]]), (1, 0, 1, 0), rules=["code_as_number"]
    ),
    "f32-leading-apostrophe": Fault(
        lambda t: sheets(t, HEAD, ["'" + code(1), *row()[1:]]), (1, 0, 1, 0), rules=["uscc_malformed"]
    ),
    "f34-error-cell": Fault(
        raw_workbook(xml_row(1, *HEAD) + xml_row(2, *map(str, row()[:3]), '<c r="" t="e"><v>#REF!</v></c>')),
        (1, 0, 1, 0), rules=["error_cell"],
    ),
    "f34-error-of-a-formula": Fault(
        raw_workbook(xml_row(1, *HEAD)
                     + xml_row(2, *map(str, row()[:3]), '<c r="" t="e"><f>1/0</f><v>#DIV/0!</v></c>')),
        (1, 0, 1, 0), rules=["error_cell"],
    ),
    "f34-error-in-an-optional-cell": Fault(
        raw_workbook(xml_row(1, *HEAD) + xml_row(2, code(1), '<c r="" t="e"><v>#N/A</v></c>', "2025", "7")),
        (1, 1, 0, 0), rules=["error_cell"], values=[7],
    ),
    "f34-formula-with-value": Fault(
        raw_workbook(xml_row(1, *HEAD) + xml_row(2, *map(str, row()[:3]), '<c r=""><f>1+1</f><v>2</v></c>')),
        (1, 1, 0, 0), values=[2],
    ),
    "f34-formula-of-another-file-with-value": Fault(
        raw_workbook(xml_row(1, *HEAD)
                     + xml_row(2, *map(str, row()[:3]), '<c r=""><f>[1]a!A1</f><v>2</v></c>')),
        (1, 1, 0, 0), values=[2],
    ),
    "f35-cut": Fault(lambda t: sheets(t, HEAD, row())[:-40], refused="file_damaged"),
    "f36-entities": Fault(
        raw_workbook(xml_row(1, *HEAD), prolog='<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>'), refused="archive_unsafe"
    ),
    "f36-path-traversal": Fault(zipped({"../../a.csv": one().encode()}), refused="archive_unsafe", says="../../a.csv"),
    "f36-absolute-path": Fault(zipped({"/etc/a.csv": one().encode()}), refused="archive_unsafe"),
    "f36-entries": Fault(
        zipped({f"{i}.csv": b"" for i in range(limits.ENTRIES + 1)}), refused="workbook_too_large", says="10001"
    ),
    "f36-zip-bomb": Fault(zipped({"a.csv": bytes(80 << 20)}), refused="workbook_too_large", says="ratio"),
    "f36-gzip-bomb": Fault(gzip.compress(bytes(80 << 20)), refused="workbook_too_large", says="ratio"),
    "f36-nested": Fault(
        zipped({"a.zip": zipped({"a.csv": one().encode()}), "b.csv": one().encode()}),
        refused="in_member", says="archive within the archive",
    ),
    "f36-gzip-in-gzip": Fault(gzip.compress(gzip.compress(one().encode())), refused="archive_nested"),
    "f38-word-document": Fault(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused="not_a_table"),
    "f38-xlsb": Fault(zipped({"xl/workbook.bin": b""}), refused="not_a_table", says=".xlsx"),
    "f39-rows-over-two-sheets": Fault(
        lambda t: sheets(t, HEAD, *(row(i) for i in range(30_000)), 二=[HEAD, *(row(i) for i in range(30_000, 60_000))]),
        (60_000, 60_000, 0, 0),
    ),
}  # fmt: skip


@check(WORKBOOKS)
def test_workbooks_and_archives(tmp_path: Path, fault: Fault) -> None:
    judged(tmp_path, fault)


@pytest.mark.parametrize("value", ["", "<v/>", "<v></v>", "<v />"], ids="f34-{}".format)
@pytest.mark.parametrize("formula", ["<f>D1*2</f>", '<f t="shared" si="0"/>'])
def test_f34_a_formula_without_a_value_is_no_value(tmp_path: Path, formula: str, value: str) -> None:
    cell = f'<c r="">{formula}{value}</c>'
    book = raw_workbook(
        xml_row(1, *HEAD, "研发费用（元）")
        + xml_row(2, *map(str, row()[:3]), cell)
        + xml_row(3, *map(str, row(2)), cell)
    )
    typed = deliver(tmp_path, "enterprise_revenue", book)
    assert typed.broken == [
        (2, "revenue", "formula_without_value", "quarantine"),
        (3, "rd_expense", "formula_without_value", "warning"),
    ]
    assert [(r["_row"], r["revenue"], r["rd_expense"]) for r in typed.rows] == [(3, 1, None)]
    assert typed.issues[0]["value"].startswith("=")


def test_f34_a_formula_that_gives_an_empty_text_is_a_blank_cell(tmp_path: Path) -> None:
    cell = '<c r="" t="str"><f>IF(1,"","")</f><v></v></c>'
    book = raw_workbook(xml_row(1, *HEAD) + xml_row(2, code(1), cell, "2025", "1"))
    assert deliver(tmp_path, "enterprise_revenue", book).broken == []


@pytest.mark.parametrize(
    "cell",
    ['<c r="" t="s"><v>x</v></c>', '<c r="" t="s"><v>-1</v></c>', '<c r="" t="s"><v> 0 </v></c>', '<c r="" t="s"><v>7</v></c>',
     '<c r=""><v>1&#48;</v></c>', '<c r="" t="n"><f>A1</f><v>2&amp;5</v></c>', '<c r="ZZZZ1" t="e"><v>#REF!</v></c>'],
    ids="f35-{}".format,
)  # fmt: skip
def test_what_calamine_would_read_as_something_else_is_damage(tmp_path: Path, cell: str) -> None:
    book = raw_workbook(xml_row(1, *HEAD) + xml_row(2, *map(str, row()[:3]), cell))
    assert deliver(tmp_path, "enterprise_revenue", book).refused == "file_damaged"


def test_f34_entities_in_a_formula_and_its_text_are_sound(tmp_path: Path) -> None:
    cell = '<c r="" t="str"><f>"A"&amp;"B"</f><v>A&amp;B</v></c>'
    book = raw_workbook(xml_row(1, *HEAD) + xml_row(2, code(1), cell, "2025", "1"))
    assert [r["name"] for r in deliver(tmp_path, "enterprise_revenue", book).rows] == ["A&B"]


def test_f33_dates(tmp_path: Path) -> None:
    typed = deliver(tmp_path, "enterprise_register", _dates(tmp_path))
    assert [(r["_row"], r["opened_on"]) for r in typed.rows] == [
        (2, date(2025, 1, 1)), (3, date(2025, 3, 1)), (4, date(2025, 3, 1)), (5, None), (6, date(2025, 3, 1)),
    ]  # fmt: skip
    assert typed.broken == [(5, "opened_on", "unreadable", "warning")]


def test_f33_the_1904_system(tmp_path: Path) -> None:
    head = [*REGISTER, "开业日期"]
    rows = [head, ["2025", code(1), "甲", "340102", "C26", "在库", date(2025, 3, 1)]]

    def write(book: object) -> None:
        sheet = book.add_worksheet()  # type: ignore[attr-defined] # a workbook
        day = book.add_format({"num_format": "yyyy-mm-dd"})  # type: ignore[attr-defined] # the same
        for i, line in enumerate(rows):
            for j, cell in enumerate(line):
                sheet.write(i, j, cell, day if isinstance(cell, date) else None)

    for options in ({}, {"date_1904": True}):
        typed = deliver(tmp_path, "enterprise_register", workbook(tmp_path, write, **options))
        assert [r["opened_on"] for r in typed.rows] == [date(2025, 3, 1)], options


def test_f35_every_changed_bit_is_seen(tmp_path: Path) -> None:
    """The rows are those of the whole workbook, or the file is refused; here some bits, all in `make fuzz`."""
    whole = sheets(tmp_path, HEAD, row(1), row(2, revenue=2.5))
    right = deliver(tmp_path, "enterprise_revenue", whole).rows
    assert len(right) == 2
    for place in range(0, len(whole) * 8, 8 * 797 + 3):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        typed = deliver(tmp_path, "enterprise_revenue", bytes(flipped))
        assert typed.refused or typed.rows == right, place


def test_f36_f37_a_far_cell_is_refused_and_the_next_file_is_read(tmp_path: Path) -> None:
    far = raw_workbook(xml_row(1, *HEAD) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    assert len(far) < 5800
    for _ in range(2):
        assert deliver(tmp_path, "enterprise_revenue", far).refused == "workbook_too_large"
        assert deliver(tmp_path, "enterprise_revenue", sheets(tmp_path, HEAD, row())).counts == (1, 1, 0, 0)


def test_f37_one_that_passes_the_checks_ends_the_child_alone(tmp_path: Path) -> None:
    """A far cell hidden in the middle of a row: calamine aborts, and only the child is gone."""
    filler = "".join(xml_row(i, "x" * 30) for i in range(2, 20_000))
    last = '<c r="XFD1048576"><v>1</v></c>' + '<c r="A1048576"/>' * 20
    book = raw_workbook(f'{filler}<row r="1048576">{last}</row>')
    assert deliver(tmp_path, "enterprise_revenue", book).refused in ("workbook_too_large", "too_much_memory")
    assert deliver(tmp_path, "enterprise_revenue", sheets(tmp_path, HEAD, row())).counts == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("end", "refused"), [("kill -9 $$", "too_much_memory"), ("kill -SEGV $$", "reader_died"), ("exit 3", "reader_died"),
                         ("kill -XCPU $$", "too_much_time"), ("kill -ABRT $$", "too_much_memory")],
)  # fmt: skip
def test_f09_a_child_that_dies_has_refused_its_file_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, refused: str
) -> None:
    real = subprocess.Popen
    monkeypatch.setattr(limited, "_idle", [])
    with monkeypatch.context() as broken:
        broken.setattr(subprocess, "Popen", lambda _, **more: real(["sh", "-c", f"read line; {end}"], **more))
        typed = deliver(tmp_path, "enterprise_revenue", sheets(tmp_path, HEAD, row()))
    assert typed.refused == refused
    assert deliver(tmp_path, "enterprise_revenue", sheets(tmp_path, HEAD, row(2))).refused is None


def test_f16_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.Popen
    monkeypatch.setattr(limited, "_idle", [])
    monkeypatch.setattr(limited, "_PATIENCE", 0.01)
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: real(["sleep", "60"], **more))
    assert deliver(tmp_path, "enterprise_revenue", sheets(tmp_path, HEAD, row())).refused == "too_much_time"


def test_f08_a_child_short_of_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds in the child whatever the file: here so low that a sound workbook meets it."""
    real = subprocess.Popen
    monkeypatch.setattr(limited, "_idle", [])
    limit = ["prlimit", f"--as={40 << 20}"]
    book = sheets(tmp_path, HEAD, *(row(i, name=f"公司{i}" * 20) for i in range(40_000)))
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: real([*limit, *command], **more))
    assert deliver(tmp_path, "enterprise_revenue", book).refused == "too_much_memory"


def test_f38_a_password_is_refused_and_excels_own_is_not(tmp_path: Path) -> None:
    """A workbook under a password of its own, made with the library that opens the others."""
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = sheets(tmp_path, HEAD, row())
    for password, refused in (("VelvetSweatshop", None), ("secret", "workbook_protected")):
        locked = io.BytesIO()
        OOXMLFile(io.BytesIO(plain)).encrypt(password, locked)
        typed = deliver(tmp_path, "enterprise_revenue", locked.getvalue())
        assert typed.refused == refused
        assert len(typed.rows) == (refused is None)


def test_f38_macros_are_carried_along_and_never_run(tmp_path: Path) -> None:
    """An .xlsm is a workbook with a further part; its tables are read and the rest is bytes."""
    with ZipFile(io.BytesIO(sheets(tmp_path, HEAD, row()))) as plain:
        parts = {name: plain.read(name) for name in plain.namelist()}
    macros = zipped({**parts, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)})
    assert deliver(tmp_path, "enterprise_revenue", macros).counts == (1, 1, 0, 0)


def test_f58_a_name_in_an_archive_may_be_longer_than_any_file_system_allows(tmp_path: Path) -> None:
    name = "名" * 300 + "\n'; DROP TABLE x; --😀.csv"
    archive = zipped({name: one().encode(), "b.csv": one(2).encode()})
    typed = deliver(tmp_path, "enterprise_revenue", archive)
    assert {r["_sheet"] for r in typed.rows} == {name, "b.csv"}


def test_f38_ods(tmp_path: Path) -> None:
    cells = "".join(f'<c v="string"><p>{cell}</p></c>' for cell in HEAD)
    number = '<c v="float" office:value="1.50"><p>2</p></c>'
    error = '<c table:formula="of:=1/0" v="string" office:string-value="" calcext:value-type="error"><p>#DIV/0!</p></c>'
    uncounted = '<c table:formula="of:=1+1"/>'
    first = "".join(f'<c v="string"><p>{cell}</p></c>' for cell in row()[:3])
    rows = f"<r>{cells}</r>" + "".join(f"<r>{first}{last}</r>" for last in (number, error, uncounted))
    xml = (
        rows.replace("<c", "<table:table-cell").replace("</c>", "</table:table-cell>").replace(' v="', ' office:value-type="')
        .replace("<r>", "<table:table-row>").replace("</r>", "</table:table-row>").replace("p>", "text:p>")
    )  # fmt: skip
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content {spaces} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="S">{xml}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>'
    )
    parts = {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}
    book = zipped({name: text.encode() for name, text in parts.items()})
    typed = deliver(tmp_path, "enterprise_revenue", book)
    assert typed.refused is None, typed.receipt.refused
    assert [r["revenue"] for r in typed.rows] == [Decimal("1.5")]
    assert [(i["_row"], i["rule"]) for i in typed.issues] == [(3, "error_cell"), (4, "formula_without_value")]


def test_f34_f31_errors_and_hiding_in_a_binary_workbook() -> None:
    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    end = record(0x000A, b"")
    sheet = (
        record(0x0809, bytes(16))
        + record(0x007D, struct.pack("<HHHHHH", 1, 2, 0, 0, 1, 0))
        + record(0x0208, struct.pack("<HHHHHHHH", 4, 0, 3, 0, 0, 0, 0x0020, 0))
        + record(0x0205, struct.pack("<HHHBB", 4, 2, 0, 0x17, 1))
        + record(0x0205, struct.pack("<HHHBB", 5, 2, 0, 1, 0))  # true
        + record(0x0006, struct.pack("<HHHBBBBHHHI", 6, 3, 0, 2, 0, 7, 0, 0, 0xFFFF, 0, 0))
        + end
    )
    head = record(0x0809, bytes(16))
    bound = record(0x0085, struct.pack("<IBBBB", 0, 0, 0, 1, 0) + b"S")
    place = len(head) + len(bound) + len(end)
    stream = head + record(0x0085, struct.pack("<IBBBB", place, 0, 0, 1, 0) + b"S") + end + sheet
    assert biff.look(stream) == [Seen({4: {2: "#REF!"}, 6: {3: "#DIV/0!"}}, 1, [(2, 3)])]
    assert biff.look(stream[: place + 30]) in ([], [Seen()], [Seen(hidden_spans=[(2, 3)])])


# --- what is called .xls, and archives ---------------------------------------------------------------------

HTML = """

<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><title>x</title><style>td{}</style></head><body>
<table><tr><td colspan=4>2025年<tr><td rowspan="2">信用代码<td rowspan="2">企业名称<td rowspan="2">报告期<td>指标</tr>
<tr><th>营业收入<br>（元）</th></tr>
<tr><td>CODE</td><td>甲&amp;乙<table><tr><td>inner</td></tr></table></td><td>2025</td><td x:num="1.25">1.3</td></tr></table>
"""


def test_f26_a_web_page_called_xls_opens_as_what_it_is(tmp_path: Path) -> None:
    text = HTML.replace("CODE", code(1))
    for content in (text.encode(), text.encode("gb18030"), text.encode("utf-8-sig"), text.encode("utf-16")):
        typed = deliver(tmp_path, "enterprise_revenue", content)
        assert typed.refused is None, typed.receipt.refused
        assert [(r["uscc"], r["name"], r["revenue"]) for r in typed.rows] == [
            (code(1), "甲&乙", Decimal("1.25"))
        ]


def test_f31_the_members_of_an_archive_are_its_sheets(tmp_path: Path) -> None:
    def member(number: int) -> bytes:
        return table(row(number)).encode("gb18030")

    archive = zipped({
        "市/合肥.csv": member(1), "市/芜湖.csv": member(2), "book.xlsx": sheets(tmp_path, HEAD, row(3)),
        "__MACOSX/._a": b"x", ".DS_Store": b"x", "scan.pdf": b"%PDF-1.4", "empty/": b"",
    })  # fmt: skip
    typed = deliver(tmp_path, "enterprise_revenue", archive)
    assert {(r["_sheet"], r["uscc"]) for r in typed.rows} == {
        ("市/合肥.csv", code(1)), ("市/芜湖.csv", code(2)), ("book.xlsx/一", code(3)),
    }  # fmt: skip
    assert any("scan.pdf" in note.en for note in typed.receipt.notes)
    alone = deliver(tmp_path, "enterprise_revenue", zipped({"合肥.csv": member(1)}))
    assert [r["_sheet"] for r in alone.rows] == [""]
    broken = deliver(tmp_path, "enterprise_revenue", zipped({"a.csv": member(1), "b.csv": member(2) + b'"'}))
    assert broken.refused == "in_member"
    assert broken.receipt.refused and "b.csv: the quote opened in line 3" in broken.receipt.refused.en


def test_f20_names_in_an_archive_are_chinese_whoever_packed_it(tmp_path: Path) -> None:
    name = "合肥.csv"
    packed = zipped({"XXXX.csv": b"x\n", "b.csv": table(row(2)).encode()})
    archive = zipped({"XXXX.csv": table(row(1)).encode(), "b.csv": table(row(2)).encode()})
    assert packed != archive
    typed = deliver(tmp_path, "enterprise_revenue", archive.replace(b"XXXX.csv", name.encode("gbk")))
    assert [r["_sheet"] for r in typed.rows] == [name, "b.csv"]


# --- lines of JSON -----------------------------------------------------------------------------------------


def _lines(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


RECORDS = {
    "f27-json-numbers-as-written": Fault(
        f'{{"uscc": "{code(1)}", "period": 2025, "revenue_yuan": 12345678901234567.123456}}\n',
        (1, 1, 0, 0), values=["12345678901234567.123456"],
    ),
    "f19-json-cut": Fault(
        _lines({"uscc": code(1), "period": "2025", "revenue_yuan": 1})[:-9], refused="json_line", says="line 1"
    ),
    "f21-json-a-key-twice": Fault('{"uscc": "1", "uscc": "2"}\n', refused="json_line", says="twice"),
    "f21-json-keys-come-later": Fault(
        _lines({"uscc": code(1), "period": 2025, "revenue_yuan": 1})
        + "\n" + _lines({"revenue_yuan": 2, "period": 2025, "uscc": code(2), "name": None}),
        (2, 2, 0, 0), values=[1, 2],
    ),
    "f36-json-nested": Fault("{" + '"a":{' * 100_000, refused="json_line"),
    "f23-json-half-a-pair": Fault('{"uscc": "\\ud800"}\n', refused="not_a_table"),
    "f32-json-code-as-number": Fault(
        _lines({"uscc": 913400007117750489, "period": 2025, "revenue_yuan": 1}), (1, 1, 0, 0)
    ),
}  # fmt: skip


@check(RECORDS)
def test_records(tmp_path: Path, fault: Fault) -> None:
    judged(tmp_path, fault)


# --- what a cell means -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "changes", "rule", "severity"),
    [
        ("f42", {"信用代码": "91340000148950II7P"[:18]}, "uscc_malformed", "quarantine"),
        ("f42", {"信用代码": "340100123456789"}, "uscc_malformed", "quarantine"),
        ("f42", {"信用代码": code(1).lower()}, None, None),
        (
            "f42",
            {"信用代码": code(1)[:17] + ("0" if code(1)[17] != "0" else "1")},
            "uscc_check_digit",
            "warning",
        ),
        ("f45", {"年份": "2027"}, "in_future", "quarantine"),
        ("f45", {"年份": "0202"}, "unreadable", "quarantine"),
        ("f47", {"行政区划代码": "349999"}, "area_unknown", "quarantine"),
        ("f47", {"行业代码": "B26"}, "industry_contradiction", "quarantine"),
    ],
)
def test_meaning(
    tmp_path: Path, id_: str, changes: dict[str, str], rule: str | None, severity: str | None
) -> None:
    cells = dict(zip(REGISTER, ["2025", code(1), "甲", "340102", "C26", "在库"], strict=True)) | changes
    typed = deliver(tmp_path, "enterprise_register", csv_text(REGISTER, cells.values()))  # type: ignore[arg-type] # a view of a dict is in order
    assert [(r, s) for _, _, r, s in typed.broken] == ([(rule, severity)] if rule else []), id_


@pytest.mark.parametrize(
    ("id_", "title", "cell", "rule", "zh", "en"),
    [
        ("f42-old-number", "信用代码", "340100123456789", "uscc_malformed", "15位的旧工商注册号", "15 digits"),
        ("f42-organisation", "信用代码", "14895011-7", "uscc_malformed", "9位的组织机构代码", "organisation code"),
        ("f42-branch", "信用代码", "14895011B", "uscc_malformed", "分支机构", "a branch"),
        ("f42-length", "信用代码", "9134010000", "uscc_malformed", "现有 10 位", "it has 10 characters"),
        ("f47-section-of-2011", "行业代码", "P82", "industry_contradiction", "82 属于门类 O", "82 is of section O"),
        ("f47-no-such-division", "行业代码", "C98", "unreadable", "", ""),
    ],
)  # fmt: skip
def test_what_a_code_is_instead_is_said(
    tmp_path: Path, id_: str, title: str, cell: str, rule: str, zh: str, en: str
) -> None:
    """P82 was education in GB/T 4754-2011; since 2017 it is P83."""
    cells = dict(zip(REGISTER, ["2025", code(1), "甲", "340102", "C26", "在库"], strict=True)) | {title: cell}
    (issue,) = deliver(tmp_path, "enterprise_register", csv_text(REGISTER, [*cells.values()])).issues
    assert (issue["rule"], issue["severity"]) == (rule, "quarantine"), id_
    assert zh in issue["detail_zh"] and en in issue["detail_en"]


def test_f47_a_class_that_an_older_edition_split_otherwise_counts_in_its_division(tmp_path: Path) -> None:
    """Of industry, the divisions of the 2011 and 2017 editions are the same: 3663 of 2011 is of 36 as any other."""
    typed = deliver(
        tmp_path,
        "enterprise_register",
        csv_text(REGISTER, ["2025", code(1), "甲", "340102", "C3663", "在库"]),
    )
    assert [r["industry_code"] for r in typed.rows] == ["C3663"] and typed.broken == []


def test_f45_an_approval_of_the_year_202_is_quarantined(tmp_path: Path) -> None:
    head = ["机构编号", "机构名称", "机构类别", "级别", "依托单位", "认定日期"]
    rows = [["N1", "中心", "企业技术中心", "省", "甲公司", day] for day in ("0202-03-01", "2020-03-01")]
    typed = deliver(tmp_path, "rd_institution", csv_text(head, *rows))
    assert typed.broken == [(2, "recognised_on", "unreadable", "quarantine")]


@pytest.mark.parametrize("yi", ["1", "5", "10"])
def test_f46_thresholds_are_exact_in_yuan(tmp_path: Path, yi: str) -> None:
    cells = [f"{yi}亿", str(int(yi) * 10000), f"{int(yi) * 10000 - 1}.99", f"{int(yi) * 10000}.01"]
    text = table(
        *(row(i, revenue=cell) for i, cell in enumerate(cells)), head=[*HEAD[:3], "营业收入（万元）"]
    )
    found = [r["revenue"] for r in deliver(tmp_path, "enterprise_revenue", text).rows]
    whole = Decimal(yi) * 10**8
    assert found == [whole, whole, whole - 100, whole + 100]


# What each says of Anhui: (with R&D institution, with R&D activity), or the institutions of 2021.
HARD_FILES = {
    "yearbook-firms-2018.xls": ["4281", "4468"],
    "yearbook-firms-2019.xlsx": ["4812", "5925"],
    "yearbook-firms-2020-soshu.xls": ["5601", "6918"],
    "yearbook-firms-2020.xls": ["5601", "6918"],
    "yearbook-institutions-2021.xls": ["7114", "172136", "20481", "6833679", "5875217"],
}


@pytest.mark.real
@pytest.mark.parametrize("name", HARD_FILES, ids="f38-{}".format)
def test_hard_files_open(tmp_path: Path, real_data: Path, name: str) -> None:
    """The yearbook's tables are no delivery of any source: they open, and are refused for their titles."""
    path = real_data / "hard-files" / name
    if not path.is_file():
        pytest.skip(f"the hard file is not here: {path}")
    typed = deliver(tmp_path, "enterprise_revenue", path)
    assert typed.refused == "no_header", (path.name, typed.receipt.refused)
    assert typed.receipt.refused and "Seen instead" in typed.receipt.refused.en
    found = []
    for sheet in open_book(path, lambda grid: 0, tmp_path / "sheets").sheets:
        for batch in sheet.batches(0, max(map(len, sheet.head))):
            rows = zip(*(batch.column(f"c{i}").to_pylist() for i in range(len(sheet.head[0]))), strict=True)
            found += [cells for cells in rows if "".join(cells[0].split()) == "安徽"]
    assert [[cell for cell in cells[1:] if cell.isdecimal()] for cells in found] == [HARD_FILES[name]]


@pytest.mark.slow
def test_f39_a_full_sheet(tmp_path: Path) -> None:
    def write(book: object) -> None:
        sheet = book.add_worksheet()  # type: ignore[attr-defined] # a workbook
        sheet.write_row(0, 0, HEAD)
        for i in range(1, 1_048_576):
            sheet.write_row(i, 0, [f"91340100MA{i:08d}", "甲", 2025, i])

    typed = deliver(tmp_path, "enterprise_revenue", workbook(tmp_path, write, constant_memory=True))
    assert typed.counts[0] == 1_048_575
