"""Typed rows are a cache: whatever they depend on is in their fingerprint, so that a change types them again."""

from __future__ import annotations

import ast
from fnmatch import fnmatch

from ingestion import typed
from tests.rules.repository import modules, offenders

# What a delivery is, and where its bytes lie: neither says what becomes of a cell.
_BESIDE = {"store", "inbox"}


def _drawn_on() -> set[str]:
    """The modules of ingestion that typing imports, and those that these import, as paths below it."""
    trees = {name.removeprefix("ingestion/").removesuffix(".py"): tree for name, tree in modules("ingestion")}
    found: set[str] = set()
    waiting = ["typed"]
    while waiting:
        name = waiting.pop()
        if name in trees and name not in found | _BESIDE:
            found.add(name)
            imports = [node for node in ast.walk(trees[name]) if isinstance(node, ast.ImportFrom)]
            for node in imports:
                module = (node.module or "").removeprefix("ingestion").strip(".").replace(".", "/")
                waiting += [module, *(f"{module}/{one.name}".strip("/") for one in node.names)]
    return found


def test_every_module_that_typing_draws_on_types_again_when_it_changes() -> None:
    hashed = typed._CODE.split()
    left_out = sorted(name for name in _drawn_on() if not any(fnmatch(name, one) for one in hashed))
    assert not left_out, offenders(left_out)


def test_the_rule_sees_what_is_drawn_on() -> None:
    assert {"typed", "cells", "macros", "readers/csv_reader", "reference"} <= _drawn_on()
