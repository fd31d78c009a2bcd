"""Loads quality/checks.yml and judges it as a whole: a set with one bad entry is no set.

What belongs here: the shape of a check and the rules that every entry keeps. What does not: the checks
themselves (checks.yml), asking them (gx.py, sql_checks.py), and dbt's tests, which are declared beside their
models.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quality.evidence import Outcome, Severity

_HAN = re.compile(r"[\u4e00-\u9fff]")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ASSET = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class ChecksError(ValueError):
    """A set of checks that is not fit to be asked, with every offender."""

    def __init__(self, offenders: Iterable[str]) -> None:
        self.offenders = tuple(sorted(offenders))
        super().__init__("checks.yml: " + "; ".join(self.offenders))


class Check(BaseModel):
    """One question to the candidate, as data."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str
    asset: str  # schema.table of the build; for engine sql the table that the question is about
    engine: Literal["gx", "sql"]
    severity: Severity
    question_zh: str
    question_en: str
    because: str
    # Why nothing to evaluate is a pass. Without it a check that evaluated nothing has failed.
    empty_ok: str = ""
    # What the check looks at, as SQL that counts it; for engine gx by default the rows of the asset.
    evaluated: str = ""

    # engine gx: an expectation of great-expectations and its arguments
    expect: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")

    #  engine sql: a query whose rows are the failures; candidate, previous and the tables of sql_checks.py
    # are at hand
    failures: str = ""
    # Asks what changed against the previous release: a first release has nothing to compare.
    drift: bool = False

    def outcome(
        self, evaluated: int = 0, failed: int = 0, error: str | None = None, examples: Iterable[str] = ()
    ) -> Outcome:
        """The evidence this check leaves."""
        return Outcome(
            check=self.name,
            asset=self.asset,
            severity=self.severity,
            question_zh=self.question_zh,
            question_en=self.question_en,
            because=self.because,
            evaluated=evaluated,
            failed=failed,
            error=error,
            # Lists of failures are published with the audit; rows of the confidential schema must not be.
            examples=() if self.asset.startswith("confidential.") else tuple(examples),
            empty_ok=self.empty_ok,
        )

    def offences(self) -> Iterable[str]:
        """What is wrong with this entry beyond its shape."""
        if not _NAME.fullmatch(self.name):
            yield "name is no snake_case word"
        if not _ASSET.fullmatch(self.asset):
            yield f"asset {self.asset!r} is not schema.table"
        if not _HAN.search(self.question_zh) or not self.question_zh.endswith("？"):
            yield "question_zh is no Chinese question"
        if _HAN.search(self.question_en) or not self.question_en.endswith("?"):
            yield "question_en is no English question"
        for key in ("because", "empty_ok"):
            text = getattr(self, key)
            if (text or key == "because") and not (_HAN.search(text) and " | " in text):
                yield f"{key} is not “中文。 | English.”"
        gx, sql = bool(self.expect), bool(self.failures and self.evaluated)
        if (self.engine == "gx") != gx or (self.engine == "sql") != sql:
            yield "engine gx takes expect and with; engine sql takes failures and evaluated"
        if self.drift != ("previous." in self.failures or "settled_pair" in self.failures):
            yield "drift does not say whether failures look at the previous release"


CHECKS_FILE = Path(__file__).with_name("checks.yml")


@cache
def load_checks(path: Path = CHECKS_FILE) -> tuple[Check, ...]:
    """The checks of a file, in its order; refuses an empty set, and names every offender of an unfit one."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = found.get("checks") if isinstance(found, dict) and set(found) == {"checks"} else None
    if not isinstance(entries, list) or not entries:
        raise ChecksError(["no checks: an empty suite passes anything"])
    checks: list[Check] = []
    offenders: list[str] = []
    for place, entry in enumerate(entries, 1):
        label = entry.get("name", f"entry {place}") if isinstance(entry, dict) else f"entry {place}"
        try:
            check = Check.model_validate(entry)
        except ValidationError as error:
            offenders.extend(f"{label}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            continue
        checks.append(check)
        offenders.extend(f"{label}: {offence}" for offence in check.offences())
    offenders.extend(f"{name}: {n} entries" for name, n in Counter(c.name for c in checks).items() if n > 1)
    if offenders:
        raise ChecksError(offenders)
    return tuple(checks)


def due(checks: Iterable[Check], *, first_release: bool) -> tuple[Check, ...]:
    """The checks that a run must answer: a first release has no drift checks."""
    return tuple(check for check in checks if not (first_release and check.drift))
