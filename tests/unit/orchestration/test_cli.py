"""The command line: exit codes, help with examples, words instead of tracebacks."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

from orchestration import cli, messages
from orchestration.home import Home

Program = Callable[..., CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _english() -> None:
    messages.speak("en")


@pytest.mark.parametrize("name", cli.COMMANDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_has_help_with_examples_in_both_languages(
    name: str, language: str, innostat: Program
) -> None:
    done = innostat(name, "--help", "--lang", language)
    assert done.returncode == 0, done.stderr
    assert ("示例：" if language == "zh" else "Examples:") in done.stdout
    assert f"  innostat {name}" in done.stdout
    assert "--home" in done.stdout
    assert "--lang" in done.stdout


def test_the_list_of_commands_is_that_of_the_interface(innostat: Program) -> None:
    done = innostat("--help")
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["rum"],
        ["run", "--as-of", "23.11.2026"],
        ["run", "--engine", "pandas"],
        ["run", "--engine", "spark"],
        ["run", "--lang", "fr"],
        ["sample", "--years", "2026-2023"],
        ["sample", "--enterprises", "0"],
        ["check", "--source", "patent"],
        ["query"],
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_help(
    arguments: list[str], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    known = arguments[0] in cli.COMMANDS
    assert cli._run([*arguments, "--home", str(home.root)] if known else arguments) == 2
    assert capsys.readouterr().err


def test_wrong_settings_end_a_run_with_2_before_anything_is_done(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.settings_file.write_text("[covrage]\nfirst_year = 2024\n", encoding="utf-8")
    assert cli._run(["run", "--home", str(home.root)]) == 2
    assert "covrage" in capsys.readouterr().err
    assert not list(home.runs.iterdir())


def test_no_home_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli._run(["run", "--home", str(tmp_path)]) == 2
    assert "innostat init" in capsys.readouterr().err


def test_an_empty_inbox_is_refused_with_3_and_says_how_to_begin(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli._run(["run", "--home", str(home.root), "--as-of", "2026-11-23"]) == 3
    said = capsys.readouterr().out
    assert "innostat sample" in said
    assert "report.txt" in said
    report = (home.run_dir("r000001") / "report.txt").read_text(encoding="utf-8")
    assert "收件夹是空的" in report
    assert "the inbox is empty" in report


def test_status_says_what_the_last_run_came_to_and_why(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    cli._run(["run", "--home", str(home.root), "--as-of", "2026-11-23"])
    capsys.readouterr()
    assert cli._run(["status", "--home", str(home.root), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["current"] is None
    assert [(run["run_id"], run["state"]) for run in found["runs"]] == [("r000001", "refused")]
    assert found["runs"][0]["reasons"][0]["code"] == "empty_inbox"
    assert cli._run(["status", "--home", str(home.root)]) == 0
    assert "the inbox is empty" in capsys.readouterr().out


def test_nothing_new_ends_with_0_and_names_the_release(
    home: Home, publish: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    release = publish()
    (home.inbox / "专利").mkdir()
    assert cli._run(["run", "--home", str(home.root), "--as-of", "2026-11-23"]) == 0
    said = capsys.readouterr().out
    assert release in said
    assert "专利" in said  # the folder that is no source
    assert cli._run(["run", "--home", str(home.root), "--as-of", "2026-11-23", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["release"]) == ("nothing_new", release)


def test_a_damaged_pointer_is_told_in_words(home: Home, innostat: Program) -> None:
    (home.releases / "current").symlink_to("r000009-2026-11-23")
    done = innostat("run", "--as-of", "2026-11-23", "--lang", "zh", home=home.root)
    assert done.returncode == 3
    assert "r000009-2026-11-23" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_ends_the_web_page_at_once_in_words(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert cli._run(["ui", "--port", port, "--home", str(home.root)]) == 2
    said = capsys.readouterr()
    assert f"port {port} is taken" in said.err and "--port" in said.err
    assert "http" not in said.out
    assert cli._run(["ui", "--host", "no.such.host.invalid", "--home", str(home.root)]) == 2
    assert "no.such.host.invalid" in capsys.readouterr().err


def test_check_says_what_would_be_accepted_and_writes_nothing(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "营业收入.csv"
    file.write_text(
        "企业名称,统一社会信用代码,报告期,营业收入（万元）\n"
        "安徽甲公司,91340000610487231T,2025,12000\n安徽乙公司,91340000610487231T,2025,\n",
        encoding="utf-8",
    )
    before = sorted(home.root.rglob("*"))
    arguments = ["check", str(file), "--source", "enterprise_revenue", "--home", str(home.root)]
    assert cli._run([*arguments, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["rows_read"], found["accepted"], found["quarantined"]) == (2, 1, 1)
    assert found["issues"][0]["column_name"] == "revenue"
    assert cli._run(arguments) == 0
    assert "2 read = 1 accepted + 1 quarantined + 0 skipped" in capsys.readouterr().out
    assert sorted(home.root.rglob("*")) == before


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.bz2"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_check_reads_file_and_sidecar_as_a_run_does(
    name: str, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_text("信用代码,报告期,营业收入\n91350100M000100Y43,2025,5\n", encoding="utf-8")
    file.with_name(f"{name}.meta.toml").write_text('unit = "千元"\n', encoding=encoding)
    assert cli._run(["check", str(file), "--source", "enterprise_revenue", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["refused"], found["accepted"]) == (None, 1)


def test_check_says_of_a_sidecar_that_is_no_text_what_a_run_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("信用代码,报告期,营业收入（千元）\n91350100M000100Y43,2025,5\n", encoding="utf-8")
    file.with_name("a.csv.meta.toml").write_text('unit = "千元"\n', encoding="utf-16")
    assert cli._run(["check", str(file), "--source", "enterprise_revenue", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["refused"]["code"] == "sidecar_invalid"


def test_f58_check_does_not_wait_for_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)
    assert cli._run(["check", str(pipe), "--source", "enterprise_revenue"]) == 2
    assert "no regular file" in capsys.readouterr().err


def test_check_refuses_an_unknown_source_and_lists_the_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.touch()
    assert cli._run(["check", str(file), "--source", "patents"]) == 2
    assert "  patent\n" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "shown"), [([], False), (["--debug"], True)])
def test_f03_an_interruption_inside_a_callback_shows_no_traceback(arguments: list[str], shown: bool) -> None:
    """Python cannot hand such an error on; it would print it, whatever becomes of the command."""
    program = """
import sys
from orchestration import cli

class Interrupted:
    def __del__(self):
        raise KeyboardInterrupt

cli._run = lambda arguments: Interrupted() and 0
cli.main()
"""
    done = run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert ("Traceback" in done.stderr) == shown


@pytest.mark.parametrize(
    ("ends", "code", "says", "exit_code"),
    [
        ("raise RuntimeError('of the disk')", "unexpected", "of the disk", 1),
        (
            "raise errors.QueryError('query_failed', '查询失败', 'the query failed')",
            "query_failed",
            "failed",
            1,
        ),
        ("open('/no/such/file')", "file_unusable", "/no/such/file", 1),
        ("return run(['run', '--as-of', 'May', '--json'])", "wrong_usage", "'May' is no date", 2),
    ],
)
def test_whatever_ends_a_command_is_json_where_that_was_asked_for(
    ends: str, code: str, says: str, exit_code: int
) -> None:
    program = f"""
from orchestration import cli
from publication import errors

run = cli._run

def fail(arguments):
    {ends}

cli._run = fail
cli.main()
"""
    command = [sys.executable, "-c", program, "--json", "--lang", "en"]
    done = run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == exit_code
    found = json.loads(done.stdout)
    assert found["error"] == code
    assert says in found["en"]
    assert found["zh"]
    assert found["en"] in done.stderr


def test_f06_a_log_that_cannot_be_written_shows_no_traceback() -> None:
    program = """
import logging
from orchestration import cli

def log(arguments):
    found = logging.getLogger("innostat")
    found.addHandler(logging.FileHandler("/dev/full"))
    found.error("on a full disk")
    return 0

cli._run = log
cli.main()
"""
    done = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("command", [["template", "patent", "--output"], ["query", "SELECT 1", "--parquet"]])
def test_a_file_of_the_users_never_lands_in_a_release(
    home: Home, innostat: Program, command: list[str]
) -> None:
    target = home.releases / "r000001-2026-11-23" / "public" / "x"
    target.parent.mkdir(parents=True)
    done = innostat(*command, target, home=home.root)
    assert done.returncode == 2
    assert "Choose a place outside the data home" in done.stderr
    assert not target.exists()
