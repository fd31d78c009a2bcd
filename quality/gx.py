"""Asks great-expectations from outside: starts its process early, puts the checks to it once, and never waits
for ever.

What belongs here: the process's life, and turning its answers, or their absence, into outcomes. What does
not: great-expectations itself (gx_worker.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from quality.checks import Check
from quality.evidence import Outcome

#  Far above any measured time (1 s for 24,000 enterprises); a hang must end as a refusal, not as a night
# without a release.
_TIMEOUT_SECONDS = 300.0
_LOG_TAIL = 2000


class GxWorker:
    """A started great-expectations process: asked once, closed always. `log` keeps what else it says."""

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self._process = process
        self._log = log
        self._asked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(
        self,
        database: Path,
        checks: Iterable[Check],
        engine: Mapping[str, Any],
        timeout: float = _TIMEOUT_SECONDS,
    ) -> list[Outcome]:
        """One outcome a check of engine gx; a process that died or hangs leaves checks that did not run.

        `engine` says how much memory and how many threads the engine under it may take.
        """
        asked = [check for check in checks if check.engine == "gx"]
        if not asked:
            raise ValueError("no check of engine gx: an empty suite passes anything")
        request = {
            "database": str(database.resolve()),
            "engine": dict(engine),
            "checks": [
                {
                    "name": c.name,
                    "asset": c.asset,
                    "expect": c.expect,
                    "with": c.arguments,
                    "evaluated": c.evaluated,
                }
                for c in asked
            ],
        }
        self._asked = True
        try:
            answer, _ = self._process.communicate(json.dumps(request).encode(), timeout)
        except subprocess.TimeoutExpired:
            self.close()
            self._process.communicate()
            return [
                check.outcome(error=f"great-expectations did not answer within {timeout:g} s")
                for check in asked
            ]
        if self._process.returncode != 0:
            died = f"the great-expectations process ended with {self._process.returncode}: {self._said()}"
            return [check.outcome(error=died) for check in asked]
        try:
            return _outcomes(asked, json.loads(answer))
        except (ValueError, KeyError, TypeError) as error:
            return [
                check.outcome(error=f"great-expectations gave no readable answer: {error!r}")
                for check in asked
            ]

    def close(self) -> None:
        """Ends the process if it still runs, as it does when a run stops before its checks or amid them."""
        if self._process.poll() is None:
            self._process.kill()
        if self._asked:  # perhaps by another thread, which reads to the end
            self._process.wait()
        else:
            self._process.communicate()
        self._log.close()

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")[-_LOG_TAIL:].strip()


def start(log: Path | None = None, command: Sequence[str] = ("-m", "quality.gx_worker")) -> GxWorker:
    """Starts the process at once; it imports great-expectations while the run does other work."""
    said: IO[bytes] = log.open("w+b") if log else tempfile.TemporaryFile()  # noqa: SIM115 - the worker holds it on
    process = subprocess.Popen(
        # -P: the folder a user stands in must not shadow a module.
        [sys.executable, "-P", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                p for p in (_home_of_packages(), os.environ.get("PYTHONPATH")) if p
            ),
            "GX_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        },
    )
    return GxWorker(process, said)


def _home_of_packages() -> str:
    return str(Path(__file__).resolve().parent.parent)


def _outcomes(asked: Iterable[Check], answers: Iterable[Mapping[str, Any]]) -> list[Outcome]:
    by_name = {answer["name"]: answer for answer in answers}
    return [_outcome(check, by_name.get(check.name)) for check in asked]


def _outcome(check: Check, answer: Mapping[str, Any] | None) -> Outcome:
    if answer is None:
        return check.outcome(error="great-expectations gave no answer to this check")
    return check.outcome(answer["evaluated"], answer["failed"], answer["error"], answer["examples"])
