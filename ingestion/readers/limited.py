"""The parent's side of the limited child: a file goes out, sheets of text or a reason in words come back.

Belongs here: children, their time, what their death means. Does not belong here: what they do
(`workbook_child`). A child serves many files, for starting one costs a tenth of a second; one that dies takes
nothing with it but the file that it died of.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.readers import limits
from ingestion.readers.unreadable import UnreadableError
from ingestion.readers.writing import Written

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 4  # seconds on the clock for each of CPU: other work may run beside it

_idle: list[_Child] = []
_lock = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """What a child made of a file: sheets as text, or the members of an archive as files."""

    sheets: Sequence[Written]
    members: Sequence[tuple[str, str]]


def read_limited(kind: str, path: Path, out: Path) -> Answer:
    """Have a child read the file into the folder `out`; raises UnreadableError where it can't, or died."""
    out.mkdir(parents=True, exist_ok=True)
    seconds = limits.seconds(path.stat().st_size)
    with _lock:
        child = _idle.pop() if _idle else None
    if child is None or not child.is_alive():
        child = _Child()
    request = {"kind": kind, "path": str(path.resolve()), "out": str(out.resolve()), "seconds": seconds}
    try:
        answer = child.ask(request, seconds * _PATIENCE)
    except BaseException:
        child.end()
        raise
    with _lock:
        _idle.append(child)
    if "errno" in answer:
        raise OSError(answer["errno"], answer["words"])
    if "refused" in answer:
        raise UnreadableError(answer["refused"], **answer["facts"])
    return Answer(
        [Written(**sheet) for sheet in answer["sheets"]], [(name, file) for name, file in answer["members"]]
    )


class _Child:
    """One process, asked one thing at a time."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingestion.readers.workbook_child"],
            env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], patience: float) -> dict[str, Any]:
        """The answer to one request; a child that dies, or takes too long, has refused the file."""
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise AssertionError("the child has no pipes")
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        ready, _, _ = select.select([process.stdout], [], [], patience)
        if not ready:
            raise UnreadableError("too_much_time", limit=request["seconds"])
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._died(request["seconds"])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _died(self, seconds: int = 0) -> UnreadableError:
        """Out of what a child died, by the signal that ended it."""
        code = -self._process.wait()
        if code == signal.SIGXCPU:
            return UnreadableError("too_much_time", limit=seconds)
        # What cannot allocate aborts; the machine itself kills.
        if code in (signal.SIGABRT, signal.SIGKILL):
            return UnreadableError("too_much_memory", limit=limits.MEMORY >> 30)
        name = signal.Signals(code).name if code > 0 else f"exit {-code}"
        return UnreadableError("reader_died", reason=name)

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


@atexit.register
def _end_all() -> None:
    while _idle:
        _idle.pop().end()
