"""The hand-written script of `make bench` comes to the same tables as a release, from the same files.

Here: both on a small sample with a seed of its own. Not here: how fast either is (a time is never asserted).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from benchmarks.inputs import AS_OF
from benchmarks.same import differences
from ingestion.contract import load_contracts
from ingestion.sample import write_sample

pytestmark = pytest.mark.slow


def test_script_and_release_say_the_same(
    innostat: Callable[..., CompletedProcess[str]], repo_root: Path, tmp_path: Path
) -> None:
    home, script = tmp_path / "home", tmp_path / "script"
    assert innostat("init", "--home", str(home)).returncode == 0
    write_sample(
        home / "inbox",
        load_contracts(),
        repo_root / "dbt_project" / "seeds",
        enterprises=300,
        as_of=AS_OF,
        seed=7,
    )
    run = innostat("run", "--home", str(home), "--as-of", str(AS_OF))
    assert run.returncode == 0, run.stderr
    command = ["-m", "benchmarks.baseline", str(home / "inbox"), str(script), "--as-of", str(AS_OF)]
    subprocess.run([sys.executable, *command], check=True, cwd=repo_root)
    assert differences(home, script) == ""

    with duckdb.connect(str(script / "warehouse.duckdb")) as con:
        con.execute("update indicator_value set value = value + 1 where indicator_id = 'T18-1' and value > 0")
    assert "indicator_value: " in differences(home, script)
