"""Small provinces worked out by hand: files go into an inbox, a release comes out, its figures are the expected ones.

Here: the provinces of provinces/*.yml, run through the program as a user runs it.
Not here: rules of single models (dbt unit tests), a second implementation (oracle).
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest
import yaml

from tests.worlds.codes import ALPHABET, credit_code

PROVINCES = Path(__file__).parent / "provinces"
CODES = {letter: credit_code(letter) for letter in ALPHABET if letter.isalpha()}


def load(name: str) -> dict[str, Any]:
    """The province of that name, its letters replaced by credit codes."""
    text = (PROVINCES / f"{name}.yml").read_text(encoding="utf-8")
    for letter, code in CODES.items():
        text = text.replace("{" + letter + "}", code)
    world: dict[str, Any] = yaml.safe_load(text)
    if "files_of" in world:
        world["files"] = load(world["files_of"])["files"]
    return world


def deliver(world: dict[str, Any], home: Path) -> None:
    """Write the province's files and sidecars into the inbox, and what people decided beside it."""
    for file in world["files"]:
        folder = home / "inbox" / file["source"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file["name"]).write_text(file["text"], encoding="utf-8")
        sidecar = [f"delivered_on = {file['delivered_on']}"]
        sidecar += [f'{word} = "{file[word]}"' for word in ("mode", "purpose") if word in file]
        sidecar += ["[constants]"]
        sidecar += [f'{column} = "{value}"' for column, value in file.get("constants", {}).items()]
        (folder / f"{file['name']}.meta.toml").write_text("\n".join(sidecar), encoding="utf-8")
    for name, text in world.get("decisions", {}).items():
        (home / "decisions" / name).write_text(text, encoding="utf-8")
    if "complete" in world:
        lines = [
            "[complete]",
            *(f"{obligation} = {years}" for obligation, years in world["complete"].items()),
        ]
        (home / "innostat.toml").write_text("\n".join(lines), encoding="utf-8")


def plain(value: Any) -> Any:
    """A database value as the worlds write it."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def same(found: Any, expected: Any) -> bool:
    """Whether a value is the expected one; a fraction is written with ten digits."""
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-8, abs_tol=1e-10)
    return bool(found == expected)


@pytest.mark.parametrize("name", sorted(path.stem for path in PROVINCES.glob("*.yml")))
def test_province(name: str, tmp_path: Path, innostat: Callable[..., CompletedProcess[str]]) -> None:
    world = load(name)
    assert innostat("init", home=tmp_path).returncode == 0
    deliver(world, tmp_path)
    run = innostat("run", "--as-of", str(world["as_of"]), home=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr

    release = tmp_path / "releases" / "current"
    con = duckdb.connect()
    con.execute(f"attach '{release}/warehouse.duckdb' as warehouse (read_only)")
    con.execute(f"attach '{release}/confidential.duckdb' as confidential (read_only)")
    wrong = []
    for table, expectations in world["expect"].items():
        database, _, relation = table.rpartition(".")
        for expected in expectations:
            conditions = (
                " and ".join(f'cast("{column}" as varchar) = ?' for column in expected["where"]) or "true"
            )
            found = con.execute(
                f'select * from {database or "warehouse"}.main."{relation}" where {conditions}',
                [str(value) for value in expected["where"].values()],
            )
            columns = [column[0] for column in found.description]
            rows = [dict(zip(columns, map(plain, row), strict=True)) for row in found.fetchall()]
            place = f"{table} where {expected['where']}"
            if len(rows) != expected.get("count", 1):
                wrong.append(f"{place}: {len(rows)} rows, expected {expected.get('count', 1)}")
            elif "is" in expected:
                wrong += [
                    f"{place}: {column} is {rows[0][column]!r}, expected {value!r}"
                    for column, value in expected["is"].items()
                    if not same(rows[0][column], value)
                ]
    assert not wrong, "\n".join(wrong)
