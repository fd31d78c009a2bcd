"""Pulling: databases, web interfaces and folders elsewhere, brought in as files like any delivery.

Belongs here: running the pulls of the settings one by one, and what is said when one is refused. Does not
belong here: each kind (`postgres`, `http`, `folder`, imported only where one is asked for), what was pulled
last (`spool`), keeping the bytes (`ingestion.store`).

A refused pull takes nothing and removes nothing: the data of the last good one stay in force, and how old
they are is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.inbox import InboxFile, Problem
from ingestion.pull.contract import Pull, PullSettingsError, pulls_as_settings, pulls_from_settings
from ingestion.pull.spool import Spool
from ingestion.pull.words import PullRefusedError

if TYPE_CHECKING:
    from ingestion.contract import Source

__all__ = ["Pull", "PullSettingsError", "Pulled", "pull_all", "pulls_as_settings", "pulls_from_settings"]


@dataclass
class Pulled:
    """The files to be loaded beside those of the inbox, and what could not be pulled."""

    files: list[InboxFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def pull_all(
    home: Path,
    pulls: Mapping[str, Pull],
    contracts: Mapping[str, Source],
    on: date,
    tell: Callable[[str], None] = lambda name: None,
) -> Pulled:
    """Ask every source for what it has; under the run's lock, before the inbox's new files are taken in.

    `on` is the run's date, for what is said about age. `tell` hears the name of each pull when it begins.
    """
    found = Pulled()
    for name, pull in sorted(pulls.items()):
        tell(name)
        spool = Spool(home, name, pull)
        bring = import_module(f"{__name__}.{pull.kind}").bring
        try:
            files, problems = bring(spool, pull, contracts[pull.source])
        except PullRefusedError as reason:
            spool.new_file().unlink(missing_ok=True)
            found.problems.append(spool.stale(reason, on))
            found.files += spool.waiting()
        else:
            spool.succeeded(on)
            found.files += files
            found.problems += problems
    return found
