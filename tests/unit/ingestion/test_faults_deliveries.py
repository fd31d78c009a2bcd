"""Faults of deliveries, F17 to F58, from files in an inbox to settled rows; and what must never matter about a file.

Here: files of any accepted format in, settled tables out, through the real readers. Not here: one file by itself
(`test_faults_files`), settling by rows written by hand (`test_settle`).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.contract import load_contracts
from ingestion.inbox import scan
from ingestion.intake import Intake, take_in
from ingestion.settle import RunSetting, settle
from tests.unit.ingestion.typed_world import REFERENCE, code

CONTRACTS = load_contracts()
AS_OF = date(2026, 3, 1)
REVENUE = ["统一社会信用代码", "企业名称", "报告期", "营业收入（元）"]
REGISTER = ["年份", "统一社会信用代码", "企业名称", "曾用名", "行政区划代码", "行业代码", "状态"]
Rows = Sequence[Sequence[str]]


def put(home: Path, name: str, content: str | bytes, sidecar: str | None = None) -> Path:
    path = home / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if sidecar is not None:
        path.with_name(f"{path.name}.meta.toml").write_text(sidecar, encoding="utf-8")
    return path


def load(home: Path, seq: int = 1, as_of: date = AS_OF) -> Intake:
    files = scan(home, CONTRACTS).files
    intake = take_in(home, CONTRACTS, REFERENCE, files, run_id=f"r{seq:06d}", run_seq=seq, as_of=as_of)
    for taken in intake.taken:
        r = taken.receipt
        assert r.rows_read == r.accepted + r.quarantined + r.skipped
    return intake


def ask(home: Path, intake: Intake, query: str, as_of: date = AS_OF) -> list[tuple[Any, ...]]:
    """The answer of the settled database."""
    con = duckdb.connect()
    try:
        names = {"enterprise_register", "enterprise_revenue", *(t.delivery.source for t in intake.taken)}
        contracts = {name: CONTRACTS[name] for name in names}
        settle(con, home, contracts, intake.taken, RunSetting("r000099", 99, as_of, 2024, "p"))
        return con.execute(query).fetchall()
    finally:
        con.close()


def plain(head: Sequence[str], *rows: Sequence[object]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in (head, *rows))


def firm(number: int, name: str, *, former: str = "", area: str = "340104") -> list[object]:
    return [2025, code(number), name, former, area, "C26", "在库"]


# --- formats ------------------------------------------------------------------------------------------------------------


def _delimited(rows: Rows, delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type] # one of csv's numbers
    return buffer.getvalue()


def _workbook(rows: Rows, *, numbers: bool = False) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet("说明").write(0, 0, "请逐行填写")
        sheet = book.add_worksheet("数据")
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if numbers and i and j == 3:
                    sheet.write_number(i, j, float(cell))
                else:
                    sheet.write_string(i, j, cell)
    return buffer.getvalue()


def _parquet(rows: Rows, *, typed: bool = False) -> bytes:
    head, *data = rows
    columns = {title: pa.array([row[i] for row in data], pa.string()) for i, title in enumerate(head)}
    if typed:
        columns[head[3]] = columns[head[3]].cast(pa.decimal128(24, 6))
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def _lines(rows: Rows) -> bytes:
    head, *data = rows
    return b"".join(json.dumps(dict(zip(head, row, strict=True))).encode() + b"\n" for row in data)


def _page(rows: Rows) -> bytes:
    cells = ["".join(f"<td>{cell.replace('&', '&amp;')}</td>" for cell in row) for row in rows]
    return f"<html><table><tr>{'</tr><tr>'.join(cells)}</tr></table></html>".encode("gb18030")


def _zipped(rows: Rows) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("数据.csv", _delimited(rows))
    return buffer.getvalue()


FORMATS: dict[str, Callable[[Rows], bytes]] = {
    "utf8.csv": lambda rows: _delimited(rows).encode(),
    "bom.csv": lambda rows: _delimited(rows, end="\r\n").encode("utf-8-sig"),
    "gb18030.csv": lambda rows: _delimited(rows, end="\r\n").encode("gb18030"),
    "utf16.txt": lambda rows: _delimited(rows, "\t").encode("utf-16"),
    "quoted.csv": lambda rows: _delimited(rows, quoting=csv.QUOTE_ALL).encode(),
    "tab.tsv": lambda rows: _delimited(rows, "\t", "\r").encode(),
    "bar.txt": lambda rows: _delimited(rows, "|").encode("gb18030"),
    "text.xlsx": _workbook,
    "numbers.xlsx": lambda rows: _workbook(rows, numbers=True),
    "text.parquet": _parquet,
    "typed.parquet": lambda rows: _parquet(rows, typed=True),
    "lines.jsonl": _lines,
    "page.xls": _page,
    "csv.xls": lambda rows: _delimited(rows).encode("gb18030"),
    "one.csv.gz": lambda rows: gzip.compress(_delimited(rows).encode()),
    "one.zip": _zipped,
}
HELD = """SELECT uscc, name, period, revenue, _statistical, _administrative FROM raw.enterprise_revenue ORDER BY ALL"""
NAMES = ["安徽甲股份有限公司", "㐂𠮷（集团）有限公司", "A&B 公司", "乙·丙公司"]
KEYS = st.tuples(st.integers(1, 6), st.sampled_from(["2024", "2025", "2025-09"]))
TABLES = st.dictionaries(KEYS, st.decimals(0, 10**11, places=2), min_size=1, max_size=12)


def cells(table: dict[tuple[int, str], Decimal]) -> list[list[str]]:
    return [[code(n), NAMES[n % len(NAMES)], period, format(amount, "f")] for (n, period), amount in table.items()]  # fmt: skip


def held(*files: tuple[str, bytes]) -> list[tuple[Any, ...]]:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        for name, content in files:
            put(home, f"enterprise_revenue/{name}", content)
        intake = load(home)
        refused = [t.receipt.refused for t in intake.taken if t.receipt.refused]
        assert not refused, refused
        return ask(home, intake, HELD)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=4)
@given(table=TABLES)
def test_every_format_and_encoding_gives_the_same_rows(name: str, table: dict[Any, Decimal]) -> None:
    rows = cells(table)
    wanted = sorted((r[0], r[1], r[2], Decimal(r[3]), True, True) for r in rows)
    assert held((name, FORMATS[name]([REVENUE, *rows]))) == wanted


@settings(max_examples=12)
@given(
    TABLES,
    st.randoms(use_true_random=False),
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from(sorted(FORMATS)),
)
def test_a_file_split_in_two_shuffled_and_in_other_formats_gives_the_same_rows(
    table: dict[Any, Decimal], chance: random.Random, one: str, other: str
) -> None:
    rows = cells(table)
    mixed = chance.sample(rows, len(rows))
    cut = chance.randint(0, len(rows))
    parts = [(f"{i}{name}", FORMATS[name]([REVENUE, *part]))
             for i, (name, part) in enumerate([(one, mixed[:cut]), (other, mixed[cut:])]) if part]  # fmt: skip
    assert held(*parts) == held(("whole.csv", FORMATS["utf8.csv"]([REVENUE, *rows])))


@settings(max_examples=8)
@given(TABLES, TABLES)
def test_f29_trap_40_a_later_delivery_supersedes_and_an_earlier_date_still_sees_the_old(
    first: dict[Any, Decimal], second: dict[Any, Decimal]
) -> None:
    """And the same bytes again, under another name, change nothing."""
    later = date(2026, 4, 1)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        put(home, "enterprise_revenue/a.csv", _delimited([REVENUE, *cells(first)]))
        old = ask(home, load(home), HELD)
        put(home, "enterprise_revenue/b.csv", _delimited([REVENUE, *cells(second)]))
        now = ask(home, load(home, 2, later), HELD, later)
        put(home, "enterprise_revenue/again/c.csv", _delimited([REVENUE, *cells(first)]))
        intake = load(home, 3, later)
        assert intake.new == []
        amount = {(r[0], r[2]): r[3] for r in now}
        assert amount == {(code(n), period): value for (n, period), value in {**first, **second}.items()}
        assert ask(home, intake, HELD, later) == now
        assert ask(home, intake, HELD) == old


# --- one fault each -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read as Linux tells it")
def test_f28_memory_is_bounded_whatever_the_size(tmp_path: Path) -> None:
    """Ten times the rows, and no more memory than a block or two: 10 GB fit into 2 GB as 60 MB fit into less."""
    small, large = tmp_path / "small", tmp_path / "large"
    lines = [",".join(REVENUE)] + [f"{code(i)},安徽第{i}科技股份有限公司,2025,{i}.25" for i in range(70_000)]
    small.write_text("\n".join(lines) + "\n", encoding="utf-8")
    body = "\n".join(lines[1:]) + "\n"
    with large.open("w", encoding="utf-8") as file:
        file.write(lines[0] + "\n")
        for _ in range(10):
            file.write(body)
    program = (
        "import re, sys; from pathlib import Path; from ingestion.readers.opening import open_book\n"
        "book = open_book(Path(sys.argv[1]), lambda grid: max(map(len, grid)), Path(sys.argv[1] + '.d'))\n"
        "rows = sum(len(batch) for batch in book.sheets[0].batches(1, 4))\n"
        # Not getrusage: its peak is that of the process that started this one, where it was larger.
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())\n"
        "print(rows, int(peak[1]) // 1024)"
    )
    read = {}
    for path in (small, large):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
        )
        rows, peak = map(int, done.stdout.split())
        read[path.name] = rows
        assert peak < 400, f"{path.name}: {peak} MiB"
    assert read == {"small": 70_000, "large": 700_000}


def test_f41_trap_19_the_same_values_twice_are_one_and_contradicting_ones_are_all_set_aside(
    tmp_path: Path,
) -> None:
    rows = [
        [code(1), "甲", 2025, 1],
        [code(1), "甲", 2025, 1],
        [code(2), "乙", 2025, 1],
        [code(2), "乙", 2025, 2],
    ]
    put(tmp_path, "enterprise_revenue/a.csv", plain(REVENUE, *rows))
    intake = load(tmp_path)
    assert [row[0] for row in ask(tmp_path, intake, HELD)] == [code(1)]
    counts = "SELECT rows_read, rows_accepted, rows_quarantined, rows_skipped FROM raw.delivery"
    assert ask(tmp_path, intake, counts) == [(4, 2, 2, 0)]
    listed = 'SELECT file, "row", rule FROM raw.quarantined_row ORDER BY 2'
    assert ask(tmp_path, intake, listed) == [
        ("a.csv", 4, "conflicting_rows"),
        ("a.csv", 5, "conflicting_rows"),
    ]


INSTITUTION = ["机构编号", "机构名称", "机构类别", "级别", "依托单位", "依托单位统一社会信用代码", "认定日期"]
WAITING = "SELECT name, len(suggestions) FROM raw.unlinked_row"


def _institution(host: str, uscc: str = "") -> list[object]:
    return ["N1", "中心", "企业技术中心", "省", host, uscc, "2024-01-01"]


@pytest.mark.parametrize(
    ("firms", "host", "linked", "waiting"),
    [
        ([firm(1, "新名公司", former="旧名公司")], "旧名公司", code(1), []),
        ([firm(1, "同名公司"), firm(2, "同名公司")], "同名公司", None, [("同名公司", 2)]),
        (
            [firm(1, "安徽精工机械股份有限公司")],
            "安徽精工机器股份有限公司",
            None,
            [("安徽精工机器股份有限公司", 1)],
        ),
    ],
    ids=["f43-renamed", "f43-one-name-of-two-firms", "f43-only-alike-never-links-by-itself"],
)
def test_names(tmp_path: Path, firms: list[Any], host: str, linked: str | None, waiting: list[Any]) -> None:
    put(tmp_path, "enterprise_register/r.csv", plain(REGISTER, *firms))
    put(tmp_path, "rd_institution/i.csv", plain(INSTITUTION, _institution(host)))
    intake = load(tmp_path)
    assert not [t.receipt.refused for t in intake.taken if t.receipt.refused]
    assert ask(tmp_path, intake, "SELECT host_uscc FROM raw.rd_institution") == [(linked,)]
    assert ask(tmp_path, intake, WAITING) == waiting


def test_f48_a_record_of_an_enterprise_outside_the_register_is_kept_and_counted(tmp_path: Path) -> None:
    """By its code it is accepted as it is; by a name that nobody has it waits, listed."""
    put(tmp_path, "enterprise_register/r.csv", plain(REGISTER, firm(1, "甲公司")))
    rows = [_institution("外省公司", code(9)), ["N2", *_institution("查无此企业有限公司")[1:]]]
    put(tmp_path, "rd_institution/i.csv", plain(INSTITUTION, *rows))
    intake = load(tmp_path)
    kept = "SELECT institution_id, host_uscc FROM raw.rd_institution ORDER BY 1"
    assert ask(tmp_path, intake, kept) == [("N1", code(9)), ("N2", None)]
    assert [name for name, _ in ask(tmp_path, intake, WAITING)] == ["查无此企业有限公司"]
    counts = "SELECT rows_read, rows_accepted FROM raw.delivery WHERE source = 'rd_institution'"
    assert ask(tmp_path, intake, counts) == [(2, 2)]


@pytest.mark.parametrize(
    ("revenue", "rd", "accepted"),
    [("-1", "0", 0), ("1", "-1", 0), ("0", "0", 1), ("1", "100", 1)],
    ids=["f44-negative", "f44-negative-expense", "f44-zero-is-a-value", "f44-expense-above-revenue-is-kept"],
)
def test_money(tmp_path: Path, revenue: str, rd: str, accepted: int) -> None:
    head = [*REVENUE, "研发费用（元）"]
    put(tmp_path, "enterprise_revenue/a.csv", plain(head, [code(1), "甲", 2025, revenue, rd]))
    found = ask(tmp_path, load(tmp_path), "SELECT revenue, rd_expense FROM raw.enterprise_revenue")
    assert found == [(Decimal(revenue), Decimal(rd))] * accepted


def test_f47_an_abolished_county_is_kept_with_its_code_and_an_unknown_one_is_not(tmp_path: Path) -> None:
    """What became of it, and from when, is said by `area_change.csv` (dbt's unit tests of int_area)."""
    firms = [firm(1, "甲", area="340702"), firm(2, "乙", area="349999"), firm(3, "丙", area="340000")]
    put(tmp_path, "enterprise_register/r.csv", plain(REGISTER, *firms))
    intake = load(tmp_path)
    codes = "SELECT operating_area_code FROM raw.enterprise_register ORDER BY uscc"
    assert ask(tmp_path, intake, codes) == [("340702",), ("340000",)]
    listed = "SELECT rule, value FROM raw.quarantined_row UNION ALL SELECT rule, value FROM raw.warned_row ORDER BY 1"
    assert ask(tmp_path, intake, listed) == [("area_not_county", "340000"), ("area_unknown", "349999")]


@pytest.mark.parametrize(
    "name",
    ["a'; DROP TABLE x; --.csv", 'b".csv', "甲\n乙.csv", "😀.csv", "名" * 80 + ".csv"],
    ids="f58-{!r:.20}".format,
)
def test_any_name_of_a_file_is_a_name(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"enterprise_revenue/{name}", plain(REVENUE, [code(1), "甲", 2025, 1]))
    intake = load(tmp_path)
    assert len(ask(tmp_path, intake, HELD)) == 1
    assert ask(tmp_path, intake, "SELECT name FROM raw.delivery") == [(name,)]


def test_a_statistician_mends_a_bad_file_from_its_receipt_alone(tmp_path: Path) -> None:
    """Each refusal and each row set aside names the file, the place, the value and the remedy; following them suffices."""
    bad = plain(
        ["代码", "企业名称", "报告期", "营业总收入"],
        [code(1), "甲", "2025", "5亿"],
        [code(2), "乙", "2025年", "约三亿"],
    )
    put(tmp_path, "enterprise_revenue/a.csv", bad)
    (refused,) = [t.receipt.refused for t in load(tmp_path).taken]
    assert refused and refused.code == "missing_column"
    assert "营业总收入 ≈ 营业收入" in refused.zh
    mended = bad.replace("营业总收入", "营业收入").replace("代码", "统一社会信用代码")
    put(tmp_path, "enterprise_revenue/a.csv", mended)
    (refused,) = [
        t.receipt.refused for t in load(tmp_path, 2).taken if t.receipt.refused and t.delivery.run_seq == 2
    ]
    assert refused.code == "unit_not_said"
    assert "元" in refused.zh
    put(tmp_path, "enterprise_revenue/a.csv", mended.replace("营业收入", "营业收入（元）"))
    intake = load(tmp_path, 3)
    (issue,) = ask(
        tmp_path,
        intake,
        'SELECT file, "row", column_name, value, message_zh, message_en FROM raw.quarantined_row',
    )
    assert issue[:4] == ("a.csv", 3, "revenue", "约三亿")
    assert issue[4] and issue[5]
    put(
        tmp_path,
        "enterprise_revenue/a.csv",
        mended.replace("营业收入", "营业收入（元）").replace("约三亿", "3亿"),
    )
    assert [row[3] for row in ask(tmp_path, load(tmp_path, 4), HELD)] == [5 * 10**8, 3 * 10**8]
