"""Work of a run that goes on beside its stages.

Here: starting it; receipts, which are written while dbt builds. Not here: the candidate's tables (run.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ingestion.intake import Taken
    from orchestration.run import Run

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Future[T]:
    """Begin this in a thread of its own; whoever needs what it gives waits for it."""
    pool = ThreadPoolExecutor(1)
    begun = pool.submit(work)
    pool.shutdown(wait=False)
    return begun


def receipts_of(run: Run, made_of: Path, taken: Iterable[Taken]) -> Future[list[Path]]:
    """The run's receipts, from what was set aside for them."""
    from ingestion.contract import load_contracts
    from ingestion.receipts import write_receipts

    def write() -> list[Path]:
        with run.connect(made_of) as con:
            return write_receipts(con, load_contracts(), taken, run.folder / "receipts")

    return beside(write)
