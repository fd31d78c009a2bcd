"""The input of a benchmark: a sample province of a size, written once and kept under build/.

Here: when a kept sample still serves. Not here: the sample itself (ingestion/sample).
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import date
from pathlib import Path

from ingestion.contract import load_contracts
from ingestion.sample import write_sample

ROOT = Path(__file__).resolve().parent.parent
AS_OF = date(2026, 9, 30)  # fixed: the same files and figures whenever it is measured


def sample_inbox(work: Path, enterprises: int) -> Path:
    """The inbox of a province of that many enterprises; its name says which code made it."""
    made_by = hashlib.sha256()
    for folder, kind in (
        ("ingestion/sample", "*.py"),
        ("ingestion/sources", "*.yml"),
        ("dbt_project/seeds", "area*.csv"),
    ):
        for path in sorted((ROOT / folder).glob(kind)):
            made_by.update(path.read_bytes())
    inbox = work / f"inbox-{enterprises}-{made_by.hexdigest()[:12]}"
    if not inbox.is_dir():
        for old in work.glob(f"inbox-{enterprises}-*"):
            shutil.rmtree(old)
        unfinished = inbox.with_suffix(".tmp")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_sample(
            unfinished, load_contracts(), ROOT / "dbt_project/seeds", enterprises=enterprises, as_of=AS_OF
        )
        unfinished.rename(inbox)
    return inbox
