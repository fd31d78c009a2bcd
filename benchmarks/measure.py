"""One process from outside: how long it took, and how much memory it and all its descendants held at once.

Here: starting, timing, sampling /proc. Not here: what is compared with what (__main__.py).
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_EVERY = 0.05  # seconds; shorter peaks may be missed, sampling oftener would disturb
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """What one process took. The peak is a sum over the tree: pages that two processes share count twice."""

    seconds: float
    peak_mib: float
    code: int
    output: str


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        watch = _Watch(process.pid)
        watch.start()
        output, _ = process.communicate()
        seconds = time.perf_counter() - started
        watch.done.set()
        watch.join()
    return Measured(seconds, watch.peak / 2**20, process.returncode, output)


class _Watch(threading.Thread):
    """Samples the resident memory of a process and its descendants until told to stop."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.done = root, 0, threading.Event()

    def run(self) -> None:
        """Keep the highest sum."""
        while not self.done.wait(SAMPLE_EVERY):
            self.peak = max(self.peak, sum(_resident(pid) for pid in _tree(self.root)))


def _tree(root: int) -> set[int]:
    """The process and its descendants, by the parents that /proc names."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = _read(Path("/proc") / entry / "stat")
            if stat:
                children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, [])
    return found


def _resident(pid: int) -> int:
    statm = _read(Path("/proc") / str(pid) / "statm")
    return int(statm.split()[1]) * PAGE if statm else 0


def _read(path: Path) -> str:
    """Empty where the process has ended meanwhile."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
