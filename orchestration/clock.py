"""The province's clock: which day it is, what time it is, how a moment is shown to a person.

Here: the only readings of the clock of this package. Not here: durations (time.monotonic where they are measured).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))


def today() -> date:
    """The business date: the province's, wherever the machine's clock thinks it is."""
    return datetime.now(_CHINA).date()


def now() -> str:
    """The time as records hold it: the province's, to the second, with its offset."""
    return datetime.now(_CHINA).isoformat(timespec="seconds")


def shown(moment: str) -> str:
    """A moment of a record as people read it: the province's time, and that it is; as it stands if it has no offset."""
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return moment if read.tzinfo is None else f"{read.astimezone(_CHINA):%Y-%m-%d %H:%M} +08:00"
