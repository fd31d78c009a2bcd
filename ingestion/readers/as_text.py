"""A typed cell as the text that a careful person would type for it.

Belongs here: numbers, dates, truth. Does not belong here: where cells come from, what they mean.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

# Below, every whole number is itself. From here on a number is shown with an exponent, so that a credit code that was
# stored as a number, of eighteen digits, can never pass for one.
KEPT = 2**53


def as_text(cell: Any) -> str:
    """The shortest decimal that gives the stored number, dates in ISO form."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return float_text(cell)
    if isinstance(cell, int):
        return str(cell) if abs(cell) < KEPT else f"{Decimal(cell):E}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def float_text(value: float) -> str:
    """A binary number as its shortest decimal, without an exponent as far as it keeps its digits."""
    shortest = repr(value)
    if -KEPT < value < KEPT:
        if "e" in shortest:
            return format(Decimal(shortest), "f")
        return shortest[:-2] if shortest[-2:] == ".0" else shortest
    return f"{Decimal(shortest).normalize():E}"
