"""What differs in what two releases were made of, read off their manifests."""

from __future__ import annotations

from typing import Any

from orchestration.comparison import made_of


def manifest(**changed: Any) -> dict[str, Any]:
    inputs = [
        {
            "delivery_id": name,
            "source": "patent",
            "name": f"{name}.csv",
            "delivered_on": "2026-01-01",
            "sha256": "0",
        }
        for name in changed.pop("inputs", "ab")
    ]
    made = {
        "as_of": "2026-11-22",
        "inputs": inputs,
        "definitions": {"decisions": {"links.csv": "1", "targets.csv": "2"}},
        "settings": {"gate": {"rate_move": 0.1}, "run": {"threads": 2}},
        "code_version": "c1",
    }
    return {**made, **changed}


def test_nothing_differs() -> None:
    assert made_of(manifest(), manifest()) == {}


def test_how_much_of_the_machine_a_run_took_is_no_reason() -> None:
    assert made_of(manifest(), manifest(settings={"gate": {"rate_move": 0.1}, "run": {"threads": 8}})) == {}


def test_each_thing_that_differs_is_told() -> None:
    new = manifest(
        inputs="bc",
        as_of="2026-11-23",
        definitions={"decisions": {"links.csv": "9", "corrections.csv": "3"}},
        settings={"gate": {"rate_move": 0.2}, "complete": {"activity": [2025]}},
        code_version="c2",
    )
    told = made_of(manifest(), new)
    assert told == {
        "as_of": {"old": "2026-11-22", "new": "2026-11-23"},
        "deliveries_added": [{"source": "patent", "name": "c.csv", "delivered_on": "2026-01-01"}],
        "deliveries_gone": [{"source": "patent", "name": "a.csv", "delivered_on": "2026-01-01"}],
        "decisions": ["corrections.csv", "links.csv", "targets.csv"],
        "settings": {
            "complete.activity": {"old": None, "new": [2025]},
            "gate.rate_move": {"old": 0.1, "new": 0.2},
        },
        "program": {"old": "c1", "new": "c2"},
    }
