"""How the oracle reads the cells of one row: text in, values out, and whether the row is quarantined (interface 3).

Here: missing marks, codes, dates, periods, money, what a row is quarantined for by itself.
Not here: rows of one key against each other, linking, what holds at a date (loading.py).
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.forms import (
    CITIES,
    FORMS,
    KNOWN_AREAS,
    MAY_LIE_AHEAD,
    NEVER_NEGATIVE,
    YUAN,
    Column,
    Form,
    section_of,
)  # fmt: skip

MISSING = {"", "--", "-", "—", "/", "null", "N/A", "nan", "无"}
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
Values = dict[str, Any]


class UnreadableError(Exception):
    """The cell can't be read as its type: a required one quarantines the row, an optional one is missing."""


class QuarantineError(Exception):
    """The cell quarantines its row, required or not."""


def tidy(text: str) -> str:
    """Text as it is compared: NFKC, trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def check_digit(stem: str) -> str:
    """The eighteenth character of a credit code by GB 32100-2015."""
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(stem[:17]))
    return ALPHABET[(31 - total % 31) % 31]


def credit_code(text: str) -> str:
    """The normalised code, or the row is quarantined."""
    code = re.sub(r"[\s​-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(code) != 18 or set(code) - set(ALPHABET):
        raise QuarantineError
    if code.isdigit() and check_digit(code) != code[17]:
        raise QuarantineError
    return code


def day(text: str) -> date:
    """A date in one of the ways that people write it."""
    if re.fullmatch(r"\d{5}", text):
        return date(1899, 12, 30) + timedelta(days=int(text))
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text) or re.fullmatch(
        r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text
    )
    if not found:
        raise UnreadableError
    try:
        return date(*map(int, found.groups()))
    except ValueError as error:
        raise UnreadableError from error


def month(text: str) -> date | None:
    """The first day of a month; 000000 is not yet."""
    if text == "000000":
        return None
    found = re.fullmatch(r"(\d{4})-?(\d{2})", text)
    if not found or not 1 <= int(found[2]) <= 12:
        raise UnreadableError
    return date(int(found[1]), int(found[2]), 1)


def period(text: str) -> str:
    """A year, or a year and the month up to which its figures are cumulative."""
    if found := re.fullmatch(r"(\d{4})年?", text):
        return found[1]
    found = re.fullmatch(r"(\d{4})-(\d{2})", text) or re.fullmatch(r"(\d{4})年1-(\d{1,2})月", text)
    if not found or not 1 <= int(found[2]) <= 12:
        raise UnreadableError
    return f"{found[1]}-{int(found[2]):02d}"


def last_day(of: str | int) -> date:
    """The last day of a year or of a month."""
    year, _, part = str(of).partition("-")
    number = int(part) if part else 12
    return date(int(year), number, monthrange(int(year), number)[1])


def money(text: str, unit: str) -> Decimal:
    """Exact yuan; a unit of the cell's own counts before the file's."""
    found = re.fullmatch(r"(-?[\d,]+(?:\.\d+)?)(亿元?|万元?|千元|百万元|元)?", text)
    if not found:
        raise UnreadableError
    own = found[2] and (found[2] if found[2].endswith("元") else found[2] + "元")
    yuan = Decimal(found[1].replace(",", "")) * YUAN[own or unit]
    if yuan != yuan.quantize(Decimal("0.000001")):
        raise QuarantineError
    return yuan


def industry(text: str) -> str:
    """Letter, digits or both; the two must not contradict each other."""
    found = re.fullmatch(r"([A-T])?(\d{2,4})?", text)
    if not found or not text:
        raise UnreadableError
    if found[1] and found[2] and section_of(found[2][:2]) != found[1]:
        raise QuarantineError
    return text


def _list(name: str, text: str) -> list[str | None]:
    parts: list[str | None] = []
    for part in re.split(r"[;、|]", text):
        place: str | None = None if part.strip() in MISSING else part.strip()
        if place and name == "holder_usccs":
            try:
                place = credit_code(place)
            except QuarantineError:
                place = None  # a bad code in a list is a warning, its place stays without one
        parts.append(place)
    return parts


def _value(name: str, column: Column, cell: str, unit: str) -> Any:
    text = tidy(cell)
    if text in MISSING:
        return False if column.type == "bool" else None
    if column.type in ("int", "year"):
        if not re.fullmatch(r"-?\d+", text):
            raise UnreadableError
        return int(text)
    if column.type == "area":
        if text in KNOWN_AREAS:
            return text
        raise QuarantineError if name in ("operating_area_code", "area_code") else UnreadableError
    if column.type == "bool":
        if text.lower() not in ("是", "否", "y", "n", "1", "0", "true", "false"):
            raise UnreadableError
        return text.lower() in ("是", "y", "1", "true")
    if column.type == "enum":
        if text not in column.values:
            raise UnreadableError
        return text
    if column.type == "money":
        return money(text, unit)
    if column.type == "list":
        return _list(name, text)
    readers = {"uscc": credit_code, "date": day, "month": month, "period": period, "industry": industry}
    return readers[column.type](text) if column.type in readers else cell.strip()


def _blank_is_fine(form: Form, name: str, row: Mapping[str, str]) -> bool:
    """Where a code and a name are a pair, either of them will do."""
    if not form.columns[name].required:
        return True
    return bool(
        form.link and name in form.link and any(tidy(row.get(one, "")) not in MISSING for one in form.link)
    )


def _in_future(name: str, column: Column, value: Any, delivered_on: date) -> bool:
    if value is None or name in MAY_LIE_AHEAD:
        return False
    if name == "frame_year":
        return date(int(value), 1, 1) > delivered_on
    if column.type in ("period", "year"):
        return last_day(value) > delivered_on
    return column.type in ("date", "month") and bool(value > delivered_on)


def read_row(
    source: str, row: Mapping[str, str], unit: str, delivered_on: date
) -> tuple[Values, bool] | None:
    """The values of one row and whether it is listed with a warning, or None where it is quarantined."""
    form = FORMS[source]
    values: Values = {}
    warned = False
    for name, column in form.columns.items():
        try:
            value = _value(name, column, row.get(name, ""), unit)
            warned |= _doubtful(name, column, value, row.get(name, ""))
        except UnreadableError:
            if column.required:
                return None
            value = False if column.type == "bool" else None
            warned = True
        except QuarantineError:
            return None
        blank = value is None or (column.type == "bool" and tidy(row.get(name, "")) in MISSING)
        if blank and not _blank_is_fine(form, name, row):
            return None
        if name in NEVER_NEGATIVE and value is not None and value < 0:
            return None
        planned = name == "held_on" and tidy(row.get("status", "")) == "计划"
        if not planned and _in_future(name, column, value, delivered_on):
            return None
        values[name] = value
    warned |= bool(values.get("consolidated")) or (
        values.get("stage") == "废止" and values["abolished_on"] is None
    )
    return values, warned


def is_note(cells: list[str]) -> bool:
    """A total row or a footer: by the first cell that is text."""
    for cell in cells:
        text = tidy(cell)
        if text and not re.fullmatch(r"-?[\d,.]+", text):
            return text.startswith(("合计", "小计", "总计", "其中", "单位负责人", "填表人", "制表人", "注:"))
    return False


def _doubtful(name: str, column: Column, value: Any, cell: str) -> bool:
    """Accepted, but a person should look at it."""
    if value is None:
        return False
    if column.type == "area":
        return value == "340000" or value in CITIES
    if name == "holder_usccs":
        said = [one for one in re.split(r"[;、|]", tidy(cell)) if one.strip() not in MISSING]
        kept = [one for one in value if one]
        return len(said) != len(kept) or any(check_digit(one) != one[17] for one in kept)
    return column.type == "uscc" and check_digit(value) != value[17]
