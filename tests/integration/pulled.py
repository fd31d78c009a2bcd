"""What was pulled, taken in as a run would: shared by the tests of each kind of pull.

Here: the day of these tests and the call into ingestion. Not here: the sources that are pulled from.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ingestion.contract import load_contracts
from ingestion.intake import Intake, take_in
from ingestion.pull import Pulled
from ingestion.reference import Reference
from orchestration.environment import SEEDS

TODAY = date(2026, 11, 23)


def load(home: Path, pulled: Pulled, run: int = 1) -> Intake:
    """Take in what a pull brought, as the run of this number."""
    return take_in(
        home,
        load_contracts(),
        Reference(SEEDS),
        pulled.files,
        run_id=f"r{run:06}",
        run_seq=run,
        as_of=TODAY,
    )
