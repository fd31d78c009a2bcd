"""Live progress of a run: a spinner on a terminal, plain lines elsewhere, and always the run's log.

Here: how a stage under way is shown. Not here: the closing screen (screen.py).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.messages import say
from orchestration.stages import STAGES

if TYPE_CHECKING:
    from rich.status import Status

log = logging.getLogger("innostat")


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Everything that is logged goes to the run's log.txt too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


class Progress:
    """Tells of stages in the log only; the base of what a person sees."""

    def __init__(self) -> None:
        self._began = 0.0
        self._stage = ""
        self._result = ""

    def begin(self, stage: str) -> None:
        """A stage begins."""
        self._began, self._stage, self._result = time.monotonic(), stage, ""
        log.info("%s …", STAGES[stage][1])

    def tell(self, text: str) -> None:
        """What the stage is at."""

    def result(self, zh: str, en: str) -> None:
        """What the stage came to, shown when it ends."""
        self._result = say(zh, en)

    def end(self) -> None:
        """The stage is done."""
        log.info("%s: %.1f s %s", STAGES[self._stage][1], self.seconds, self._result)

    def stop(self) -> None:
        """Nothing more will be shown."""

    @property
    def seconds(self) -> float:
        """How long the stage has taken so far."""
        return time.monotonic() - self._began


class PlainProgress(Progress):
    """One line a stage, for pipes, logs and schedulers."""

    def end(self) -> None:
        """Print the stage's line."""
        super().end()
        print(
            f"{say(*STAGES[self._stage])}  {self.seconds:.1f} s  {self._result}", file=sys.stderr, flush=True
        )


class LiveProgress(Progress):
    """A spinner with what the stage is at; a line for each finished stage."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None

    def begin(self, stage: str) -> None:
        """Show the spinner."""
        super().begin(stage)
        self._status = self._console.status(say(*STAGES[stage]))
        self._status.start()

    def tell(self, text: str) -> None:
        """Show the detail beside the spinner."""
        if self._status:
            from rich.markup import escape

            self._status.update(f"{say(*STAGES[self._stage])} [dim]{escape(text)}[/dim]")

    def end(self) -> None:
        """Replace the spinner by the stage's line."""
        super().end()
        self.stop()
        name = say(*STAGES[self._stage])
        from rich.cells import set_cell_size

        self._console.print(
            f"[green]✓[/green] {set_cell_size(name, 8)} [dim]{self.seconds:5.1f} s[/dim]  {self._result}"
        )

    def stop(self) -> None:
        """Take the spinner away."""
        if self._status:
            self._status.stop()
            self._status = None


def for_terminal(silent: bool) -> Progress:
    """The progress that suits where the words go."""
    if silent:
        return Progress()
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()
