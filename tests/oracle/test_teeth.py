"""The random provinces reach every boundary: change one rule of the oracle, and some cell of the dozen changes.

Here: rules made wrong on purpose, one at a time. Not here: the comparison with the pipeline (test_oracle.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from tests.oracle import cells, loading, policy, statistics, tables
from tests.oracle.headline import headline
from tests.oracle.province import make_province
from tests.oracle.seeds import DOZEN
from tests.oracle.tables import Oracle

DAY = timedelta(days=1)
Patch = tuple[Any, str, Any]


def _all_tables(seed: int) -> list[Any]:
    province = make_province(seed)
    found = []
    for run in range(len(province.as_ofs)):
        oracle = Oracle(province, run)
        figures = headline(oracle) | policy.policy(oracle)
        found.append((oracle.coverage(), oracle.obligation_status(), oracle.gap_list(), figures))
    return found


@cache
def _right(seed: int) -> list[Any]:
    return _all_tables(seed)


def _reaches(compare: Callable[[Any, Any], bool]) -> Any:
    def reaches(tier: statistics.Tier, threshold: Any) -> bool | None:
        if tier.revenue is not None and (tier.whole_year or compare(tier.revenue, threshold)):
            return compare(tier.revenue, threshold)
        return None

    return reaches


def _later(values: cells.Values, **days: timedelta) -> cells.Values:
    return {
        **values,
        **{name: values[name] and values[name] + by for name, by in days.items() if name in values},
    }


months_before, stands, under_way = statistics.months_before, statistics.stands, statistics.under_way
institution, product = statistics.institution_stands, statistics.product_counts
told, holding = loading.Row, loading.Holding
end_of, names = statistics.end_of, loading.Names
title_ends, title_valid, area_of = policy.title_ends, policy.title_valid, policy.Places.of

WRONG: dict[str, Patch] = {
    "above a threshold, not at it": (statistics.Tier, "reaches", _reaches(lambda a, b: a > b)),
    "a partial year below a threshold proves it": (
        statistics.Tier, "reaches", lambda tier, step: None if tier.revenue is None else tier.revenue >= step,
    ),
    "36 months and a day": (statistics, "months_before", lambda day, n: months_before(day, n) - DAY),
    "36 months less a day": (statistics, "months_before", lambda day, n: months_before(day, n) + DAY),
    "valid until the eve": (
        statistics, "institution_stands", lambda values, day: institution(_later(values, valid_until=-DAY), day),
    ),
    "revoked from the day after": (
        statistics, "institution_stands", lambda values, day: institution(_later(values, revoked_on=DAY), day),
    ),
    "recognised from the day after": (
        statistics, "institution_stands", lambda values, day: institution(_later(values, recognised_on=DAY), day),
    ),
    "a product lasts by silence": (
        statistics, "product_counts",
        lambda values, day, window: product({**values, "valid_until": values["valid_until"] or day}, day, window),
    ),
    "a product valid until the eve": (
        statistics, "product_counts",
        lambda values, day, window: product(_later(values, valid_until=-DAY), day, window),
    ),
    "a product's revocation a day late": (
        statistics, "product_counts", lambda values, day, window: product(_later(values, revoked_on=DAY), day, window),
    ),
    "lapse unmakes an outcome of the window": (
        statistics, "stands",
        lambda since, until, day, window: stands(since, until, day, window) and (until is None or until > day),
    ),
    "lapsed the day after": (
        statistics, "stands", lambda since, until, day, window: stands(since, until and until + DAY, day, window),
    ),
    "ended on 1 January is ended before it": (
        statistics, "under_way", lambda start, end, first, day: under_way(start, end and end - DAY, first, day),
    ),
    "started on the day is not started": (
        statistics, "under_way", lambda start, end, first, day: under_way(start and start + DAY, end, first, day),
    ),
    "a closed project without an end goes on": (statistics, "end_of", lambda row: row.values["ended_on"]),
    "a closed project ends when we are told": (
        statistics, "end_of",
        lambda row: row.delivered_on if end_of(row) and not row.values["ended_on"] else row.values["ended_on"],
    ),
    "monitoring before the survey": (statistics, "FINANCE", ("enterprise_revenue", "survey_finance")),
    "old codes stay where they were": (statistics, "RENUMBERED", {}),
    "every industry is in the frame": (statistics, "FRAME_DIVISIONS", {*range(100)}),
    "the path begins a year later": (tables, "BASELINE", date(2025, 12, 31)),
    "brackets and dots make another name": (loading, "plain_name", lambda name: cells.tidy(name)),
    "decisions are not heard": (
        loading, "Names", lambda register, decisions, as_of: names(register, (), as_of),
    ),
    "decisions hold before they are taken": (
        loading, "Names", lambda register, decisions, as_of: names(register, decisions, date.max),
    ),
    "former names are forgotten": (
        loading, "Names",
        lambda register, decisions, as_of: names(
            [replace(row, values={**row.values, "former_names": None}) for row in register], decisions, as_of
        ),
    ),
    "contradicting rows are one": (loading, "_same", lambda rows: True),
    "the same rows contradict each other": (loading, "_same", lambda rows: len(rows) == 1),
    "a year has come when it begins": (cells, "last_day", lambda of: date(int(str(of)[:4]), 1, 1)),
    "nothing may lie ahead": (cells, "MAY_LIE_AHEAD", set()),
    "an expense may be negative": (cells, "NEVER_NEGATIVE", set()),
    "missing marks are text": (cells, "MISSING", {""}),
    "what is for statistics only serves every use": (
        loading, "Row", lambda *parts: told(*parts[:5], False, parts[6]),
    ),
    "contradictions stay in their use": (tables, "CONFLICTS_CROSS_USES", False),
    "a title lasts to the same day of its third year": (
        policy, "title_ends",
        lambda row: row.values["valid_until"] or (title_ends(row) and title_ends(row) + DAY),
    ),
    "single rows make a frame": (
        loading, "Holding", lambda *parts: holding(*parts[:3], frozenset(range(2000, 2100))),
    ),
    "a title without a last day has none": (policy, "title_ends", lambda row: row.values["valid_until"]),
    "a title of the eve counts": (policy, "title_valid", lambda row, day: title_valid(row, day - DAY)),
    "who has no code is nobody's equal": (policy, "holder", lambda row: row.values["uscc"] or id(row)),
    "who has no code is one": (policy, "holder", lambda row: row.values["uscc"] or ""),
    "combined titles count apart": (policy, "GROUPS", {**policy.GROUPS, "T07-2": ("专精特新中小企业",)}),
    "an enterprise's place counts before the record's own": (
        policy.Places, "of", lambda places, area, uscc, year: area_of(places, None if uscc else area, uscc, year),
    ),
    "an enterprise's place is not the record's": (
        policy.Places, "of", lambda places, area, uscc, year: area_of(places, area, None, year),
    ),
    "weeks count before the policy": (policy, "ISSUED", date(2025, 1, 1)),
    "a target is due in full at once": (
        policy, "TARGETS", {name: (operator, number, False) for name, (operator, number, _) in policy.TARGETS.items()},
    ),
    "about is exactly": (
        policy, "TARGETS", {name: (">=", number, accrues) for name, (_, number, accrues) in policy.TARGETS.items()},
    ),
    "each kind of centre counts": (policy, "CENTRES", (*policy.CENTRES, "重点实验室")),
    "a policy without end": (policy, "TARGET_YEARS", range(2024, 2040)),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_rule_changes_a_cell_of_the_dozen(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = [_right(seed) for seed in DOZEN]
    monkeypatch.setattr(*WRONG[wrong])
    assert any(_all_tables(seed) != before for seed, before in zip(DOZEN, right, strict=True))


def _patched_settle(change: Callable[[loading.Row], loading.Row]) -> Any:
    settle = loading._settle
    return lambda rows, scope: settle([change(row) for row in rows], scope)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda row: replace(row, mode="upsert" if row.mode == "full" else row.mode), "a register is never whole"),
        (lambda row: replace(row, mode="upsert" if row.mode == "delete" else row.mode), "nothing is deleted"),
        (lambda row: replace(row, values={**row.values, "consolidated": False}), "groups count"),
        (lambda row: replace(row, run=-row.run), "earlier runs win"),
        (
            lambda row: replace(row, delivered_on=date(4000, 1, 1) - (row.delivered_on - date(1, 1, 1))),
            "earlier deliveries win",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_a_wrong_order_changes_a_cell_of_the_dozen(
    change: Callable[[loading.Row], loading.Row], wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = [_right(seed) for seed in DOZEN]
    monkeypatch.setattr(loading, "_settle", _patched_settle(change))
    assert any(_all_tables(seed) != before for seed, before in zip(DOZEN, right, strict=True)), wrong
