"""What the nodes and checks of one run left behind, in memory and as files under runs/<run>/evidence/.

What belongs here: the evidence's shape, its reading and writing. What does not: making it (gx.py,
sql_checks.py, dbt_results.py) and judging it (verdict.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

Severity = Literal["error", "hold", "warning"]


class EvidenceError(ValueError):
    """An evidence file that is unreadable, incomplete or of another run: as good as none."""


@dataclass(frozen=True)
class NodeState:
    """How one expected step of the run ended; `state` is `success` or the word its engine used."""

    node: str
    state: str
    message: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the step did all it had to."""
        return self.state == "success"


@dataclass(frozen=True)
class Outcome:
    """The answer to one check: how much it looked at, how much of it failed, whether it could ask at all."""

    check: str
    asset: str
    severity: Severity
    question_zh: str
    question_en: str
    because: str
    evaluated: int
    failed: int
    error: str | None = None
    examples: tuple[str, ...] = ()
    # Why nothing to evaluate is a pass; empty: it is not.
    empty_ok: str = ""

    def __post_init__(self) -> None:
        if self.severity not in get_args(Severity):
            raise EvidenceError(f"{self.check}: severity {self.severity!r}")
        # bool is an int: a count given as true would read as 1.
        if any(type(count) is not int or count < 0 for count in (self.evaluated, self.failed)):
            raise EvidenceError(f"{self.check}: evaluated {self.evaluated!r}, failed {self.failed!r}")

    @property
    def vacuous(self) -> bool:
        """Whether the check looked at nothing where it should have found something."""
        return self.evaluated == 0 and not self.empty_ok

    @property
    def passed(self) -> bool:
        """Whether the check ran, looked at something and found nothing wrong."""
        return self.error is None and not self.vacuous and self.failed == 0


@dataclass(frozen=True)
class Evidence:
    """All that is known of one run."""

    run_id: str
    nodes: tuple[NodeState, ...] = ()
    outcomes: tuple[Outcome, ...] = field(default=())

    def to_json(self) -> str:
        """The evidence as stable, readable JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """The inverse of to_json; refuses anything else."""
        try:
            found = json.loads(text)
            return cls(
                run_id=_text(found["run_id"]),
                nodes=tuple(NodeState(**node) for node in found["nodes"]),
                outcomes=tuple(_outcome(outcome) for outcome in found["outcomes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise EvidenceError(f"not evidence: {error!r}") from error


def write_evidence(folder: Path, name: str, evidence: Evidence) -> Path:
    """Writes one producer's evidence whole or not at all, as `<name>.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    aside = folder / f".{name}.json.tmp"
    with aside.open("w", encoding="utf-8") as file:
        file.write(evidence.to_json())
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    return path


def read_evidence(folder: Path, run_id: str) -> Evidence:
    """All evidence of a run, none where the folder holds none; evidence of another run is refused."""
    nodes: list[NodeState] = []
    outcomes: list[Outcome] = []
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith("."):
            continue  # a file that was being written when its run died
        try:
            found = Evidence.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise EvidenceError(f"{path}: {error}") from error
        if found.run_id != run_id:
            raise EvidenceError(f"{path}: evidence of run {found.run_id}, not of {run_id}")
        nodes.extend(found.nodes)
        outcomes.extend(found.outcomes)
    return Evidence(run_id, tuple(nodes), tuple(outcomes))


def described(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Rows as the short texts that a reason shows."""
    return tuple(", ".join(f"{name}={value}" for name, value in row.items()) for row in rows)


def _outcome(found: Mapping[str, Any]) -> Outcome:
    return Outcome(**{**found, "examples": tuple(_text(example) for example in found["examples"])})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
