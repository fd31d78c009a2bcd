"""Which random provinces are compared: a dozen always, any range on demand.

Here: the choice. Not here: what is done with it.
"""

from __future__ import annotations

import os

# The first reaches most of what test_teeth.py makes wrong, so it goes first; small provinces, for time.
DOZEN = (12, 46, 32, 18, 31, 69, 4, 85, 42, 19, 7, 1)


def seeds() -> tuple[int, ...]:
    """The dozen, or what INNOSTAT_ORACLE says: a number of provinces (200), or a range of seeds (300-349)."""
    wanted = os.environ.get("INNOSTAT_ORACLE", "")
    if not wanted:
        return DOZEN
    first, _, last = wanted.rpartition("-")
    return tuple(range(int(first or 1), int(last) + 1))
