"""Moments are the province's and say so, whatever zone a record was written in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from orchestration import cli, clock, messages, records
from orchestration.home import Home
from orchestration.records import Record


def test_the_time_of_records_has_the_provinces_offset() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", clock.now())
    assert clock.now()[:10] == clock.today().isoformat()


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-11-28T19:15:30+00:00", "2026-11-29 03:15 +08:00"),
        ("2026-11-23T06:00:00+08:00", "2026-11-23 06:00 +08:00"),
        ("2026-04-01", "2026-04-01"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_a_moment_is_shown_with_its_zone(moment: str, shown: str) -> None:
    assert clock.shown(moment) == shown


def test_status_shows_when_a_run_began_in_the_provinces_time(
    home: Home, publish: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    release = publish()
    records.save(
        home, Record("r000001", "2026-11-23", 1, "2026-11-28T19:15:30+00:00", "published", release=release)
    )
    messages.speak("en")
    assert cli._run(["status", "--home", str(home.root)]) == 0
    assert "r000001  2026-11-29 03:15 +08:00" in capsys.readouterr().out
