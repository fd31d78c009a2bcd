"""The repository as data, for the rules that are tested over it.

Here: which files there are, parsed modules, parsed model metadata. Not here: any rule.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ingestion", "quality", "publication", "orchestration")


@cache
def files() -> tuple[str, ...]:
    """Every file that is tracked or would be (nothing that .gitignore names), relative to the root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return tuple(sorted(name for name in listing.split("\0") if name and (ROOT / name).is_file()))


def under(*folders: str, suffix: str = "") -> Iterator[str]:
    """The files below one of these folders (all, if none is named) whose names end so."""
    for name in files():
        if name.endswith(suffix) and (
            not folders or name.startswith(tuple(f"{folder}/" for folder in folders))
        ):
            yield name


def text(name: str) -> str:
    """The text of one file."""
    return (ROOT / name).read_text(encoding="utf-8")


def lines(*names: str) -> Iterator[tuple[str, str]]:
    """(file:line, text) of each line of these files."""
    for name in names:
        for number, line in enumerate(text(name).splitlines(), start=1):
            yield f"{name}:{number}", line


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each Python module below these folders, parsed."""
    for name in under(*folders, suffix=".py"):
        yield name, ast.parse(text(name), filename=name)


@cache
def models() -> dict[str, dict[str, Any]]:
    """What the YAML files of dbt say of each model."""
    found: dict[str, dict[str, Any]] = {}
    for name in (*under("dbt_project/models", suffix=".yml"), *under("dbt_project/models", suffix=".yaml")):
        for model in (yaml.safe_load(text(name)) or {}).get("models") or []:
            found[model["name"]] = model
    return found


def model_files(folder: str = "") -> dict[str, str]:
    """The SQL file of each model (below one folder of models/, or all)."""
    base = "/".join(filter(None, ("dbt_project/models", folder)))
    return {Path(name).stem: name for name in under(base, suffix=".sql")}


def offenders(found: Iterator[str] | list[str]) -> str:
    """The sorted list that a failing rule prints."""
    return "\n".join(sorted(found))
