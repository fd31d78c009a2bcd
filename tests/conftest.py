"""What every test may lean on: a quiet environment, the repository's root, the program, real input.

Here: fixtures that more than one folder of tests uses.
Not here: fixtures of one folder (its own conftest.py), helpers that compute what a test then asserts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"

# The same examples on every machine and in every run: a red test must be red again for whoever looks at it.
settings.register_profile(
    "innostat", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("innostat")

# Before any library is imported: none calls home, and no setting of the developer's own shell leaks in.
os.environ.update(
    DO_NOT_TRACK="1",
    DBT_SEND_ANONYMOUS_USAGE_STATS="false",
    DAGSTER_DISABLE_TELEMETRY="1",
    GX_ANALYTICS_ENABLED="false",
    PYTHONUTF8="1",
)
for name in ("INNOSTAT_HOME", "INNOSTAT_FAULT", "INNOSTAT_BUILD_DB", "DAGSTER_HOME"):
    os.environ.pop(name, None)

Program = Callable[..., subprocess.CompletedProcess[str]]


_LONGEST_FIRST = ("tests/integration/test_killed.py", "tests/integration/", "tests/worlds/", "tests/oracle/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs first: a long file begun last would leave the other workers with nothing to do."""

    def place(item: pytest.Item) -> int:
        named = [number for number, start in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(start)]
        return named[0] if named else len(_LONGEST_FIRST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def innostat() -> Program:
    """The program as users start it, in a process of its own: innostat("run", "--as-of", DATE, home=path)."""

    def run(
        *arguments: str | Path, home: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "innostat"), *map(str, arguments)]
        if home is not None:
            command += ["--home", str(home)]
        return subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real input beside the repository; what needs it is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real input is not here: {REAL_DATA} (it is never copied into the repository)")
    return REAL_DATA
