"""Every fault of the list of faults and every trap of computing coverage is a named test.

Here: that the numbers F17 to F48, F54 to F58 and the traps 1 to 64 stand in the names of tests (functions, the words that
their parameters are known by, dbt unit tests). Not here: what those tests say.
"""

from __future__ import annotations

import ast
import re

import yaml

from tests.rules.repository import ROOT

FAULTS = {*range(17, 49), *range(54, 59)}
TRAPS = {*range(1, 65)}


def names() -> set[str]:
    """What tests are called by: functions, texts that begin as the id of a case does, dbt unit tests."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(node.name.removeprefix("test_"))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    for path in (ROOT / "dbt_project" / "models").rglob("*.yml"):
        tests = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("unit_tests") or []
        found |= {test["name"] for test in tests}
    return found


def numbers(mark: str) -> set[int]:
    """`f30_f31_…`, `f30-…`, `f40_trap_01_…`, `…_f58`: the numbers that names begin or end with under this mark."""
    part = r"(?:f\d\d|trap_\d\d)"
    begins = re.compile(rf"{part}(?:_{part})*(?=[-_]|$)")
    ends = re.compile(rf"(?:_{part})+$")
    return {
        int(number)
        for name in names()
        for place in (begins.match(name), ends.search(name))
        if place
        for number in re.findall(rf"{mark}(\d\d)", place[0])
    }


def test_every_fault_is_a_named_test() -> None:
    assert sorted(FAULTS - numbers("f")) == []


def test_every_trap_is_a_named_test() -> None:
    assert sorted(TRAPS - numbers("trap_")) == []
