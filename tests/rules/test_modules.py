"""Small rooms with a sign on each door, nothing swallowed, and a reason beside every exception to a rule."""

from __future__ import annotations

import ast
import re

from tests.rules.repository import PACKAGES, lines, modules, offenders, text, under

CODE = (*PACKAGES, "benchmarks")
LONGEST = 300
COMMAND = re.compile(r"orchestration/cli/(?!__init__|common)\w+\.py")  # its name and first line say all of it
SAYS_WHAT_NOT = re.compile(r"\b(not here|does not( belong here)?):", re.IGNORECASE)


def test_every_module_says_what_belongs_there_and_what_does_not() -> None:
    found = [
        name
        for name, tree in modules(*CODE)
        if tree.body
        and not COMMAND.fullmatch(name)
        and not SAYS_WHAT_NOT.search(" ".join((ast.get_docstring(tree) or "").split()))
    ]
    assert not found, "the module's docstring has no 'Not here: …'\n" + offenders(found)


def test_modules_are_small() -> None:
    sizes = {name: text(name).count("\n") for name in under(*CODE, suffix=".py")}
    found = [f"{name}: {size} lines" for name, size in sizes.items() if size > LONGEST]
    assert not found, offenders(found)


def test_models_fit_two_screens() -> None:
    sizes = {name: text(name).count("\n") for name in under("dbt_project/models", suffix=".sql")}
    found = [f"{name}: {size} lines" for name, size in sizes.items() if size > 150]
    assert not found, offenders(found)


def test_every_exception_to_a_rule_has_its_reason_beside_it() -> None:
    """The reason stands after the mark, or in the comment on the line above."""
    found = []
    for name in (*under(*CODE, "tests", "dbt_project", suffix=".py"), *under("dbt_project", suffix=".sql")):
        if name.startswith("tests/rules/"):
            continue  # they speak of these marks
        before = ""
        for place, line in lines(name):
            mark = re.search(
                r"(?:#|--)\s*(?:noqa|type:\s*ignore|pragma)\b(?::\s*[\w, ]*?\d{2,4}|\[[\w, -]+\])?(.*)", line
            )
            if mark and not re.search(r"[^\W\d_]{3,}", mark[1]) and not re.match(r"\s*(#|--|\{#)", before):
                found.append(f"{place}: {line.strip()}")
            before = line
    assert not found, offenders(found)


def test_every_skip_has_a_reason() -> None:
    found = []
    for name, tree in modules("tests"):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        called = {id(call.func) for call in calls}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and id(node) not in called:
                bare = re.fullmatch(r"pytest\.mark\.(skip|xfail)", ast.unparse(node))
            elif isinstance(node, ast.Call) and not any(keyword.arg == "reason" for keyword in node.keywords):
                spoken = ast.unparse(node.func)
                bare = re.fullmatch(r"pytest\.(mark\.)?(skip|skipif|xfail)", spoken) and (
                    spoken.endswith("if") or not node.args
                )
            else:
                continue
            if bare:
                found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    assert not found, offenders(found)


def test_nothing_swallows_whatever_goes_wrong() -> None:
    """A handler of everything raises again or has its reason beside it; one that only passes, never."""
    found = []
    for name, tree in modules(*CODE):
        source = text(name).splitlines()
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            silent = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
            raises = any(isinstance(step, ast.Raise) for step in ast.walk(node))
            if broad and (silent or not (raises or "BLE001" in source[node.lineno - 1])):
                found.append(f"{name}:{node.lineno}: {source[node.lineno - 1].strip()}")
    assert not found, offenders(found)


def test_the_clock_is_read_in_one_place_a_package() -> None:
    """Statistics know one date, the as-of date; SQL that asks for today's can't be made again tomorrow."""
    found = [
        f"{place}: {line.strip()}"
        for place, line in lines(*under("dbt_project", "quality", suffix=".sql"))
        if re.search(r"\b(current_date|current_timestamp|now\(\)|today\(\)|random\()", line, re.IGNORECASE)
    ]
    assert not found, offenders(found)
