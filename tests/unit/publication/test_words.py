"""How figures are put into words and cells: short of full coverage is never shown as full."""

from __future__ import annotations

import re

import pytest

from publication.words import RATE_FORMAT, percent


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (1, "100.0%"),
        (2_999 / 3_000, "99.9%"),
        (0.9995, "99.9%"),
        (0.99949, "99.9%"),
        (0.6, "60.0%"),
        (0, "0.0%"),
    ],
)
def test_trap_43_only_full_coverage_is_shown_as_a_hundred_percent(rate: float, shown: str) -> None:
    assert percent(rate) == shown


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(1, "0.0%"), (0.9999, '"99.9%"'), (0.9995, '"99.9%"'), (0.6, "0.0%"), (-0.2, "0.0%"), (1.2, "0.0%")],
)
def test_trap_43_a_cell_short_of_full_coverage_alone_has_its_text_fixed(rate: float, shown: str) -> None:
    """A target that is more than met has an attainment above 1, and shows it."""
    assert _section(RATE_FORMAT, rate) == shown


def _section(number_format: str, value: float) -> str:
    """What a spreadsheet takes of a number format: the first section whose condition holds, else the last."""
    for section in number_format.split(";"):
        condition = re.match(r"\[(=|>=)([0-9.]+)\]", section)
        if condition is None:
            return section
        sign, limit = condition.groups()
        if value == float(limit) or (sign == ">=" and value > float(limit)):
            return section[condition.end() :]
    raise AssertionError(f"no section of {number_format} holds {value}")
