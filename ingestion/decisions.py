"""The refusal of a file of people's decisions: what every reader of `decisions/*.csv` raises.

Belongs here: that one error, and how a text stands in such a file. Does not belong here: any of the files (`links`,
`targets`, people's acts). It stands by itself because a quiet day reads decisions and imports no data library.
"""

from __future__ import annotations

import unicodedata


class DecisionError(ValueError):
    """A file of `decisions/` cannot be used as it is; says each offending line, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def neutral(text: str) -> str:
    """A text as a command writes it into such a file: a spreadsheet that opens the file must not run it (F62)."""
    return f"'{text}" if _would_run(text) or text.startswith("'") else text


def meant(text: str) -> str:
    """What was meant by a cell, whether a command wrote it or a person."""
    inner = text.removeprefix("'")
    return inner if inner != text and neutral(inner) != inner else text


def _would_run(text: str) -> bool:
    return unicodedata.normalize("NFKC", text).lstrip()[:1] in tuple("=+-@")
