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
    """`f36_f37_…`, `f30-…`, `f40_trap_01_…`, `trap_27_28_…`: the numbers that a name begins with, by their mark."""
    marks = re.compile(r"((?:f|trap_)\d\d(?:_\d\d)*)(?:[-_]|$)")
    found: set[int] = set()
    for name in names():
        while begun := marks.match(name):
            name = name[begun.end() :]
            if begun[1].startswith(mark):
                found |= {int(number) for number in re.findall(r"\d\d", begun[1])}
    return found


def test_every_fault_is_a_named_test() -> None:
    assert sorted(FAULTS - numbers("f")) == []


def test_every_trap_is_a_named_test() -> None:
    assert sorted(TRAPS - numbers("trap_")) == []
