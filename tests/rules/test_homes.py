"""One home per fact: thresholds, targets and dates of the policy stand in seeds and nowhere else."""

from __future__ import annotations

import re

import pytest

from tests.rules.repository import lines, offenders, under

# The three thresholds (1, 5 and 10 亿元) as people write them. A unit of money is a power of ten: 10**8.
THRESHOLD = re.compile(
    r"(?<![\w.])(?:(?:1|5|10)00(?:[_,]?000){2}|[15](?:\.0)?e\+?0?8|1(?:\.0)?e\+?0?9)(?:\.0+)?(?![\w.])", re.I
)
TEXT_OF_THE_POLICY = re.compile(r"\b20\d\d-\d\d-\d\d-draft\b")


def code() -> list[str]:
    """Everything that computes; seeds hold the facts, tests state what they expect."""
    names = (*under(suffix=".py"), *under(suffix=".sql"))
    return [
        name for name in names if not name.startswith(("tests/", "dbt_project/seeds/", "dbt_project/tests/"))
    ]


def test_thresholds_have_one_home() -> None:
    found = [f"{place}: {line.strip()}" for place, line in lines(*code()) if THRESHOLD.search(line)]
    assert not found, "the thresholds live in dbt_project/seeds/obligation.csv:\n" + offenders(found)


def test_no_statistic_is_tied_to_one_text_of_the_policy() -> None:
    """Settings choose the text, seeds hold it; SQL joins on whichever is chosen.

    Unit tests of models (tests/, _unit_tests.yml) compute nothing: their rows have to name some text.
    """
    names = [
        name
        for name in under("dbt_project/models", "dbt_project/macros")
        if "/tests/" not in name and not name.endswith("/_unit_tests.yml")
    ]
    assert any(name.endswith(".sql") for name in names) and any(name.endswith(".yml") for name in names)
    found = [place for place, line in lines(*names) if TEXT_OF_THE_POLICY.search(line)]
    assert not found, offenders(found)


def test_the_rule_sees_a_text_of_the_policy() -> None:
    assert TEXT_OF_THE_POLICY.search("where policy_version = '2025-05-15-draft'")


@pytest.mark.parametrize(
    "written",
    ["100000000", "100_000_000", "500,000,000", "1000000000", "1e8", "5e8", "1e9", ">= 1000000000.00"],
)
def test_the_rule_sees_a_threshold(written: str) -> None:
    assert THRESHOLD.search(f"where revenue_yuan >= {written}")


@pytest.mark.parametrize("written", ["10**8", "100_000", "200000000", "x100000000", "1e6"])
def test_the_rule_leaves_other_numbers_alone(written: str) -> None:
    assert not THRESHOLD.search(f"= {written}")
