"""`innostat links`: who waits in the current release, in both languages, and writing a decision down."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from orchestration import cli, messages
from orchestration.home import Home
from tests.unit.ingestion.typed_world import code
from tests.unit.orchestration.conftest import seal

_TABLE = """CREATE TABLE unlinked_row (source VARCHAR, file VARCHAR, sheet VARCHAR, "row" BIGINT, name VARCHAR,
    suggestions STRUCT(uscc VARCHAR, name VARCHAR, score DOUBLE)[])"""


@pytest.fixture(autouse=True)
def _english() -> None:
    messages.speak("en")


@pytest.fixture
def waiting(home: Home, publish: Callable[..., str]) -> Home:
    """A release in which three names wait, one of them a survey's."""
    folder = home.releases / publish()
    near = {"uscc": code(1), "name": "晶锐科技有限公司", "score": 91.5}
    twins = [{"uscc": code(n), "name": "双生公司", "score": 100.0} for n in (2, 3)]
    group = [{"uscc": code(4), "name": "淮河水泥有限公司", "score": 80.0}]
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(_TABLE)
        name = "晶瑞科技有限公司"
        rows = [("rd_institution", "a.csv", 2, name, [near]), ("rd_institution", "b.csv", 3, name, [near]),
                ("patent", "p.csv", 9, "双生公司", twins)]  # fmt: skip
        con.executemany("INSERT INTO unlinked_row VALUES (?, ?, '', ?, ?, ?)", rows)
        con.execute(
            "CREATE TABLE enterprise AS SELECT unnest(?) AS uscc", [[code(1), code(2), code(3), code(4)]]
        )
    with duckdb.connect(str(folder / "confidential.duckdb")) as con:
        con.execute(_TABLE)
        con.execute(
            "INSERT INTO unlinked_row VALUES ('survey_finance', 's.csv', '', 1, '淮河水泥集团', ?)", [group]
        )
    seal(folder)
    return home


def links(home: Home, *arguments: str) -> int:
    return cli._run(["links", *arguments, "--home", str(home.root)])


def found(home: Home, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert links(home, "--json", *arguments) == 0
    names: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["waiting"]
    return names


def test_it_lists_each_name_once_with_its_suggestions(
    waiting: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    names = found(waiting, capsys)
    assert [(one["source"], one["name"], one["n_rows"]) for one in names] == [
        ("patent", "双生公司", 1),
        ("rd_institution", "晶瑞科技有限公司", 2),
        ("survey_finance", "淮河水泥集团", 1),
    ]
    assert [one["uscc"] for one in names[0]["suggestions"]] == [code(2), code(3)]
    assert found(waiting, capsys, "--source", "patent") == names[:1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screen_warns_of_twins_and_groups_within_80_columns(
    waiting: Home, capsys: pytest.CaptureFixture[str], language: messages.Language
) -> None:
    messages.speak(language)
    assert links(waiting) == 0
    screen = capsys.readouterr().out
    assert ("同名企业 2 家" if language == "zh" else "2 enterprises of this name") in screen
    assert ("集团与子公司不同" if language == "zh" else "a group is not its subsidiary") in screen
    assert code(1) in screen and "91.5" in screen
    from rich.cells import cell_len

    assert max(cell_len(line) for line in screen.splitlines()) <= 80


def test_a_group_parent_is_marked_and_a_plain_likeness_is_not(
    waiting: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = {one["name"]: [s["group"] for s in one["suggestions"]] for one in found(waiting, capsys)}
    assert marks == {"双生公司": [False, False], "晶瑞科技有限公司": [False], "淮河水泥集团": [True]}


def test_a_decision_is_written_and_the_name_no_longer_asked_for(
    waiting: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--source", "rd_institution", "--name", "晶瑞科技有限公司", "--uscc", code(1), "--by", "张三"]
    assert links(waiting, "decide", *words, "--on", "2026-03-01") == 0
    text = (waiting.decisions / "links.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[-1] == f"rd_institution,晶瑞科技有限公司,{code(1)},张三,2026-03-01"
    assert [one["decided"] for one in found(waiting, capsys)] == [False, True, False]
    assert links(waiting) == 0
    screen = capsys.readouterr().out
    assert "晶瑞" not in screen and "1 more are decided" in screen


def test_a_code_outside_the_register_is_taken_with_a_word_about_it(
    waiting: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--source", "patent", "--name", "双生公司", "--uscc", code(9), "--by", "张三"]
    assert links(waiting, "decide", *words) == 0
    assert "no register" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--uscc": "123"}, "no credit code"),
        ({"--source": "enterprise_register"}, "no names to link"),
        ({"--name": " "}, "blank"),
    ],
)
def test_what_cannot_be_decided_ends_with_2_in_words(
    waiting: Home, capsys: pytest.CaptureFixture[str], changed: dict[str, str], said: str
) -> None:
    before = (waiting.decisions / "links.csv").read_bytes()
    words = {"--source": "patent", "--name": "双生公司", "--uscc": code(2), "--by": "张三", **changed}
    assert links(waiting, "decide", *(part for pair in words.items() for part in pair)) == 2
    assert said in capsys.readouterr().err
    assert (waiting.decisions / "links.csv").read_bytes() == before


def test_options_before_the_command_below_are_not_passed_over(
    waiting: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--source", "patent", "--name", "双生公司", "--uscc", code(2), "--by", "张三"]
    assert cli._run(["links", "--home", str(waiting.root), "decide", *words]) == 2
    assert "after decide" in capsys.readouterr().err


def test_no_release_is_told_in_words(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert links(home) == 1
    assert "innostat run" in capsys.readouterr().err
