"""The grammar of cells against plain Python: money to the last decimal, codes, dates, periods, lists."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.cell_text import is_suspicious, said, trimmed
from ingestion.cells import cell_sql
from ingestion.codes import sound_codes
from ingestion.contract import Column, Source, Type, load_contracts
from ingestion.macros import CONTROL, MISSING, SPACE, literal
from ingestion.plain_numbers import PLAIN, plain_numbers
from ingestion.rowsql import names_of
from tests.unit.ingestion.typed_world import ALPHABET, ON, REFERENCE, check_digit, code

CON = REFERENCE.connect(Path(tempfile.gettempdir()))
SOURCE = load_contracts()["enterprise_revenue"]
POWERS = {"元": 0, "千元": 3, "万元": 4, "百万元": 6, "亿元": 8}


def read(
    column_type: Type,
    *cells: str,
    name: str = "some_column",
    power: int = 0,
    values: tuple[str, ...] = (),
    source: Source = SOURCE,
    on: date = ON,
) -> list[tuple[Any, str | None]]:
    """(value, rule) of each cell, as the generated SQL sees it: the same whether a plain number is known before or not."""
    column = Column(name, column_type, ("标题",), values=values)
    read_blindly = _read(column, cells, power, source, on, [None] * len(cells))
    if (kind := PLAIN.get(column_type)) is not None:
        known = [plain_numbers(pa.array([cell]), kind)[0].as_py() for cell in cells]
        assert _read(column, cells, power, source, on, known) == read_blindly
    return read_blindly


def _read(
    column: Column,
    cells: tuple[str, ...],
    power: int,
    source: Source,
    on: date,
    known: Sequence[Decimal | int | None],
) -> list[tuple[Any, str | None]]:
    names = names_of(column)
    cell = cell_sql(column, source, power, names)
    kind = "SMALLINT" if column.type in ("year", "period") else "DECIMAL(18,6)"
    rows = ", ".join(
        f"({i}, {literal(text)}, {'NULL' if number is None else number}::{kind})"
        for i, (text, number) in enumerate(zip(cells, known, strict=True))
    )
    return CON.execute(
        f"""WITH t AS (SELECT * FROM (VALUES {rows}) AS v(i, {names.text}, {names.number})),
        p AS (SELECT *, {cell.parse} AS {names.parse}, DATE '{on}' AS _delivered_on, false AS {names.sound}
            FROM t),
        r AS (SELECT *, {cell.read} AS {names.read} FROM p),
        v AS (SELECT *, {cell.value} AS {names.value} FROM r)
        SELECT {names.value}, {cell.rule} FROM v ORDER BY i"""
    ).fetchall()


def one(column_type: Type, cell: str, **more: Any) -> tuple[Any, str | None]:
    return read(column_type, cell, **more)[0]


# --- money -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "unit", "yuan"),
    [
        ("100000", "千元", "100000000"),
        ("99999.999999", "千元", "99999999.999"),
        ("1,234,567.89", "元", "1234567.89"),
        ("1.2e5", "元", "120000"),
        ("1.5E-3", "万元", "15"),
        ("(100)", "元", "-100"),
        ("−100", "元", "-100"),
        ("-100", "元", "-100"),
        ("+5", "元", "5"),
        ("5亿", "千元", "500000000"),
        ("5 亿元", "千元", "500000000"),
        ("3000万元", "元", "30000000"),
        ("12千元", "亿元", "12000"),
        ("2百万元", "元", "2000000"),
        ("7元", "万元", "7"),
        ("(3万)", "元", "-30000"),
        ("0", "亿元", "0"),
        ("0.000000000", "元", "0"),
        (".5", "元", "0.5"),
        ("5.", "元", "5"),
        ("999999999999.999999", "元", "999999999999.999999"),
        ("1234567890123.5", "元", "1234567890123.5"),
        ("-999999999999", "百万元", "-999999999999000000"),
        ("1.23456789", "亿元", "123456789"),
        ("273749.737696", "万元", "2737497376.96"),
        ("999999999999999999", "元", "999999999999999999"),
    ],
)
def test_f27_f46_money_is_read_to_the_last_decimal(cell: str, unit: str, yuan: str) -> None:
    assert one("money", cell, power=POWERS[unit]) == (Decimal(yuan), None)


@pytest.mark.parametrize(
    "cell",
    [
        "1_000",
        "12,34",
        "1.2.3",
        "abc",
        "inf",
        "1e",
        "--5",
        "5亿吨",
        "(5",
        "5)",
        "1 000",
        "0x10",
        "五亿",
        "1e999",
    ],
)
def test_f27_what_is_no_amount_is_not_read(cell: str) -> None:
    assert one("money", cell) == (None, "unreadable")


def test_an_amount_beyond_all_money_is_not_read() -> None:
    assert one("money", "999999999999", power=8) == (None, "unreadable")


def test_too_precise_is_never_rounded() -> None:
    assert one("money", "0.0000001") == (None, "too_precise")
    assert one("money", "0.0000001", power=3) == (Decimal("0.0001"), None)
    assert one("money", "0.30000000000000004", power=4) == (None, "too_precise")
    assert one("money", "1.00000000000") == (Decimal(1), None)
    assert one("money", "1234567890123456789") == (None, "unreadable")


@pytest.mark.parametrize(
    ("name", "rule"),
    [("revenue", "negative_money"), ("rd_expense", "negative_money"), ("expenditure", "negative_money"),
     ("balance", None)],
)  # fmt: skip
def test_f44_what_cannot_be_negative(name: str, rule: str | None) -> None:
    assert one("money", "-0.01", name=name) == (Decimal("-0.01"), rule)
    assert one("money", "-0", name=name) == (0, None)


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=8, allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.tuples(amounts, st.integers(0, 8)), min_size=20, max_size=20),
    st.sampled_from(list(POWERS.values())),
)
def test_money_equals_decimal(drawn: list[tuple[Decimal, int]], power: int) -> None:
    numbers = [number.quantize(Decimal(1).scaleb(-places)) for number, places in drawn]
    forms = [f"{n:f}" for n in numbers] + [f"{n:,f}" for n in numbers] + [f"{n:E}" for n in numbers]
    for (value, rule), number in zip(read("money", *forms, power=power), numbers * 3, strict=True):
        yuan = number.scaleb(power)
        if yuan == round(yuan, 6):
            assert (value, rule) == (yuan, None)
        else:
            assert (value, rule) == (None, "too_precise")


@given(st.lists(st.text("0123456789.,-+eE()亿万元千 ", min_size=1, max_size=12), min_size=30, max_size=30))
def test_no_text_makes_the_reader_fail(cells: list[str]) -> None:
    for value, rule in read("money", *cells, power=3):
        assert (value is None) == (rule is not None)


# --- other numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12", 12), ("1,200", 1200), ("12.0", 12), ("-3", -3), ("1e3", 1000), ("12.7", None), ("1_000", None),
     ("5亿", None), ("", None), ("99999999999999999999", None)],
)  # fmt: skip
def test_whole_numbers(cell: str, value: int | None) -> None:
    assert one("int", cell) == (value, None if value is not None else "unreadable")


def test_decimals_beyond_six_places_are_rounded_and_said() -> None:
    assert read("decimal", "3.5", "0.8333333333333334", "x") == [
        (Decimal("3.5"), None),
        (Decimal("0.833333"), "rounded"),
        (None, "unreadable"),
    ]


def test_booleans() -> None:
    cells = ["是", "否", "Y", "n", "1", "0", "TRUE", "false", "有"]
    assert [value for value, _ in read("bool", *cells)] == [True, False] * 4 + [False]
    assert one("bool", "有")[1] == "unreadable"


def test_enums() -> None:
    assert read("enum", "在库", "库", values=("在库", "退库")) == [("在库", None), (None, "unreadable")]


# --- codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [
        ("91340000148950117P", "91340000148950117P", None),
        ("91340000148950117p", "91340000148950117P", None),
        (" 9134-0000 1489　50117P", "91340000148950117P", None),
        ("9134\u200b0000148950117P", "91340000148950117P", None),
        ("91340000148950117Q", "91340000148950117Q", "uscc_check_digit"),
        ("91350211M0000XUF46", "91350211M0000XUF46", "uscc_check_digit"),  # a real firm whose check fails
        ("913400007117750489", "913400007117750489", None),  # digits only, and right
        ("913400007117750500", "913400007117750500", "code_as_number"),
        ("9.13400007117750E+17", "9.13400007117750E+17", "code_as_number"),
        ("9.1E17", "9.1E17", "code_as_number"),
        ("9134000071177505.0", "9134000071177505.0", "code_as_number"),
        ("9134000014895O117P", "9134000014895O117P", "uscc_malformed"),
        ("340000000012345", "340000000012345", "uscc_malformed"),
        ("'91340000148950117P", "'91340000148950117P", "uscc_malformed"),
    ],
)
def test_f23_f32_f42_credit_codes(cell: str, value: str, rule: str | None) -> None:
    assert one("uscc", cell) == (value, rule)


@given(
    st.lists(
        st.text(ALPHABET, min_size=17, max_size=17).map(lambda first: first + check_digit(first))
        | st.text(ALPHABET + "IOSVZ甲 ", min_size=16, max_size=19) | st.just(""),
        max_size=20,
    ),
    st.integers(0, 3),
)  # fmt: skip
def test_sound_codes_are_those_without_a_rule(codes: list[str], skip: int) -> None:
    column = pa.array(codes, pa.string())[skip:]
    wanted = [
        bool(c) and len(c) == 18 and set(c) <= set(ALPHABET) and check_digit(c[:17]) == c[17] for c in codes
    ]
    assert sound_codes(column).to_pylist() == wanted[skip:]


@given(
    st.lists(st.text(ALPHABET, min_size=17, max_size=17), min_size=20, max_size=20), st.sampled_from(ALPHABET)
)
def test_the_check_digit_is_that_of_the_standard(firsts: list[str], other: str) -> None:
    right = [first + check_digit(first) for first in firsts]
    assert [rule for _, rule in read("uscc", *right)] == [None] * len(right)
    wrong = [first + other for first in firsts if other != check_digit(first)]
    if wrong:
        rules = {rule for _, rule in read("uscc", *wrong)}
        assert rules <= {"uscc_check_digit", "code_as_number"}


@pytest.mark.parametrize(
    ("cell", "name", "value", "rule"),
    [
        ("340102", "area_code", "340102", None),
        ("340176", "area_code", "340176", None),  # statistics-only zone
        ("110101", "area_code", "110101", None),  # any province
        ("340823", "area_code", "340823", None),  # changed: 枞阳
        ("340705", "area_code", "340705", None),  # changed to
        ("340000", "area_code", "340000", "area_not_county"),
        ("340100", "area_code", "340100", "area_not_county"),
        ("340100", "host_city_code", "340100", None),
        ("340199", "area_code", None, "area_unknown"),
        ("120000", "area_code", None, "area_unknown"),
        ("合肥", "area_code", None, "area_unknown"),
    ],
)
def test_f47_areas(cell: str, name: str, value: str | None, rule: str | None) -> None:
    assert one("area", cell, name=name) == (value, rule)


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [
        ("C", "C", None),
        ("26", "26", None),
        ("2614", "2614", None),
        ("c26", "C26", None),
        ("C 2614", "C2614", None),
        ("6", "06", "industry_padded"),
        ("610", "610", "industry_short"),
        ("0610", "0610", None),
        ("261", "261", None),
        ("B26", None, "industry_contradiction"),
        ("99", None, "unreadable"),
        ("Z", None, "unreadable"),
        ("C26141", None, "unreadable"),
        ("制造业", None, "unreadable"),
    ],
)
def test_industries(cell: str, value: str | None, rule: str | None) -> None:
    assert one("industry", cell) == (value, rule)


# --- time --------------------------------------------------------------------------------------------------

days = st.dates(date(1900, 1, 1), date(9999, 12, 31))


@given(st.lists(days, min_size=5, max_size=5))
def test_every_form_of_a_date(drawn: list[date]) -> None:
    for day in drawn:
        forms = [
            day.isoformat(), f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", f"{day:%Y.%m.%d}",
            f"{day.year}年{day.month}月{day.day}日", f"{day.isoformat()} 00:00:00",
            f"{day.isoformat()}T08:30",
        ]  # fmt: skip
        serial = (day - date(1899, 12, 30)).days
        if 20000 <= serial <= 80000:
            forms.append(str(serial))
        assert read("date", *forms, name="ended_on") == [(day, None)] * len(forms)


@pytest.mark.parametrize(
    "cell",
    ["2026-02-30", "0202-01-01", "1899-12-31", "2025", "2025-13-01", "19999", "80001",
     "3/1/2026", "2026-03-01 25", "20261301"],
)  # fmt: skip
def test_what_is_no_date(cell: str) -> None:
    assert one("date", cell) == (None, "unreadable")


def test_an_end_may_lie_as_far_ahead_as_the_calendar_goes_a_beginning_may_not() -> None:
    for far in ("9999-12-31", "2205-01-01"):
        assert one("date", far, name="valid_until") == (date.fromisoformat(far), None)
        assert one("date", far, name="started_on")[1] == "in_future"


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [
        ("202603", date(2026, 3, 1), None),
        ("2026-03", date(2026, 3, 1), None),
        ("2026-3", date(2026, 3, 1), None),
        ("2026年3月", date(2026, 3, 1), None),
        ("2026-03-15", date(2026, 3, 1), None),
        ("2026.10", date(2026, 10, 1), None),
        ("2026.1", None, "unreadable"),  # January, or October that a spreadsheet took for a number
        ("000000", None, None),
        ("202613", None, "unreadable"),
    ],
)
def test_f33_trap_56_months(cell: str, value: date | None, rule: str | None) -> None:
    assert one("month", cell) == (value, rule)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2025", "2025"),
        ("2025年", "2025"),
        ("2025年度", "2025"),
        ("2025-09", "2025-09"),
        ("2025-9", "2025-09"),
        ("202509", "2025-09"),
        ("2025年1-9月", "2025-09"),
        ("2025年1—12月", "2025-12"),
        ("2025年1至9月", "2025-09"),
        ("2025年9月", "2025-09"),
        ("2025-09-01", "2025-09"),
        ("2025-09-30", "2025-09"),
        ("2025-09-15", None),
        ("2025年2-9月", None),
        ("2025-13", None),
        ("1825", None),
        ("上年", None),
    ],
)
def test_periods(cell: str, value: str | None) -> None:
    assert one("period", cell) == (value, None if value else "unreadable")


@given(st.integers(1990, 2099), st.integers(1, 12), st.integers(-2, 2))
def test_f45_trap_61_a_period_is_told_when_its_last_day_has_come(year: int, month: int, shift: int) -> None:
    last = date(year, month, monthrange(year, month)[1])
    on = last + timedelta(days=shift)
    rule = "in_future" if on < last else None
    assert one("period", f"{year}-{month:02d}", on=on) == (f"{year}-{month:02d}", rule)
    assert one("period", str(year), on=date(year, 12, 30))[1] == "in_future"
    assert one("period", str(year), on=date(year, 12, 31))[1] is None


def test_f45_trap_61_what_begins_may_not_lie_ahead_and_what_ends_may() -> None:
    for name in ("recognised_on", "started_on", "held_on"):
        assert one("date", "2026-11-23", name=name)[1] is None
        assert one("date", "2026-11-24", name=name)[1] == "in_future"
    for name in ("due_on", "valid_until", "revoked_on", "finished_on"):
        assert one("date", "2030-01-01", name=name)[1] is None


def test_years() -> None:
    contracts = load_contracts()
    survey, register = contracts["survey_rd_activity"], contracts["enterprise_register"]
    assert one("year", "2026", name="year", source=survey)[1] == "in_future"
    assert one("year", "2026", name="year", source=survey, on=date(2026, 12, 31))[1] is None
    assert one("year", "2026", name="frame_year", source=register)[1] is None
    assert one("year", "2027", name="frame_year", source=register)[1] == "in_future"
    assert one("year", "2025年")[0] == 2025
    assert one("year", "25") == (None, "unreadable")


# --- lists -------------------------------------------------------------------------------------------------


def test_lists_keep_their_places() -> None:
    assert one("list", "甲;乙 ; ;丙、丁|无;") == (["甲", "乙", None, "丙", "丁", None, None], None)
    assert one("list", "甲,乙 公司") == (["甲,乙 公司"], None)


def test_codes_in_lists() -> None:
    good, other = code(1), code(2)
    wrong_check = good[:17] + ("0" if good[17] != "0" else "1")
    assert one("list", f"{good.lower()};;{other}", name="holder_usccs") == ([good, None, other], None)
    assert one("list", f"{good};913X", name="holder_usccs") == ([good, None], "list_element")
    assert one("list", wrong_check, name="holder_usccs") == ([wrong_check], "uscc_check_digit")
    assert one("list", "340102;999999", name="holder_area_codes") == (["340102", None], "list_element")
    assert one("list", "340102;340100", name="holder_area_codes") == (["340102", "340100"], "area_not_county")


def test_values_in_lists() -> None:
    assert one("list", "线上;空中", values=("线上", "线下")) == (["线上", None], "list_element")


# --- what is known of cells before the statement ------------------------------------------------------------

DIGITS = st.text(alphabet="0123456789./+-eE", min_size=1, max_size=45)


@given(
    st.lists(DIGITS, min_size=1, max_size=4), st.sampled_from(sorted(PLAIN)), st.sampled_from(sorted(POWERS))
)
@example(["1E-81"], "decimal", "元")
@example(["0." + "0" * 40], "money", "亿元")
def test_a_plain_number_is_what_the_grammar_makes_of_it(cells: list[str], kind: Type, unit: str) -> None:
    """`read` asks for each cell both ways."""
    read(kind, *cells, power=POWERS[unit] if kind == "money" else 0)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "", "-2.5"], [Decimal(1), None, Decimal("-2.5")]),
        (["1", "5亿"], [None, None]),
        (["1", "--"], [None, None]),
        (["1.0000001"], [None]),
        (["1.0000000"], [Decimal(1)]),
        (["1000000000000"], [None]),
        (["1E-81"], [None]),
        (["1e2147483647"], [None]),
        (["0." + "0" * 90 + "1"], [None]),
        (["36795706667859.362025782786927906967508264039773009706207615"], [None]),
        (["0" * 20 + "1"], [None]),
        (["-99999999999.999999"], [Decimal("-99999999999.999999")]),
        ([], []),
    ],
)
def test_numbers_of_a_column_are_known_where_all_are_plain(
    cells: list[str], numbers: list[Decimal | None]
) -> None:
    assert plain_numbers(pa.array(cells, pa.string()), PLAIN["money"]).to_pylist() == numbers


_INTEGERS = st.integers(-(10**11), 10**12).map(str)
_ODD = st.text("0123456789-./", max_size=14) | st.just("")


@given(
    st.lists(_INTEGERS | st.just(""), max_size=12) | st.lists(_INTEGERS | _ODD, max_size=4), st.integers(0, 3)
)
def test_integers_are_the_numbers_that_arrow_makes_of_them(cells: list[str], start: int) -> None:
    column = pa.array(["7"] * start + cells, pa.string()).slice(start)
    blank_is_none = pa.array([cell or None for cell in cells], pa.string())
    try:
        expected = pc.cast(blank_is_none, PLAIN["money"]).to_pylist()
    except pa.ArrowInvalid:
        expected = [None] * len(cells)
    found = plain_numbers(column, PLAIN["money"])
    found.validate(full=True)
    assert found.to_pylist() == expected


@given(
    st.lists(
        st.text(max_size=6)
        | st.sampled_from(["　a ", "a\u200b", "\ufeff1", "\x85x", "·", "#REF!", "\x7f", "\x9f"])
    )
)
def test_a_column_without_white_space_or_marks_is_known_by_its_bytes(cells: list[str]) -> None:
    column = pa.array(cells, pa.string())
    assert trimmed(column).to_pylist() == [cell.strip(SPACE) for cell in cells]
    control = re.compile(CONTROL.replace("\\x{", "\\x"))
    assert is_suspicious(column) >= any(control.search(cell) or "#" in cell for cell in cells)


_FULL_WIDTH = str.maketrans("-/anul", "－／ａｎｕｌ")
_WORDS = st.sampled_from(
    [*MISSING, "NULL", "N/A", "NaN", "---", "nul", "0", "12", "是", "合肥市某某有限公司"]
)


@given(st.lists(_WORDS | _WORDS.map(lambda word: word.translate(_FULL_WIDTH)) | st.text(max_size=5)))
def test_cells_that_say_nothing_are_missing(cells: list[str]) -> None:
    column = pa.array(cells, pa.string())
    half = [unicodedata.normalize("NFKC", cell) for cell in cells]
    assert said(pa.array(half, pa.string()), wide=False).to_pylist() == [
        None if cell.lower() in MISSING else cell for cell in half
    ]
    folded = [cell.lower().translate(str.maketrans("－／ａｎｕｌ", "-/anul")) for cell in cells]
    assert said(column, wide=True).to_pylist() == [
        None if word in MISSING else cell for word, cell in zip(folded, cells, strict=True)
    ]


@pytest.mark.parametrize("cells", [["1", "", "20"], ["", ""], ["1", "2"], ["1", "--"]])
def test_what_is_missing_beside_numbers_is_known_from_them(cells: list[str]) -> None:
    column = pa.array(cells)
    numbers = plain_numbers(column, PLAIN["money"])
    assert said(column, wide=False, number=numbers).to_pylist() == said(column, wide=False).to_pylist()


def test_codes_side_by_side_and_apart_are_the_same_codes() -> None:
    codes = [code(i) for i in range(50)]
    assert all(sound_codes(pa.array(codes)).to_pylist())
    assert (
        sound_codes(pa.array([*codes, "", "x", *codes]).slice(1)).to_pylist()
        == [True] * 49 + [False] * 2 + [True] * 50
    )
    wrong = [one[:-1] + ("0" if one[-1] != "0" else "1") for one in codes]
    assert not any(sound_codes(pa.array(wrong)).to_pylist())
