"""A typist lent to many files: each comes out as if it had been typed alone, whatever came before it."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import xlsxwriter

from ingestion import typed as typed_module
from ingestion import typist as typist_module
from ingestion.contract import load_contracts
from ingestion.reference import Reference
from ingestion.store import Delivery
from ingestion.typed import type_delivery
from ingestion.typist import Feed, Typist
from tests.unit.ingestion.typed_world import ON, REFERENCE, csv_text

SOURCE = load_contracts()["rd_institution"]
HEAD = ["机构编号", "机构名称", "机构类别", "级别", "依托单位", "认定日期"]
MONEY = [*HEAD, "机构经费（万元）", "机构人员"]
THOUSANDS = [*HEAD, "机构经费（千元）", "机构人员"]


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    sidecar: str | None = None
    on: date = ON


def row(number: int, *more: object, **changes: str) -> list[object]:
    cells = [f"J{number}", f"中心{number}", "企业技术中心", "省", f"公司{number}", "2025-03-01"]
    return [*(dict(zip(HEAD, cells, strict=True)) | changes).values(), *more]


def workbook(**sheets: list[list[object]]) -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    sheet.write(number, place, cell)
            if name.startswith("隐藏"):
                sheet.hide()
    return out.getvalue()


def bare(*numbers: int) -> str:
    """Files that leave it to their sidecar whose institutions they list."""
    kept = [cell for cell in HEAD if cell != "依托单位"]
    return csv_text(kept, *([f"J{n}", f"中心{n}", "企业技术中心", "省", "2025-03-01"] for n in numbers))


FILES = [
    File("plain", csv_text(HEAD, row(1), row(2)).encode()),
    File("gbk", csv_text(HEAD, row(3, 机构名称="合肥中心")).encode("gb18030")),
    File("other order", csv_text(HEAD[::-1], row(4)[::-1]).encode()),
    File("money", csv_text(MONEY, row(5, "1.5", 3), row(6, "２", "")).encode()),
    File("money, 千元", csv_text(THOUSANDS, row(5, "1.5", 3)).encode()),
    File("unit beside", csv_text([*HEAD, "机构经费", "机构人员"], row(7, "1.5", 3)).encode(), 'unit = "亿元"'),
    File("no unit", csv_text([*HEAD, "机构经费", "机构人员"], row(7, "1.5", 3)).encode()),
    File("constants", bare(8).encode(), '[constants]\nhost_name = "甲公司"\ncountry = "中国"\n'),
    File("constants turned", bare(9).encode(), '[constants]\ncountry = "德国"\nhost_name = "乙公司"\n'),
    File("one constant", bare(10).encode(), '[constants]\nhost_name = "丙公司"\n'),
    File("early", csv_text(HEAD, row(11)).encode(), on=ON - timedelta(days=900)),
    File("error cell", csv_text(HEAD, row(12, 机构名称="#REF!"), row(13)).encode()),
    File("control", csv_text(HEAD, row(14, 依托单位="甲\x07公司"), row(15)).encode()),
    File("ragged", csv_text(HEAD, row(16, "", "", "多"), row(17)[:3], row(18)).encode()),
    File("wrong level", csv_text(HEAD, row(19, 级别="县"), row(20)).encode()),
    File("no rows", csv_text(HEAD).encode()),
    File("no header", csv_text(["甲", "乙"], ["1", "2"]).encode()),
    File("cut", csv_text(HEAD, row(21)).encode()[:-1]),
    File("total", csv_text(MONEY, row(22, "1", 3), row(23, "2", 4), ["合计", *[""] * 5, "4", 7]).encode()),
    File("head again", csv_text(MONEY, row(24, "1", 3), MONEY, row(25, "2", 4)).encode()),
    File("head again, other unit", csv_text(MONEY, row(26, "1", 3), THOUSANDS, row(27, "2", 4)).encode()),
    File("delete", csv_text(["机构编号"], ["J1"], ["J2"]).encode(), 'mode = "delete"'),
    File("delete of whole rows", csv_text(HEAD, row(1), row(2, 级别="")).encode(), 'mode = "delete"'),
    File("returned", csv_text(["退回编号", *HEAD], ["a-0123456789abcdef", *row(28)]).encode()),
    File("returned for statistics", csv_text([*HEAD, "退回编号"], row(29, "s-0123456789abcdef")).encode()),
    File("too few rows", csv_text(HEAD, row(30)).encode(), "rows = 2"),
    File("bad sidecar", csv_text(HEAD, row(31)).encode(), "rows = "),
    File("sheets", workbook(合肥=[HEAD, row(32)], 说明=[["请填写"]], 隐藏=[MONEY, row(33, 1.5, 3)])),
    File("sheets again", workbook(合肥=[HEAD, row(34)], 芜湖=[HEAD[::-1], row(35)[::-1]])),
    File("sheet with an error", workbook(净=[HEAD, row(41)], 错=[HEAD, row(42, 机构名称="#REF!"), row(43)], 净2=[HEAD, row(44)])),
    File("sheets, each with its unit and total", workbook(
        一=[["单位：千元"], [*HEAD, "机构经费"], row(45, 1), ["合计", *[""] * 5, 1]],
        二=[["单位：万元"], [*HEAD, "机构经费"], row(46, 1), ["合计", *[""] * 5, 3], [*HEAD, "机构经费"], row(47, 1)])),
    File("second sheet refused", workbook(一=[MONEY, row(36, 1, 2)], 二=[[*HEAD, "机构经费"], row(37, 1)])),
    File("damaged", workbook(一=[HEAD, row(38)])[:-200]),
    File("in future", csv_text(HEAD, row(39, 认定日期="2027-01-01"), row(40)).encode()),
]  # fmt: skip


def results(file: File, folder: Path, typist: Typist | None) -> dict[str, object]:
    """All that typing leaves, the files as their bytes."""
    sha256 = hashlib.sha256(file.content).hexdigest()
    blob = folder / sha256
    blob.write_bytes(file.content)
    delivery = Delivery(
        f"{SOURCE.name}-{file.name}", SOURCE.name, file.name, sha256, len(file.content), file.sidecar,
        file.on, "r000001", 1,
    )  # fmt: skip
    out = folder / ("lent" if typist else "own") / file.name
    type_delivery(delivery, SOURCE, blob, REFERENCE, out, typist)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize(("seed", "forms"), [(0, 100), (1, 100), (2, 2)])
def test_a_file_comes_out_the_same_whatever_its_typist_typed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, forms: int
) -> None:
    monkeypatch.setattr(typist_module, "_FORMS", forms)  # whose plans are kept
    files = FILES * 2
    random.Random(seed).shuffle(files)
    with Typist(SOURCE, REFERENCE, tmp_path, one_core=True) as typist:
        lent = [(file, results(file, tmp_path, typist)) for file in files]
    alone = {file.name: results(file, tmp_path, None) for file in FILES}
    assert [file.name for file, found in lent if found != alone[file.name]] == []


@pytest.mark.parametrize(
    ("engine", "memory", "threads"),
    [
        ({"memory_limit": "600MB", "threads": 3}, "572.2 MiB", 3),
        ({"memory_limit": "4GB", "threads": 3}, "953.6 MiB", 3),
    ],
)
def test_typing_keeps_to_the_limits_of_a_run_and_to_its_own_where_that_is_less(
    tmp_path: Path, engine: dict[str, Any], memory: str, threads: int
) -> None:
    reference = Reference(REFERENCE.seeds_dir, engine)
    settings = "SELECT current_setting('memory_limit'), current_setting('threads')"
    assert reference.connect(tmp_path).execute(settings).fetchall() == [(memory, threads)]
    assert reference.connect(tmp_path, one_core=True).execute(settings).fetchall() == [(memory, 1)]


def test_a_stream_that_was_read_is_an_error_and_not_a_file_without_rows() -> None:
    schema = pa.schema([("a", pa.string())])
    feed = Feed(schema)
    with duckdb.connect() as con:
        con.register("rows", feed)
        feed.give(iter([pa.record_batch([pa.array(["x"])], schema=schema)]))
        assert con.execute("SELECT a FROM rows").fetchall() == [("x",)]
        with pytest.raises((duckdb.Error, RuntimeError), match="read twice"):
            con.execute("SELECT a FROM rows").fetchall()


def test_rows_keep_their_order_and_those_kept_out_stand_among_them(tmp_path: Path) -> None:
    bad = {100, 70_000, 149_999}  # in groups of rows that several cores write
    rows = (row(n, 级别="县" if n in bad else "省") for n in range(150_000))
    file = File("large", csv_text(HEAD, *rows).encode())
    results(file, tmp_path, None)
    found = duckdb.read_parquet(str(tmp_path / "own" / "large" / "rows.parquet"))
    assert found.project("_row").fetchall() == [(n,) for n in range(2, 150_002)]
    assert found.filter("_out").project("institution_id, _remark[1][1]").fetchall() == [
        (f"J{n}", "data") for n in sorted(bad)
    ]
    assert found.filter("_out IS NOT NULL OR _remark IS NOT NULL").shape[0] == len(bad)


def test_rows_that_do_not_add_up_are_a_fault_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_module, "_COUNTS", "SELECT 1, 0")  # one row more is kept out than there is
    with pytest.raises(AssertionError, match="rows do not add up: 2 of "):
        results(FILES[0], tmp_path, None)
    assert not (tmp_path / "own" / "plain" / "receipt.json").exists()
