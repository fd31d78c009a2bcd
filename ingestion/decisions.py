"""The refusal of a file of people's decisions: what every reader of `decisions/*.csv` raises.

Belongs here: that one error. Does not belong here: any of the files (`links`, `targets`, people's acts). It stands by
itself because a quiet day reads decisions and imports no data library.
"""

from __future__ import annotations


class DecisionError(ValueError):
    """A file of `decisions/` cannot be used as it is; says each offending line, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
