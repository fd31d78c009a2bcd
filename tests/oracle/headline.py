"""The H1–H5 family of indicator_value as the oracle works it out (interface 4 and 5).

Here: rates, counts, gaps, unknowns, all three at once, the distance from the path. Not here: coverage (tables.py).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.oracle.tables import Cell, Oracle, Table

HEADLINES = {"H1": "activity", "H2": "institution", "H3": "outcome"}
TARGET_YEARS = (
    "2024",
    "2025",
    "2026",
    "2027",
)  # the seed's rows: from the baseline to the year that the policy names


def headline(oracle: Oracle) -> Table:
    """Rows by indicator, measure, reading, period, area and category."""
    table: Table = {}
    for (year, basis, purpose, obligation, dimension, member), cell in oracle.coverage().items():
        if dimension not in ("province", "city"):
            continue
        reading = basis if purpose == "statistical" else f"{basis}-admin"
        place = (reading, str(year), member)
        common = {"vintage": cell["vintage"], "obs_status": cell["obs_status"]}
        name = next(one for one, which in HEADLINES.items() if which == obligation)
        asked, met, unknown = cell["n_asked"], cell["n_met"], cell["n_unknown"]

        def put(indicator: str, measure: str, row: dict[str, Any], category: str = "", place: Any = place,
                common: Cell = common) -> None:  # fmt: skip
            if "target_value" in row and place[1] not in TARGET_YEARS:
                row |= {"target_operator": None, "target_value": None, "status": "no_target"}
                row |= {"attainment": None} if "attainment" in row else {}
            if row["value"] is None and row["status"] == "no_target":
                del row["status"]  # no figure and no target: which of the two words it is, is not said
            table[indicator, measure, *place, category] = {**row, **common}

        gap = cell["n_not_met"]
        put(name, "rate", {
            "value": cell["rate"], "numerator": met, "denominator": asked, "target_operator": "=", "target_value": 1,
            "attainment": cell["rate"],
            "status": "unknown" if asked == 0 else "met" if met == asked else "behind",
        })  # fmt: skip
        put(f"{name}N", "count", {"value": asked, "status": "no_target"})
        put(f"{name}G", "count", {
            "value": gap, "target_operator": "=", "target_value": 0,
            "status": "unknown" if unknown else "met" if gap == 0 else "behind",
        })  # fmt: skip
        put(f"{name}U", "count", {"value": unknown, "status": "no_target"})
        put(f"{name}U", "share", {
            "value": Fraction(unknown, asked) if asked else None, "numerator": unknown, "denominator": asked,
            "status": "no_target",
        })  # fmt: skip
        distance = None
        if cell["rate"] is not None and cell["path_rate"] is not None:
            distance = cell["rate"] - cell["path_rate"]
        put("H5", "deviation", {"value": distance, "status": "no_target"}, obligation)
        if obligation == "outcome":
            met, asked = oracle.all_three(year, basis, purpose, member)
            put("H4", "share", {
                "value": Fraction(met, asked) if asked else None, "numerator": met, "denominator": asked,
                "status": "no_target",
            })  # fmt: skip
    return table
