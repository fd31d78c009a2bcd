"""A small build of the warehouse on which every check passes, for tests to poison."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

_BUILD = Path(__file__).with_name("build.sql")


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("build") / "template.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(_BUILD.read_text(encoding="utf-8"))
    return path


@pytest.fixture
def build(_template: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a fresh build and poisons it with the statements given."""

    def make(*poisons: str, name: str = "build.duckdb") -> Path:
        path = tmp_path / name
        shutil.copyfile(_template, path)
        if poisons:
            with duckdb.connect(str(path)) as con:
                for poison in poisons:
                    con.execute(poison)
        return path

    return make
