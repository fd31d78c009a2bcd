"""Setting right what a killed process left half done, before anybody else touches the home.

Here: what is cleared, what is completed, and the home held for one command after that. Not here: the work that was
interrupted. Callers hold the lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ingestion.decisions import DecisionError
from orchestration import clock, lock, records
from orchestration.acts import read_acts
from orchestration.home import Home, preflight
from publication.releases import MANIFEST, Releases


@contextmanager
def alone(home: Home, name: str) -> Iterator[None]:
    """Hold the home for a command that is no run, and set right what was killed before it."""
    preflight(home)
    with lock.hold(home.lock_file) as held:
        held.describe(name, clock.now())
        recover(home)
        yield


def recover(home: Home) -> None:
    """Settle runs that were killed: their scraps go, and a release that was already in place becomes current.

    The gate or a person had passed it and its files were flushed before the rename: the switch is all that is missing.
    """
    releases = Releases(home.root)
    releases.sweep()
    dead = {record.run_id for record in records.sweep(home)}
    for record in records.load_all(home):
        # A held candidate names its release once it is approved and on its way there.
        if not (record.run_id in dead or record.state == "held") or not record.release:
            continue
        if (home.releases / record.release / MANIFEST).is_file():
            if not record.aside:
                releases.make_current(record.release)
            record.state = "published"
            records.save(home, record)
    _finish_switch(home, releases)


def _finish_switch(home: Home, releases: Releases) -> None:
    """The last act, if it said where `current` should point and died before it did."""
    acts = []
    with suppress(DecisionError):  # a file that can't be read is refused by whatever needs it, in words
        acts = read_acts(home)
    # Where no release stood before, a pointer that is gone now may be one that somebody took away since.
    if not acts or acts[-1].kind == "freeze" or not acts[-1].current:
        return
    if releases.pointed() != acts[-1].current:
        return
    subject = acts[-1].subject
    aside = {record.release for record in records.load_all(home) if record.aside}
    if subject not in aside and (home.releases / subject / MANIFEST).is_file():
        releases.make_current(subject)
