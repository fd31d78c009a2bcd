"""Wrong usage is told in one language, whole; help fits 80 columns in both."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from subprocess import run

import click
import pytest
from rich.cells import cell_len

from orchestration import cli, messages
from orchestration.cli.layout import fold, fold_command
from orchestration.home import Home

FILE = str(Path(__file__))
# How it was called, what of it the message repeats, and what the message says besides in either language.
WRONG = (
    (["rum"], ["rum", "run"], "没有命令", "there is no command"),
    (["links", "decid"], ["decid", "decide"], "没有命令", "there is no command"),
    ([], ["innostat"], "缺少命令", "Missing command"),
    (["status", "--jso"], ["--jso", "--json"], "没有选项", "there is no option"),
    (["--jsn", "run"], ["--jsn"], "没有选项", "there is no option"),
    (["query"], ["SQL"], "缺少参数", "Missing argument"),
    (["freeze", "2025"], ["--by"], "缺少选项", "Missing option"),
    (["rollback", "r1", "--by", " ", "--reason", "x"], ["--by"], "不能为空", "must not be blank"),
    (["run", "--as-of"], ["--as-of"], "要有一个值", "requires an argument"),
    (["status", "--json=1"], ["--json"], "不带值", "does not take a value"),
    (["run", "--as-of", "23.11.2026"], ["--as-of", "23.11.2026", "2026-11-23"], "日期", "date"),
    (["run", "--engine", "pandas"], ["--engine", "pandas", "duckdb", "spark"], "可选的值", "not one of"),
    (["run", "extra", "more"], ["extra more"], "多出的参数", "unexpected extra arguments"),
    (["sample", "--enterprises", "0"], ["--enterprises", "0", "x>=1"], "范围", "range"),
    (["sample", "--seed", "x"], ["--seed", "x"], "整数", "integer"),
    (["freeze", "x"], ["YEAR", "x"], "整数", "integer"),
    (["sample", "--years", "2026-2023"], ["--years", "2026-2023", "2023-2026"], "年份", "years"),
    (["check", "/no/such", "--source", "patent"], ["FILES...", "/no/such"], "不存在", "does not exist"),
    (["check", "/", "--source", "patent"], ["FILES...", "/"], "文件夹", "directory"),
    (["query", "SELECT 1", "--parquet", "/"], ["--parquet", "/"], "文件夹", "directory"),
    (["approve", "r1", "--manifest", "x"], ["--manifest", "x", "SHA-256"], "十六进制", "digits"),
    (["links", "--all", "decide"], ["--all", "decide"], "之后", "after"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _back_to_english(monkeypatch: pytest.MonkeyPatch) -> None:
    messages.speak("en")
    monkeypatch.setattr(sys, "argv", ["innostat"])


@pytest.mark.parametrize(("arguments", "repeats", "zh", "en"), WRONG, ids=lambda value: " ".join(value)[:30])
def test_wrong_usage_is_told_whole_in_either_language(
    arguments: list[str], repeats: list[str], zh: str, en: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told: dict[str, str] = {}
    for language in ("zh", "en"):
        messages.speak("zh" if language == "zh" else "en")
        assert cli._run(["--lang", language, *arguments]) == 2
        said = capsys.readouterr().err
        told[language] = said.splitlines()[0]
        assert "--help" in said.splitlines()[-1]
    assert zh in told["zh"] and en in told["en"]
    left = told["zh"]
    for part in (*arguments, *repeats):
        if part != "innostat":
            assert part in told["zh"] or part not in repeats
        left = left.replace(part, "")
    assert not re.search(r"[A-Za-z]{3,}", left), told["zh"]


def test_both_languages_are_in_the_json_of_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli._run(["run", "--json", "--as-of", "May"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["zh"] == "用法有误：选项 --as-of 的值有误：“May”不是 2026-11-23 这样的日期"
    assert "'May' is no date" in found["en"]


def test_the_language_may_stand_before_the_command(home: Home) -> None:
    program = Path(sys.executable).parent / "innostat"
    for arguments in (["--lang", "zh", "status"], ["status", "--lang", "zh"]):
        done = run([program, *arguments, "--home", home.root], capture_output=True, text=True, check=True)
        assert "现行发布  无" in done.stdout


def commands() -> list[tuple[str, ...]]:
    """Every command and every command below one."""
    found: list[tuple[str, ...]] = [()]
    for name in cli.COMMANDS:
        command: click.Command = importlib.import_module(f"orchestration.cli.{name}").command
        found.append((name,))
        found += [(name, below) for below in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_help_of_every_command_fits_80_columns(language: str) -> None:
    """In one process of its own: help texts are chosen when the commands are imported."""
    program = f"""
from orchestration import cli, messages
messages.speak({language!r})
for words in {commands()!r}:
    print("#", *words)
    assert cli._run([*words, "--help"]) == 0
"""
    done = run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=True,
               env={**os.environ, "COLUMNS": "80"})  # fmt: skip
    assert done.stdout.count("--help") > len(commands())
    wide = [f"{cell_len(line)}: {line}" for line in done.stdout.splitlines() if cell_len(line) > 80]
    assert not wide, "\n".join(wide)
    if language == "zh":
        left = re.findall(r"Usage|Options|Commands|required|default", done.stdout)
        assert not left


def test_a_fold_loses_nothing_and_begins_no_line_with_punctuation() -> None:
    text = "重新计算哈希：一个或全部发布（releases/r000012-2026-11-23）的每个文件，以及原始文件库。" * 3
    for width in range(40, 80):
        lines = fold(text, width)
        assert "".join(lines) == text
        assert all(cell_len(line) <= width and line[0] not in "，。：）" for line in lines)
    assert fold("", 40) == []
    assert fold("one two three", 7) == ["one two", "three"]


def test_a_long_command_is_continued_so_that_it_can_be_copied() -> None:
    line = '  innostat rollback r000011-2026-11-22 --by "Li Si" --reason "revenue in the wrong unit" --json'
    parts = fold_command(line, 76)
    assert all(cell_len(part) <= 76 for part in parts) and len(parts) == 2
    assert " ".join(part.removesuffix("\\").strip() for part in parts) == line.strip()
