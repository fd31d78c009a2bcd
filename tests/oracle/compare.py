"""Cell by cell: the pipeline's tables against the oracle's.

Here: reading the pipeline's rows by key, equality, the list of differences. Not here: either side's rules.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.cells import tidy
from tests.oracle.headline import headline
from tests.oracle.loading import plain_name
from tests.oracle.pipeline import Built, Rows, plain
from tests.oracle.policy import policy
from tests.oracle.tables import Cell, Oracle, Table, band

KEYS = {
    "coverage": ("reference_year", "tier_basis", "purpose", "obligation", "dimension", "member_code"),
    "obligation_status": ("reference_year", "tier_basis", "purpose", "obligation", "uscc"),
    "gap_list": ("reference_year", "uscc"),
    "delivery": ("source", "name"),
    "indicator_value": ("indicator_id", "measure", "reading", "period", "area_code", "category"),
}
# Warnings that are worth a look and follow from no rule of the interface, so that no second reading can come to them.
DOUBTS = ("unit_suspected", "before_establishment", "branch_code", "total_mismatch")
QUERIES = {
    "coverage": "select * from main.coverage",
    "obligation_status": "from main.obligation_status union all by name from confidential.obligation_status",
    "gap_list": "select * from main.gap_list",
    "coverage_change": """
      select
        *,
        conversion + loss + entry_new + entry_crossed + entry_moved + exit_left + exit_crossed + exit_moved as parts
      from main.coverage_change""",
    "indicator_value": r"""
      select * from main.indicator_value
      where regexp_matches(indicator_id, '^(H[1-5][NGU]?|T02-[12]|T05-1|T06-1|T07-[1-6]|T09-1|T12-[12])$')
        and length(period) = 4""",
    "delivery": "from main.delivery where delivered_on <= (select as_of from raw.run_setting)",
    **{
        name: f"""
          select distinct source, file, "row" from main.{name} where rule not in {DOUBTS}
          union select distinct source, file, "row" from confidential.{name} where rule not in {DOUBTS}"""
        for name in ("quarantined_row", "warned_row")
    },
    "unlinked_row": "select source, name from main.unlinked_row union select source, name from confidential.unlinked_row",
}
BANDS = {"activity": "1亿元至5亿元", "institution": "5亿元至10亿元", "outcome": "10亿元以上"}
CLOSE = 1e-12


def equal(ours: Any, theirs: Any) -> bool:
    """Exactly, but for rates: those within 1e-12."""
    if ours is None or theirs is None or isinstance(ours, str | bool) or isinstance(theirs, str | bool):
        return bool(ours == theirs)
    if isinstance(ours, Decimal) or isinstance(theirs, Decimal):
        return bool(ours == theirs)
    return abs(float(ours) - float(theirs)) <= CLOSE


def differences(oracle: Oracle, built: Built) -> list[str]:
    """Every cell that differs, every row that only one side has."""
    theirs = built.tables(QUERIES)
    found = list(built.problems)
    for name, ours in (
        ("coverage", oracle.coverage()),
        ("obligation_status", _as_published_status(oracle.obligation_status())),
        ("gap_list", _as_published_gaps(oracle.gap_list())),
        ("indicator_value", headline(oracle) | policy(oracle)),
        ("delivery", oracle.deliveries()),
    ):
        found += _table_differences(name, ours, theirs[name])
    quarantined, warned = (
        {(row["source"], row["file"], row["row"]) for row in theirs[name]}
        for name in ("quarantined_row", "warned_row")
    )
    waiting = {(row["source"], plain_name(row["name"])) for row in theirs["unlinked_row"]}
    found += _list_differences("quarantined_row", oracle.quarantined, quarantined)
    # Whether a row that is quarantined is listed with its warnings too is not said.
    found += _list_differences(
        "warned_row", oracle.loaded.warned - oracle.quarantined, warned - oracle.quarantined
    )
    found += _list_differences("unlinked_row", oracle.waiting, waiting)
    return found + _change_differences(oracle, theirs["coverage_change"])


def _change_differences(oracle: Oracle, rows: Rows) -> list[str]:
    """The change is that of the rates, and its parts sum to it (how it is divided into parts is not worked out here)."""
    found = []
    for row in rows:
        key = tuple(
            row[name] for name in ("reference_year", "tier_basis", "purpose", "obligation", "area_code")
        )
        ours = oracle.rate_change(*key)
        if not equal(ours, row["rate_change"]) or not equal(ours, row["parts"]):
            said = ours and float(ours)
            found.append(
                f"coverage_change {plain(key)}: {row['rate_change']}, in parts {row['parts']}, the oracle has {said}"
            )
    return found


def _list_differences(name: str, ours: set[Any], theirs: set[Any]) -> list[str]:
    return [
        *(f"{name}: only the oracle has {plain(one)}" for one in sorted(ours - theirs)),
        *(f"{name}: only the pipeline has {plain(one)}" for one in sorted(theirs - ours)),
    ]


def _table_differences(name: str, ours: Table, rows: Rows) -> list[str]:
    theirs: Table = {}
    found = []
    for row in rows:
        key = tuple(row[column] for column in KEYS[name])
        if key in theirs:
            found.append(f"{name} {plain(key)}: twice")
        theirs[key] = row
    found += [
        f"{name} {plain(key)}: only the oracle has it: {plain(ours[key])}"
        for key in ours.keys() - theirs.keys()
    ]
    found += [f"{name} {plain(key)}: only the pipeline has it" for key in theirs.keys() - ours.keys()]
    for key in ours.keys() & theirs.keys():
        for column, value in ours[key].items():
            same = equal(value, theirs[key][column])
            if column == "name" and not same:
                # Rows that are the same after NFKC are one; which of their spellings stays is not said.
                same = tidy(value) == tidy(theirs[key][column])
            if not same:
                said = float(value) if isinstance(value, Fraction) else value
                found.append(
                    f"{name} {plain(key)}: {column} is {plain(theirs[key][column])}, the oracle has {plain(said)}"
                )
    return sorted(found)


def _as_published_status(table: Table) -> Table:
    """An evidence's key as text."""
    return {
        key: {
            **{name: value for name, value in row.items() if name != "evidence_key"},
            "evidence_id": row["evidence_key"] and "|".join(row["evidence_key"]),
        }
        for key, row in table.items()
    }


def _as_published_gaps(table: Table) -> Table:
    """Bands in words; what is not missing is empty."""

    def published(row: Cell) -> Cell:
        cells: Cell = {
            name: "" if name.startswith("missing_") and value is None else value
            for name, value in row.items()
        }
        revenue = cells.pop("revenue_yuan")
        return {**cells, "revenue_band": BANDS[band(revenue)]}

    return {key: published(row) for key, row in table.items()}
