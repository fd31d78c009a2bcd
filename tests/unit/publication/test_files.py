"""F62, F63: nothing in a published file runs, every text comes back exactly, suppressed is empty."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from publication.candidate import Candidate
from publication.tables import to_csv, to_json
from tests.unit.publication.province import PAYLOADS

LIVE = re.compile(r"[\s\u200b\u3000]*[=+\-@＝＋－＠]|[\t\r\n]")


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def undone(cell: str) -> str:
    """The rule that the module states, as a reader applies it."""
    return cell[1:] if cell.startswith("'") else cell


@pytest.mark.parametrize("text", PAYLOADS)
def test_f62_no_csv_cell_is_live_and_the_text_comes_back(text: str) -> None:
    [row] = read_csv(to_csv(pa.table({"name": [text]})))
    assert not LIVE.match(row["name"])
    assert undone(row["name"]) == text


@pytest.mark.parametrize("text", PAYLOADS)
def test_f62_no_title_is_live_either(text: str) -> None:
    """A pivot makes titles of names."""
    [title] = next(csv.reader(io.StringIO(to_csv(pa.table({text: [1]})).decode("utf-8-sig"), newline="")))
    assert not LIVE.match(title)
    assert undone(title) == text


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0")).map(lambda text: text or "-"),
        min_size=1,
    )
)
def test_f62_any_text_comes_back_from_csv(texts: list[str]) -> None:
    rows = read_csv(to_csv(pa.table({"name": texts})))
    assert [undone(row["name"]) for row in rows] == texts
    assert not any(LIVE.match(row["name"]) for row in rows)


def test_csv_numbers_stay_numbers_and_missing_is_not_empty_text() -> None:
    table = pa.table({"value": [-0.5, None], "text": ["", None], "money": pa.array([Decimal("1.10"), None])})
    assert to_csv(table, bom=False).decode().splitlines() == ['"value","text","money"', '-0.5,"",1.10', ",,"]


def test_lists_and_structs_are_json_text_in_csv() -> None:
    table = pa.table({"suggestions": [[{"name": "甲", "score": 0.5}]]})
    assert read_csv(to_csv(table)) == [{"suggestions": '[{"name":"甲","score":0.5}]'}]


def test_json_numbers_are_exact_and_never_nan() -> None:
    table = pa.table(
        {"money": pa.array([Decimal("12345678901234.123456")]), "bad": [float("nan")], "good": [0.1]}
    )
    assert to_json(table) == '[{"money":12345678901234.123456,"bad":null,"good":0.1}]\n'


@pytest.mark.parametrize("name", ["public/indicators.xlsx", "restricted/gap_list.xlsx"])
def test_f62_workbooks_have_no_formula_no_link_and_no_macro(written: Candidate, name: str) -> None:
    with zipfile.ZipFile(written.path / name) as archive:
        for member in archive.namelist():
            assert not re.search(rb"<f>|<f |<hyperlinks?[ >]|externalLink|<ddeLink", archive.read(member))
            assert "vba" not in member.lower()


def test_f62_names_come_back_exactly_from_the_gap_list(written: Candidate) -> None:
    book = openpyxl.load_workbook(written.path / "restricted" / "gap_list.xlsx")
    cells = {row[3].value: row[2] for sheet in book for row in sheet.iter_rows(min_row=5)}
    for index, text in enumerate(PAYLOADS):
        cell = cells[f"PAYLOAD{index:011}"]
        assert cell.data_type != "f" and cell.hyperlink is None
        # openpyxl leaves the workbook format's own escapes (_x000D_) to the caller.
        assert unescape(str(cell.value or "")) == text


def test_f62_member_names_come_back_exactly_from_parquet(written: Candidate) -> None:
    names = pq.read_table(written.path / "public" / "coverage.parquet")["member_name"].to_pylist()
    assert set(PAYLOADS[:6]) <= set(names)


def test_trap_59_suppressed_cells_are_empty_everywhere_in_public(written: Candidate) -> None:
    suppressed = [
        row
        for row in read_csv((written.path / "public" / "coverage.csv").read_bytes())
        if row["obs_status"] == "Q"
    ]
    assert suppressed
    figures = ("n_asked", "n_met", "n_not_met", "n_unknown", "n_tier_unknown", "rate", "rate_upper")
    assert all(row[figure] == "" for row in suppressed for figure in figures)
    sheet = openpyxl.load_workbook(written.path / "public" / "indicators.xlsx")["覆盖率 Coverage"]
    hidden = [row for row in sheet.iter_rows(min_row=5) if row[16].value == "不公布 Q"]
    assert len(hidden) == len(suppressed)
    assert all(
        cell.value is None and cell.fill.fgColor.rgb == "FFCFD4DA" for row in hidden for cell in row[7:14]
    )


def test_parquet_carries_the_descriptions(written: Candidate) -> None:
    schema = pq.read_schema(written.path / "public" / "coverage.parquet")
    assert schema.field("rate").metadata[b"description"].decode() == "列 rate。 | Column rate."
    assert (
        schema.field("conf_status").metadata[b"description"].decode()
        == "保密状态。 | Confidentiality status."
    )


def test_public_files_hold_the_rows_of_the_schema_public(written: Candidate, build: Path) -> None:
    with duckdb.connect(str(build), read_only=True) as con:
        wanted = con.sql("FROM public.coverage ORDER BY ALL").fetchall()
    with duckdb.connect() as con:
        parquet = con.execute(
            "FROM read_parquet(?)", [str(written.path / "public/coverage.parquet")]
        ).fetchall()
        text = con.execute(
            "FROM read_csv(?, all_varchar = true)", [str(written.path / "public/coverage.csv")]
        ).fetchall()
    assert parquet == wanted
    assert len(text) == len(wanted)


def test_the_workbook_opens_with_the_headline_rates(written: Candidate) -> None:
    sheet = openpyxl.load_workbook(written.path / "public" / "indicators.xlsx").worksheets[0]
    assert sheet.title == "首页 Headline"
    text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)
    for part in (
        "表号",
        "制表机关",
        "计量单位",
        "数据时点",
        "注 Notes",
        "营收 1 亿元以上",
        "营收 10 亿元以上",
        "2025 年度",
    ):
        assert part in text
    assert sheet.freeze_panes == "B6"


def test_trap_45_the_city_page_shows_numbers_asked_and_ranks_cities_densely_and_not_the_province(
    written: Candidate,
) -> None:
    sheet = openpyxl.load_workbook(written.path / "public" / "indicators.xlsx")["分市 Cities 2025 CY"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7, max_row=23, max_col=6)]
    assert rows[0][0] == "安徽省" and rows[0][5] in (None, "")
    by_rate = sorted(rows[1:], key=lambda row: -float(str(row[4])))
    assert by_rate[0][5] == 1 and len(rows) == 17
    rates = sorted({float(str(row[4])) for row in rows[1:]}, reverse=True)
    assert [row[5] for row in by_rate] == [rates.index(float(str(row[4]))) + 1 for row in by_rate]
    assert all(isinstance(row[1], int) for row in rows), "the number asked stands beside its rate"


def test_trap_45_a_rank_among_fewer_than_ten_is_marked(written: Candidate) -> None:
    sheet = openpyxl.load_workbook(written.path / "public" / "indicators.xlsx")["分市 Cities 2025 CY"]
    marked = {
        (asked.value, place.number_format == '0"*"')
        for row in sheet.iter_rows(min_row=8, max_row=23)
        for asked, place in ((row[first], row[first + 4]) for first in (1, 6, 11))
        if isinstance(place.value, int)
    }
    assert {asked < 10 for asked, _ in marked} == {True, False}
    assert all(is_marked == (asked < 10) for asked, is_marked in marked)
    notes = " ".join(str(cell.value) for row in sheet.iter_rows(min_row=24) for cell in row if cell.value)
    assert "不足 10 家" in notes and "fewer than 10" in notes
