"""Who asked what of which release: one line a query, for whoever has to account for the use of the data (F65).

Here: the line and the file. Not here: asking (publication.query). What a query gave is never in it.
"""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration import clock


@dataclass(frozen=True)
class Asked:
    """One query and what became of it; no rows where it was refused."""

    release: str | None
    sql: str
    exit: int
    rows: int | None
    seconds: float


def note(path: Path, asked: Asked) -> str | None:
    """Add a query to the log; what went wrong, where it can't be written: a home may be there for reading only."""
    line = json.dumps({"at": clock.now(), "who": who(), **asdict(asked)}, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # At once: queries that end together must not write into each other's lines.
            os.write(log, line.encode("utf-8", "backslashreplace"))
        finally:
            os.close(log)
    except OSError as error:
        return error.strerror or str(error)
    return None


def who() -> str:
    """The user by the operating system, which no variable of the environment can change."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # of a container, without a name
        return str(os.getuid())
