"""The READMEs: what they tell people to type exists, and the Chinese twin says the same."""

from __future__ import annotations

import importlib
import re

import click
import pytest

from orchestration.cli import COMMANDS
from tests.rules.repository import lines, offenders, text, under

TWINS = ("README.md", "README.zh-CN.md")
TYPED = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?innostat ([a-z][a-z-]*)\b([^`#|;]*)")


def documents() -> list[str]:
    """Everything that tells people what to type."""
    return [*TWINS, *under("docs", suffix=".md")]


def blocks(name: str) -> list[str]:
    """The fenced blocks of a document, without comments (they are in the document's language)."""
    found = re.findall(r"^```(?:bash|console|sh|sql|toml)\n(.*?)^```", text(name), re.MULTILINE | re.DOTALL)
    return [re.sub(r"[ \t]*(#|--) .*", "", block).strip() for block in found]


def options_of(command: str) -> set[str] | None:
    """The options of a command as it is; None if there is no such command."""
    if command not in COMMANDS:
        return None
    found: click.Command = importlib.import_module(f"orchestration.cli.{command}").command
    below = found.commands.values() if isinstance(found, click.Group) else ()
    return {"--help", *(option for one in (found, *below) for p in one.params for option in p.opts)}


def test_what_the_documents_tell_people_to_type_exists() -> None:
    found = []
    for name in documents():
        for place, line in lines(name):
            for command, rest in TYPED.findall(line):
                options = options_of(command)
                if options is None:
                    found.append(f"{place}: innostat {command}")
                else:
                    asked = re.findall(r"(?<!\S)--[a-z-]+", rest)
                    found += [
                        f"{place}: innostat {command} {option}" for option in asked if option not in options
                    ]
    assert not found, offenders(found)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    found = [
        f"{place}: make {target}"
        for name in documents()
        for place, line in lines(name)
        for target in re.findall(r"(?:`|^|\$ )make ([a-z]+)\b", line)
        if target not in targets
    ]
    assert not found, offenders(found)


def test_files_that_are_linked_exist() -> None:
    import posixpath

    from tests.rules.repository import ROOT

    found = [
        f"{place}: {target}"
        for name in documents()
        for place, line in lines(name)
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", line)
        if not (ROOT / posixpath.normpath(posixpath.join(posixpath.dirname(name), target))).exists()
    ]
    assert not found, offenders(found)


def test_the_twins_have_the_same_headings() -> None:
    levels = [
        [
            len(mark)
            for mark in re.findall(
                r"^(#+) ", re.sub(r"^```.*?^```", "", text(name), flags=re.M | re.S), re.MULTILINE
            )
        ]
        for name in TWINS
    ]
    assert levels[0] == levels[1]


def test_the_twins_show_the_same_commands() -> None:
    assert blocks(TWINS[0]) == blocks(TWINS[1])


@pytest.mark.parametrize(
    "shape", [r"^\|.*\|$", r"^[-*] ", r"\]\([^)]+\)"], ids=["table rows", "list items", "links"]
)
def test_the_twins_are_as_long_as_each_other(shape: str) -> None:
    counts = [len(re.findall(shape, text(name), re.MULTILINE)) for name in TWINS]
    assert counts[0] == counts[1]
