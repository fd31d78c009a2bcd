"""Why a file cannot be read, before it is put into words. Imports nothing: the limited child starts quickly.

Belongs here: the exception that carries a code of `rules.yml` and its facts. Does not belong here: words.
"""

from __future__ import annotations


class UnreadableError(Exception):
    """The file cannot be read; `code` and `facts` fill a message of `rules.yml`."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def damaged(error: BaseException | str) -> UnreadableError:
    """What a library said of a file that it could not read."""
    return UnreadableError("file_damaged", reason=" ".join(str(error).split())[:120])


def no_table(zh: str, en: str) -> UnreadableError:
    """A file that is something else."""
    return UnreadableError("not_a_table", what_zh=zh, what_en=en)
