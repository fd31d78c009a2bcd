"""Receipts: everything that happened to a source's files, in words, and nothing in them is alive."""

import zipfile
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from ingestion import receipts
from ingestion.receipts import write_receipts
from ingestion.rules import Refusal
from tests.unit.ingestion.settle_world import A, B, World, enterprise, institution, revenue

PAYLOADS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1", '=HYPERLINK("http://x")', "http://x.example",
    "=cmd|' /C calc'!A0", "mailto:a@x.example", "{=1}",
]  # fmt: skip


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "home")


def written(world, folder):
    with world.settled() as con:
        return {path.stem: path for path in write_receipts(con, world.contracts, world.taken, folder)}


def sheets(path):
    book = CalamineWorkbook.from_path(str(path))
    return {name.split()[-1]: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_receipt_for_each_source_that_delivered(world, tmp_path):
    world.register(enterprise(A, "甲"))
    world.deliver("enterprise_revenue", [revenue(A, 1)])
    paths = written(world, tmp_path / "receipts")
    assert sorted(paths) == ["enterprise_register", "enterprise_revenue"]
    assert {path.stat().st_mode & 0o777 for path in paths.values()} == {0o600}


def test_what_is_set_aside_gives_the_same_receipts(world, tmp_path):
    world.register(enterprise(A, "晶锐科技"))
    world.deliver(
        "rd_institution",
        [institution("1", "晶瑞科技"), institution("2", "甲", A), institution("2", "甲", B)],
        name="名单.xlsx",
    )
    with world.settled() as con:
        receipts.set_aside(con, tmp_path / "aside.duckdb")
        at_once = write_receipts(con, world.contracts, world.taken, tmp_path / "at once")
    with duckdb.connect(str(tmp_path / "aside.duckdb")) as con:
        later = write_receipts(con, world.contracts, world.taken, tmp_path / "later")
    assert [path.name for path in later] == [path.name for path in at_once]
    assert [path.read_bytes() for path in later] == [path.read_bytes() for path in at_once]
    assert sheets(later[1])["退回修改"], "the rows in conflict go back"


def test_a_receipt_says_what_was_accepted_and_what_was_not_and_why(world, tmp_path):
    world.register(enterprise(A, "晶锐科技"))
    issue = {
        "_sheet": "表",
        "_row": 9,
        "column_name": "recognised_on",
        "value": "昨天",
        "detail_zh": "",
        "detail_en": "",
    }
    world.deliver(
        "rd_institution",
        [institution("1", "晶瑞科技"), institution("2", "甲", A), institution("2", "甲", B)],
        name="名单.xlsx",
        quarantined=1,
        issues=[
            {**issue, "rule": "unreadable", "severity": "quarantine"},
            {**issue, "_row": 2, "rule": "uscc_check_digit", "severity": "warning"},
        ],
    )
    world.deliver(
        "rd_institution",
        [],
        name="坏.csv",
        refused=Refusal("empty_file", "文件是空的。", "the file is empty"),
    )
    found = sheets(written(world, tmp_path)["rd_institution"])
    by_file = {row[0]: row for row in found["Files"][1:]}
    assert by_file["名单.xlsx"][3:7] == [4, 1, 3, 0]
    assert "文件是空的" in by_file["坏.csv"][7] and "the file is empty" in by_file["坏.csv"][8]
    quarantined = found["Quarantined"][1:]
    assert [(row[0], row[1], row[2], row[7]) for row in quarantined] == [
        ("名单.xlsx", "", 3, "conflicting_rows"),
        ("名单.xlsx", "", 4, "conflicting_rows"),
        ("名单.xlsx", "表", 9, "unreadable"),
    ]
    assert quarantined[2][3:5] == ["认定日期 recognised_on", "昨天"]
    assert all("请" in row[5] and row[6] for row in quarantined)
    assert found["Warnings"][1][7] == "uscc_check_digit"
    (waiting,) = found["Unlinked"][1:]
    assert waiting[3] == "晶瑞科技" and "晶锐科技" in waiting[4] and A in waiting[4]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_f62_nothing_in_a_receipt_is_a_formula_or_a_link(world, tmp_path, payload):
    issue = {"_sheet": payload, "_row": 9, "column_name": payload, "detail_zh": payload, "detail_en": payload}
    world.deliver(
        "rd_institution",
        [institution("1", payload)],
        name=payload,
        quarantined=1,
        issues=[{**issue, "value": payload, "rule": "unreadable", "severity": "quarantine"}],
    )
    path = written(world, tmp_path)["rd_institution"]
    with zipfile.ZipFile(path) as archive:
        xml = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))
        )
    assert "<f>" not in xml and "<f " not in xml and "<hyperlink" not in xml
    assert "relationships/hyperlink" not in xml and "ddeLink" not in xml
    found = sheets(path)
    assert found["Quarantined"][1][4] == payload.replace("\r", "\n") or found["Quarantined"][1][4] == payload
    assert found["Unlinked"][1][3] in (payload, payload.replace("\r", "\n"))


def test_the_same_data_give_the_same_bytes(world, tmp_path):
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(B, 1), revenue(B, Decimal(2))])
    one, two = written(world, tmp_path / "1"), written(world, tmp_path / "2")
    assert one["enterprise_revenue"].read_bytes() == two["enterprise_revenue"].read_bytes()


def test_a_sheet_that_is_full_says_so(world, tmp_path, monkeypatch):
    monkeypatch.setattr(receipts, "ROWS_A_SHEET", 1)
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(A, 2)], on=date(2026, 1, 1))
    rows = sheets(written(world, tmp_path)["enterprise_revenue"])["Quarantined"]
    assert len(rows) == 3 and "rest" in rows[2][0]
