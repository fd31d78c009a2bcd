"""Is the raw store what it says it is? Every blob hashed again, every delivery's bytes and sidecar looked for.

Belongs here: this question and its answer. Does not belong here: keeping files (`store`), mending: what is missing
or changed comes back from a backup only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingestion.store import ASIDE, LedgerError, RawStore

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoreCheck:
    """What the raw store is against its own names: paths relative to the home, hashes with who delivered them."""

    checked: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unexpected: tuple[str, ...]
    damaged: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every file is there, unchanged, and nothing else is."""
        return not (self.missing or self.changed or self.unexpected or self.damaged)


def check_store(home: Path, progress: Callable[[int, int, str], None] | None = None) -> StoreCheck:
    """Hash every blob against its name, and look for the bytes of every delivery on record."""
    store = RawStore(home)
    # What a dead run left aside is no blob; the next run clears it away.
    found = sorted(
        path for path in store.blobs.rglob("*") if not path.is_dir() and not path.name.startswith(ASIDE)
    )
    kept, changed, unexpected = set[str](), [], []
    for number, path in enumerate(found):
        name = path.relative_to(home).as_posix()
        if progress is not None:
            progress(number, len(found), path.name[:12])
        if path.is_symlink() or not _SHA256.fullmatch(path.name) or path != store.blob(path.name):
            unexpected.append(name)
            continue
        kept.add(path.name)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != path.name:
                changed.append(name)
    missing, damaged = [], []
    for ledger in store.ledgers():
        try:
            wanted = store.recorded(ledger)
        except LedgerError:
            damaged.append(ledger.relative_to(home).as_posix())
            continue
        missing += [f"{sha256} ({name})" for sha256, name in wanted if sha256 not in kept]
    return StoreCheck(len(found), tuple(sorted(missing)), tuple(changed), tuple(unexpected), tuple(damaged))
