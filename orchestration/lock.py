"""One run at a time on a home: a lock that the operating system takes back from the dead.

Here: taking, describing and reading the lock. Not here: what the run does with it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration import clock
from orchestration.messages import Stop

_held_fds: set[int] = set()


def _close_in_child() -> None:
    # A forked helper must not keep the lock alive after its parent was killed.
    for fd in _held_fds:
        os.close(fd)
    _held_fds.clear()


os.register_at_fork(after_in_child=_close_in_child)


@dataclass(frozen=True)
class Lock:
    """A lock that this process holds."""

    fd: int

    def describe(self, run_id: str, since: str) -> None:
        """Say who holds it, for the one who finds it taken."""
        text = json.dumps({"pid": os.getpid(), "run": run_id, "since": since}).encode()
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, text, 0)


@contextmanager
def hold(path: Path) -> Iterator[Lock]:
    """Hold the home's lock, or stop with exit code 4 and the holder's run, pid and start.

    The kernel frees an flock when its process ends, however it ended: a dead holder's lock is simply taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise _taken(path) from None
    _held_fds.add(fd)
    try:
        yield Lock(fd)
    finally:
        _held_fds.discard(fd)
        os.ftruncate(fd, 0)
        os.close(fd)


def is_held(path: Path) -> bool:
    """Whether a live process holds the home."""
    if not path.exists():
        return False
    # For reading only: a home may be there for looking at. A shared lock is refused where an exclusive one is held.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _taken(path: Path) -> Stop:
    try:
        holder = json.loads(path.read_text() or "{}")
    except (OSError, ValueError):
        holder = {}
    run, pid, since = (holder.get(key, "?") for key in ("run", "pid", "since"))
    when = clock.shown(since)
    return Stop(
        4,
        "home_is_held",
        f"另一个运行正占用此数据目录：{run}（进程 {pid}，自 {when}）。请等它结束，或先结束该进程。",
        f"another run holds this home: {run} (pid {pid}, since {when}). Wait for it, or end that process.",
        details={"run": run, "pid": pid, "since": since},
    )
