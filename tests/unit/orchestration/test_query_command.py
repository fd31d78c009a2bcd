"""F65: `innostat query` keeps account of who asked what, ends a query that goes on for ever, and says where it can't write."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration import cli, messages
from orchestration.home import Home

BOMB = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range, b.range) = 1"


@pytest.fixture(autouse=True)
def _english() -> None:
    messages.speak("en")


def query(home: Home, *arguments: str) -> int:
    return cli._run(["query", *arguments, "--home", str(home.root)])


def noted(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in home.queries.read_text(encoding="utf-8").splitlines()]


def test_f65_every_query_is_on_record_and_nothing_of_its_answer(
    home: Home, publish: Callable[..., str]
) -> None:
    release = publish()
    assert query(home, "SELECT 'geheim' || '-42' AS 甲 FROM range(3)") == 0
    assert query(home, "SELECT nothing") == 2
    assert query(home, "SELECT '\udcff'") == 2  # an argument that is no UTF-8
    first, second, third = noted(home)
    assert first["sql"] == "SELECT 'geheim' || '-42' AS 甲 FROM range(3)"
    assert (first["release"], first["exit"], first["rows"]) == (release, 0, 3)
    assert first["at"].endswith("+08:00") and first["who"] and first["seconds"] >= 0
    assert (second["exit"], second["rows"]) == (2, None)
    assert third["sql"] == "SELECT '\udcff'"
    assert "geheim-42" not in home.queries.read_text(encoding="utf-8")
    assert stat.S_IMODE(home.queries.stat().st_mode) == 0o600


def test_f65_a_query_of_a_home_without_a_whole_release_is_on_record_too(
    home: Home, publish: Callable[..., str]
) -> None:
    publish()
    (home.releases / "current").unlink()
    assert query(home, "SELECT 1") == 3
    (one,) = noted(home)
    assert (one["release"], one["exit"]) == (None, 3)


def test_f65_a_log_that_cannot_be_written_is_told_once_and_fails_no_query(
    home: Home, publish: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    publish()
    home.queries.mkdir()
    assert query(home, "SELECT 42 AS answer") == 0
    said = capsys.readouterr()
    assert "42" in said.out
    assert said.err.count(str(home.queries)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_f65_a_query_without_end_ends_when_it_is_told_to(
    home: Home, publish: Callable[..., str], number: signal.Signals
) -> None:
    publish()
    program = Path(sys.executable).parent / "innostat"
    asked = subprocess.Popen(
        [program, "query", BOMB, "--home", home.root, "--lang", "en"], stderr=subprocess.PIPE, text=True
    )
    time.sleep(2)  # long enough to be inside DuckDB
    assert asked.poll() is None
    os.kill(asked.pid, number)
    _, said = asked.communicate(timeout=5)
    if number == signal.SIGINT:
        assert (asked.returncode, said.strip()) == (1, "cancelled.")
        assert noted(home)[0]["rows"] is None


@pytest.mark.parametrize(
    "forms", [["--csv", "--json"], ["--csv", "--parquet", "x"], ["--json", "--parquet", "x"]]
)
def test_a_query_has_one_form(home: Home, forms: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert query(home, "SELECT 1", *forms) == 2
    assert "only one of" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["query", "SELECT 1", "--parquet"], ["template", "patent", "--output"]])
def test_a_file_for_a_folder_that_is_not_there_is_wrong_usage(
    home: Home,
    publish: Callable[..., str],
    command: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish()
    target = tmp_path / "no" / "such"
    assert cli._run([*command, str(target), "--home", str(home.root)]) == 2
    assert str(target.parent) in capsys.readouterr().err


def test_one_row_is_no_rows(
    home: Home, publish: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish()
    assert query(home, "SELECT 1", "--parquet", str(tmp_path / "x")) == 0
    assert capsys.readouterr().out.startswith("1 row →")
    assert query(home, "FROM range(101)") == 0
    assert "1 more row;" in capsys.readouterr().out


def test_f62_what_a_provider_sent_does_not_steer_the_terminal(
    home: Home, publish: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    publish()
    assert query(home, "SELECT chr(27) || ']0;x' || chr(7) AS a, 1 AS \"\x1b[31m\"") == 0
    said = capsys.readouterr().out
    assert not set("\x1b\x07") & set(said)
    assert r"\x1b]0;x\x07" in said


@pytest.fixture
def read_only(home: Home, publish: Callable[..., str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The program on a home that nobody can write, root neither: a mount of its own."""
    publish()
    home.lock_file.touch()
    shut = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'

    def call(*command: str | Path) -> subprocess.CompletedProcess[str]:
        alone = ["unshare", "--map-root-user", "--mount", "sh", "-c", shut, home.root, *command]
        return subprocess.run(alone, capture_output=True, text=True, check=False)

    if shutil.which("unshare") is None or call("true").returncode:
        pytest.skip("this machine lets nobody mount anything")
    return call


def test_f13_a_home_that_cannot_be_written_can_be_looked_at(
    home: Home, read_only: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    program = Path(sys.executable).parent / "innostat"
    asked = read_only(program, "query", "SELECT 42 AS answer", "--home", home.root, "--lang", "en")
    assert asked.returncode == 0, asked.stderr
    assert "42" in asked.stdout and asked.stderr.count("could not be noted") == 1
    for command in ("status", "releases", "verify"):
        looked = read_only(program, command, "--home", home.root)
        assert looked.returncode == 0, looked.stderr
    run = read_only(program, "run", "--home", home.root, "--lang", "en")
    assert run.returncode == 1 and "cannot write" in run.stderr
