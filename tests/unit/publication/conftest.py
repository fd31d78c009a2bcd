"""One build, one candidate for the tests that only read them; a fresh home for those that publish."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from publication.candidate import Candidate
from tests.unit.publication.province import RELEASE_ID, make_build, make_facts, make_manifest, write_candidate


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_build(tmp_path_factory.mktemp("build") / "innostat.duckdb")


@pytest.fixture(scope="session")
def written(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    """A candidate nobody changes."""
    return write_candidate(
        build, make_manifest(build), tmp_path_factory.mktemp("run") / "candidate", make_facts()
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path


@pytest.fixture
def candidate(written: Candidate, home: Path) -> Path:
    """A candidate of this home, to publish."""
    return copy_candidate(written, home / "runs" / "candidate", RELEASE_ID)


def copy_candidate(written: Candidate, to: Path, release_id: str) -> Path:
    """The same candidate again under another id."""
    shutil.copytree(written.path, to)
    manifest = to / "manifest.json"
    manifest.write_text(manifest.read_text().replace(RELEASE_ID, release_id))
    return to
