"""Homes for tests of whole runs: one is published once, each test works on a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration import province

Program = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, innostat: Program) -> Path:
    """A home with one release; not to be changed."""
    home = tmp_path_factory.mktemp("published") / "home"
    assert innostat("init", home=home).returncode == 0
    province.register(home)
    province.revenue(home)
    run = innostat("run", "--as-of", province.AS_OF, home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    return home


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Path:
    """A copy of that home, to be worked on."""
    return Path(shutil.copytree(published, tmp_path / "home", symlinks=True))


@pytest.fixture
def fresh(tmp_path: Path, innostat: Program) -> Path:
    """A home in which nothing was ever run."""
    home = tmp_path / "home"
    assert innostat("init", home=home).returncode == 0
    return home
