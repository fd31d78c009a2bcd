"""What is remembered of each run: `runs/<run>/run.json`, its states, and tidying up after runs that died.

Here: the record and the sweep at the start of the next run. Not here: what a run does (cycle.py).
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from orchestration import clock
from orchestration.home import Home

State = Literal[
    "running", "published", "nothing_new", "refused", "held", "failed", "cancelled", "died", "partial"
]

STATE_WORDS: dict[State, tuple[str, str]] = {
    "running": ("进行中", "running"),
    "published": ("已发布", "published"),
    "nothing_new": ("无新内容", "nothing new"),
    "refused": ("被拒绝", "refused"),
    "held": ("待审", "held for review"),
    "failed": ("出错", "failed"),
    "cancelled": ("已取消", "cancelled"),
    "died": ("中断（进程被终止）", "died (its process was killed)"),
    "partial": ("仅部分步骤", "some steps only"),
}


@dataclass
class Record:
    """One run as its run.json tells it."""

    run_id: str
    as_of: str
    pid: int
    started_at: str
    state: State = "running"
    ended_at: str | None = None
    stage: str | None = None
    release: str | None = None
    aside: bool = False
    engine: str = "duckdb"
    candidate_sha256: str | None = None
    approved: dict[str, Any] | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def as_of_date(self) -> date:
        """The reference date of the run."""
        return date.fromisoformat(self.as_of)


def write_json(path: Path, content: Any) -> None:
    """Write a small file so that a reader finds the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.tmp")
    with aside.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def save(home: Home, record: Record) -> None:
    """Write the run's record."""
    write_json(home.run_dir(record.run_id) / "run.json", asdict(record))


def load_all(home: Home) -> list[Record]:
    """All runs, oldest first; a folder whose record was never written is no run."""
    records = []
    for path in sorted(home.runs.glob("r*/run.json")):
        records.append(Record(**json.loads(path.read_text(encoding="utf-8"))))
    return records


def latest_as_of(records: list[Record]) -> date | None:
    """The latest reference date of a run that came to its end, not of one that died or failed."""
    ended = ("published", "nothing_new", "held", "refused")
    return max((record.as_of_date for record in records if record.state in ended), default=None)


def released_before(home: Home, as_of: date) -> Path | None:
    """The release of the last earlier day, or what was kept of it when it was removed.

    One of the same day doesn't count, so that a day can be made again.
    """
    earlier = sorted(
        (record.as_of_date, record.run_id, record.release)
        for record in load_all(home)
        if record.state == "published" and record.release and record.as_of_date < as_of
    )
    found = (
        folder
        for _, run_id, release in reversed(earlier)
        for folder in (home.releases / release, home.pruned(run_id))
    )
    return next((path for path in found if (path / "manifest.json").is_file()), None)


def sweep(home: Home) -> list[Record]:
    """Clear what killed runs left behind; call it under the lock only, when nobody else can be at work.

    Gives back the runs that turned out dead. One that was killed while it tidied up had said before how it ended.
    """
    dead = []
    for record in load_all(home):
        if record.state != "held":
            shutil.rmtree(home.run_dir(record.run_id) / "candidate", ignore_errors=True)
        if record.state == "running":
            record.state, record.ended_at = "died", clock.now()
            save(home, record)
            dead.append(record)
    for leftover in home.build.iterdir():
        # A file is what the look whether the home can be written left, if that was killed.
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    return dead
