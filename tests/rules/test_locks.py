"""Lock files: exact versions, hashes, no download address; every direct dependency is in them."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.rules.repository import lines, offenders, text

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ;.*)? \\$")


def pins(lock: str) -> dict[str, str]:
    """Name → version of one lock."""
    return {match[1]: match[2] for _, line in lines(lock) if (match := PIN.match(line))}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_only(lock: str) -> None:
    found = [
        f"{place}: {line}"
        for place, line in lines(lock)
        if not PIN.match(line) and not re.match(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$", line)
    ]
    assert not found, offenders(found)
    assert pins(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", text(lock).strip())
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_download_address(lock: str) -> None:
    found = [
        place for place, line in lines(lock) if re.search(r"://|--(extra-)?index|--find-links|@ file", line)
    ]
    assert not found, offenders(found)


def test_locks_agree_and_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["build"],
    ]
    names = {re.split(r"[<>=!~\[ ;]", entry)[0].lower() for entry in asked}
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert not names - run.keys()
    extra = {
        re.split(r"[<>=!~\[ ;]", entry)[0].lower()
        for entry in project["project"]["optional-dependencies"]["dev"]
    }
    assert not extra - dev.keys()
    differ = [f"{name}: {run[name]} / {dev.get(name)}" for name in run if run[name] != dev.get(name)]
    assert not differ, offenders(differ)


def test_the_build_backend_is_the_locked_one() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]
