"""The rules that a row or a file can break, in words: loads `rules.yml`.

Belongs here: turning a code and its facts into a message in both languages. Does not belong here: deciding
whether a rule is broken (`cells`, `header`, `typed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_RULES = Path(__file__).with_name("rules.yml")


@dataclass(frozen=True)
class Rule:
    """A rule for rows: what is wrong and what to do about it."""

    name: str
    zh: str
    en: str
    advice_zh: str
    advice_en: str


@dataclass(frozen=True)
class Note:
    """Something worth knowing about a file that does not keep it out."""

    zh: str
    en: str


@dataclass(frozen=True)
class Refusal:
    """Why a whole file was not loaded, with what to do about it."""

    code: str
    zh: str
    en: str


class RefusedError(Exception):
    """The file cannot be loaded; carries the reason in words."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.en)
        self.reason = reason


@cache
def row_rules() -> Mapping[str, Rule]:
    """All rules for rows by name."""
    return {name: Rule(name, **words) for name, words in _load()["rows"].items()}


def refuse(code: str, **facts: object) -> RefusedError:
    """The refusal of a file, ready to be raised; the facts fill the places of its message."""
    zh, en = _words("files", code, facts)
    return RefusedError(Refusal(code, zh, en))


def note(code: str, **facts: object) -> Note:
    """A note about a file."""
    return Note(*_words("notes", code, facts))


def _words(kind: str, code: str, facts: Mapping[str, object]) -> tuple[str, str]:
    words = _load()[kind][code]
    return words["zh"].format(**facts), words["en"].format(**facts)


@cache
def _load() -> dict[str, dict[str, dict[str, str]]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.load(
        _RULES.read_text(encoding="utf-8"), Loader=loader
    )
    return loaded
