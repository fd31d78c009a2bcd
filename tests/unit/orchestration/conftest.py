"""Fixtures of the orchestration's unit tests: an empty data home, a made-up release in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import news
from orchestration.home import Home, make_home
from orchestration.settings import Settings
from publication.durable import sha256_file


def seal(folder: Path) -> None:
    """Let the manifest of a made-up release say what its files are now."""
    manifest = folder / "manifest.json"
    files = {
        path.name: {"sha256": sha256_file(path), "size": path.stat().st_size}
        for path in folder.iterdir()
        if path != manifest
    }
    told = {**json.loads(manifest.read_bytes()), "files": files}
    manifest.write_text(json.dumps(told), encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home", sorted(news.source_names()))


@pytest.fixture
def publish(home: Home) -> Callable[..., str]:
    """Put a release there that says of itself what today's home says, except for what the caller changes."""

    def put(run_id: str = "r000001", as_of: str = "2026-11-23", current: bool = True, **changes: Any) -> str:
        release_id = f"{run_id}-{as_of}"
        manifest = {
            "release_id": release_id,
            "run_id": run_id,
            "as_of": as_of,
            "code_version": news.hash_code(),
            "inputs": [],
            "settings": Settings().model_dump(mode="json"),
            "definitions": {"decisions": news.hash_decisions(home)},
            "next_change_on": None,
            **changes,
        }
        folder = home.releases / release_id
        folder.mkdir()
        duckdb.connect(str(folder / "warehouse.duckdb")).close()
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        seal(folder)
        if current:
            (home.releases / "current").unlink(missing_ok=True)
            (home.releases / "current").symlink_to(release_id)
        return release_id

    return put
