"""Who may import whom: orchestration → publication → quality, orchestration → ingestion, nothing else."""

from __future__ import annotations

import ast

from tests.rules.repository import PACKAGES, modules, offenders

# A package may import what lies below it. Quality and publication work on tables, whoever loaded them.
BELOW = {
    "ingestion": set(),
    "quality": set(),
    "publication": {"quality"},
    "orchestration": {"publication", "quality", "ingestion"},
}


def imported(tree: ast.Module) -> set[str]:
    """The top-level names that a module imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_imports_follow_the_arrows() -> None:
    found = [
        f"{name} imports {other}"
        for name, tree in modules(*PACKAGES)
        for other in imported(tree) & {*PACKAGES, "tests", "benchmarks"}
        if other != name.split("/")[0] and other not in BELOW[name.split("/")[0]]
    ]
    assert not found, offenders(found)


def test_imports_are_absolute() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not found, "relative imports hide where an arrow points:\n" + offenders(found)


def test_the_rule_sees_an_arrow_against_the_stream() -> None:
    assert imported(ast.parse("def late():\n    from orchestration.cli import main")) == {"orchestration"}
    assert imported(ast.parse("import ingestion.store as s")) == {"ingestion"}
