"""dbt in a process of its own: it imports and prepares while the run settles, and builds when its sources are there.

Here: both ends of that process. Not here: how dbt is called and what a node's result is (dbt_runner.py).
dbt takes two seconds of Python to be ready, for which it would have to share the interpreter with the settling.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from orchestration.dbt_runner import NodeResult, build
from orchestration.environment import PROJECT_ROOT
from orchestration.home import Home

_LOG_TAIL = 2000
# A whole run of 100,000 enterprises takes a tenth of this (measured): a node that takes so long hangs.
_PATIENCE_SECONDS = 600.0


class DbtWorker:
    """A started dbt: told to build once, closed always."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._to, self._from = process, process.stdin, process.stdout
        self._log = log
        self._building = self._hangs = False

    def build(
        self, finished: Callable[[str, str, float], None], patience: float = _PATIENCE_SECONDS
    ) -> list[NodeResult]:
        """Let it build, now that the sources are in its database and nobody has that open; `finished` hears of each node.

        Raises RuntimeError where the process ends without results, or no node ends for so many seconds.
        """
        self._building = True
        with suppress(BrokenPipeError):  # it has died, and has left the reason in its log
            self._to.write("go\n")
            self._to.flush()
        for line in self._lines(patience):
            kind, told = json.loads(line)
            if kind == "results":
                self._building = False
                return [NodeResult(**one) for one in told]
            finished(*told)
        code = self._process.wait()
        if self._hangs:
            raise RuntimeError(f"dbt was stopped: no node ended for {patience:g} s")
        said = self._log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()
        raise RuntimeError(f"the dbt process ended with {code}: {said}")

    def _lines(self, patience: float) -> Iterator[str]:
        """What the process says to its end, which comes soon where it says nothing for so many seconds."""

        def give_up() -> None:
            self._hangs = True
            self._process.kill()

        while True:
            timer = threading.Timer(patience, give_up)
            timer.start()
            try:
                line = self._from.readline()
            finally:
                timer.cancel()
            if not line:
                return
            yield line

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.wait()
        if not self._building:  # else another thread reads to the end
            self._from.close()
        with suppress(BrokenPipeError):
            self._to.close()


def start(home: Home, database: Path, threads: int, memory_limit: str, log: Path) -> DbtWorker:
    """Start the process at once; `log` keeps what it says."""
    path = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    with log.open("wb") as said:
        process = subprocess.Popen(
            # -P: the folder a user stands in must not shadow a module.
            [sys.executable, "-P", "-m", __name__, home.root, database, str(threads), memory_limit],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
        )
    return DbtWorker(process, log)


def main(home: str, database: str, threads: str, memory_limit: str) -> None:
    """The process: prepares a build, waits for one line on standard input, builds, answers, ends."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # standard output belongs to the answer
    gc.disable()  # one build and no more: garbage is not worth looking for
    speaking = threading.Lock()

    def tell(kind: str, told: Any) -> None:
        with speaking:  # nodes end in several threads
            _write(answer, json.dumps([kind, told]))

    def ready() -> None:
        if not sys.stdin.readline():
            os._exit(0)  # the run has ended without a build
        threading.Thread(target=_end_with_the_run, daemon=True).start()

    results = build(
        Home(Path(home)),
        Path(database),
        int(threads),
        memory_limit,
        lambda *node: tell("finished", node),
        ready=ready,
    )
    tell("results", [asdict(one) for one in results])
    os._exit(0)  # taking down what dbt has loaded frees nothing that lasts


def _end_with_the_run() -> None:
    """A run that is killed says nothing more: it is gone when its end of standard input is."""
    sys.stdin.read()
    os._exit(1)


def _write(answer: IO[str], line: str) -> None:
    try:
        answer.write(line + "\n")
        answer.flush()
    except BrokenPipeError:
        os._exit(1)  # the run is dead, and its build with it


if __name__ == "__main__":
    main(*sys.argv[1:])
