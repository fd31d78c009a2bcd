"""checks.yml is judged as a set, with every offender named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from quality.checks import ChecksError, due, load_checks

GX = {
    "name": "rows",
    "asset": "main.t",
    "engine": "gx",
    "severity": "error",
    "question_zh": "有行吗？",
    "question_en": "Any rows?",
    "because": "必须。 | Must be.",
    "expect": "expect_table_row_count_to_be_between",
    "with": {"min_value": 1},
}
SQL = {
    **{k: v for k, v in GX.items() if k not in {"expect", "with"}},
    "name": "sums",
    "engine": "sql",
    "evaluated": "SELECT 1",
    "failures": "SELECT 1 WHERE false",
}


def load(tmp_path: Path, *entries: Any, text: str | None = None) -> tuple[str, ...]:
    path = tmp_path / "checks.yml"
    path.write_text(text if text is not None else yaml.safe_dump({"checks": list(entries)}), encoding="utf-8")
    try:
        load_checks(path)
    except ChecksError as error:
        return error.offenders
    return ()


def test_our_own_checks_load_and_some_are_of_each_severity_that_refuses() -> None:
    checks = load_checks()
    assert {(c.engine, c.severity) for c in checks} >= {("gx", "error"), ("sql", "error"), ("sql", "hold")}
    # Each costs time at every run: more questions belong into fewer, wider ones.
    assert sum(c.engine == "gx" for c in checks) <= 30


def test_a_first_release_has_no_drift_checks() -> None:
    checks = load_checks()
    drift = {c.name for c in checks if c.drift}
    assert drift == {"rows_down", "column_emptied", "city_missing", "rate_moved", "frozen_year_amended"}
    assert {c.name for c in due(checks, first_release=True)} == {c.name for c in checks} - drift
    assert due(checks, first_release=False) == checks


def test_sound_entries_load(tmp_path: Path) -> None:
    assert load(tmp_path, GX, SQL) == ()


@pytest.mark.parametrize("text", ["", "checks: []", "checks:", "[]", "other: 1", "checks: {a: 1}"])
def test_an_empty_set_is_refused(text: str, tmp_path: Path) -> None:
    assert load(tmp_path, text=text) == ("no checks: an empty suite passes anything",)


@pytest.mark.parametrize(
    ("entry", "offence"),
    [
        ({**GX, "name": "Rows"}, "name is no snake_case word"),
        ({**GX, "asset": "coverage"}, "is not schema.table"),
        ({**GX, "asset": 'main."t"'}, "is not schema.table"),
        ({**GX, "question_zh": "Any rows?"}, "question_zh is no Chinese question"),
        ({**GX, "question_en": "有行吗？"}, "question_en is no English question"),
        ({**GX, "because": ""}, "because is not"),
        ({**GX, "because": "Must be."}, "because is not"),
        ({**GX, "empty_ok": "yes"}, "empty_ok is not"),
        ({**GX, "severity": "fatal"}, "severity"),
        ({**GX, "engine": "dbt"}, "engine"),
        ({**GX, "expect": ""}, "engine gx takes"),
        ({**GX, "failures": "SELECT 1"}, ""),
        ({**GX, "kwargs": {}}, "kwargs"),
        ({k: v for k, v in GX.items() if k != "because"}, "because"),
        ({**SQL, "evaluated": ""}, "engine sql takes"),
        ({**SQL, "expect": "x"}, "engine sql"),
        ({**SQL, "failures": "FROM previous.main.coverage"}, "drift"),
        ({**SQL, "drift": True}, "drift"),
        ("text", "entry 1"),
    ],
)
def test_an_unfit_entry_is_named(entry: Any, offence: str, tmp_path: Path) -> None:
    if offence:
        assert any(offence in offender for offender in load(tmp_path, entry))


def test_all_offenders_are_told_sorted_and_twins_too(tmp_path: Path) -> None:
    offenders = load(tmp_path, {**SQL, "asset": "x"}, GX, GX, {**GX, "name": "b", "because": ""})
    assert [o.split(":")[0] for o in offenders] == ["b", "rows", "sums"]
    assert "rows: 2 entries" in offenders
