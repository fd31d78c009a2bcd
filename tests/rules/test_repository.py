"""The repository itself: small files, no one's own paths, one line ending, a licence."""

from __future__ import annotations

import re
from pathlib import Path

from tests.rules.repository import ROOT, files, lines, offenders, text

BINARY = {".png", ".xlsx", ".xls", ".parquet", ".gz", ".zip", ".ico", ".woff2"}


def test_files_are_small() -> None:
    found = [
        f"{name}: {size / 2**20:.1f} MiB"
        for name in files()
        if (size := (ROOT / name).stat().st_size) >= 2**20
    ]
    assert not found, offenders(found)


def test_nothing_that_a_run_makes_is_tracked() -> None:
    made = re.compile(
        r"(^|/)(home|target|logs|__pycache__|\.venv|build|dist)/|\.duckdb(\.wal)?$|\.lock-info$|(^|/)uv\.lock$"
    )
    found = [name for name in files() if made.search(name)]
    assert not found, offenders(found)


def test_no_path_of_anyones_machine() -> None:
    """An absolute path below a home folder works on one machine only."""
    own = re.compile(r"(?<![\w.$}/])/(?:root|Users/\w+|home/\w+)/[\w.]")
    text_files = [
        name for name in files() if Path(name).suffix not in BINARY and not name.startswith("tests/rules/")
    ]
    found = [f"{place}: {line.strip()[:100]}" for place, line in _readable(text_files) if own.search(line)]
    assert not found, offenders(found)


def _readable(names: list[str]) -> list[tuple[str, str]]:
    """Lines of the files that are UTF-8: what providers send in tests may be in any encoding."""
    found = []
    for name in names:
        try:
            found += list(lines(name))
        except UnicodeDecodeError:
            continue
    return found


def test_licence_is_the_full_apache_text() -> None:
    assert "Apache License" in text("LICENSE")
    assert "END OF TERMS AND CONDITIONS" in text("LICENSE")


def test_ci_runs_the_readmes_own_commands() -> None:
    assert re.search(r"^make check$", text(".ci/run"), re.MULTILINE)
    assert re.search(r"^make test$", text(".ci/run"), re.MULTILINE)
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
