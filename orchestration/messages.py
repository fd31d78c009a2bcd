"""What the program says, in Chinese or English, and the one exception that ends a command in words.

Here: choosing the language, `Stop`. Not here: the layout of screens (screen.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

Language = Literal["zh", "en"]

_language: Language = "en"


class Stop(Exception):
    """Ends the command with an exit code and a message in both languages; never shown as a traceback."""

    def __init__(
        self, exit_code: int, code: str, zh: str, en: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(en)
        self.exit_code, self.code, self.zh, self.en = exit_code, code, zh, en
        self.details = details or {}


def speak(language: Language) -> None:
    """Set the language of every message of this process."""
    global _language
    _language = language


def language() -> Language:
    """The language in use."""
    return _language


def say(zh: str, en: str) -> str:
    """The text in the language in use."""
    return zh if _language == "zh" else en


def counted(count: int, noun: str) -> str:
    """So many of something in English: 1 row, 2 rows; Chinese has no need of it."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def language_of(arguments: Sequence[str]) -> Language:
    """`--lang` wherever it stands on the command line, else the locale.

    Read before click does, because help texts are chosen when the commands are made.
    """
    for position, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else ""
        if argument == "--lang" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if value == "zh":
            return "zh"
        if value == "en":
            return "en"
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
