"""How figures are put into words and cells: short of full coverage is never shown as full."""

from __future__ import annotations

import pytest

from publication.words import percent


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
