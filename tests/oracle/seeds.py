"""Which random provinces are compared: a dozen always, any range on demand.

Here: the choice. Not here: what is done with it.
"""

from __future__ import annotations

import os

# Every wrong rule of test_teeth.py changes a cell of at least two of these (found among the first sixty).
DOZEN = (1, 2, 3, 4, 10, 13, 17, 25, 28, 32, 33, 46)


def seeds() -> tuple[int, ...]:
    """The dozen, or what INNOSTAT_ORACLE says: a number of provinces (200), or a range of seeds (300-349)."""
    wanted = os.environ.get("INNOSTAT_ORACLE", "")
    if not wanted:
        return DOZEN
    first, _, last = wanted.rpartition("-")
    return tuple(range(int(first or 1), int(last) + 1))
