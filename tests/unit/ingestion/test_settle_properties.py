"""Settling against a plain second implementation, and what must never matter: splitting, order, names."""

import random
from collections import defaultdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ingestion.settle_world import A, B, C, World, enterprise, revenue

DAYS = [date(2026, 3, day) for day in (1, 2, 3)]
MODES = (None, None, None, "upsert", "delete", "full")
deliveries = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.integers(1, 2),  # run
        st.sampled_from(MODES),
        st.booleans(),  # for statistics only
        st.lists(
            st.tuples(st.sampled_from([A, B, C]), st.sampled_from(["2024", "2025"]), st.integers(1, 2)),
            max_size=4,
        ),
    ),
    max_size=5,
)


def sidecar(mode, statistical):
    return "\n".join(
        [*([f'mode = "{mode}"'] if mode else []), *(['purpose = "statistical"'] if statistical else [])]
    )


def plainly(given_deliveries, source):
    """The rules of interface 3, row by row: {(use, key): value}, and how many rows each delivery loses."""
    full_source = source == "enterprise_register"
    rows = [
        (
            number,
            (day, run),
            mode or ("full" if full_source else "upsert"),
            statistical,
            (uscc, period),
            value,
        )
        for number, (day, run, mode, statistical, content) in enumerate(given_deliveries)
        for uscc, period, value in content
    ]
    said = defaultdict(set)
    for _, moment, mode, _, key, value in rows:
        said[key, moment].add("gone" if mode == "delete" else value)
    bad = {place for place, values in said.items() if len(values) > 1}
    quarantined = defaultdict(int)
    for number, moment, _, _, key, _ in rows:
        quarantined[number] += (key, moment) in bad
    held = {}
    for use in ("statistical", "administrative"):
        seen = [r for r in rows if (r[4], r[1]) not in bad and (use == "statistical" or not r[3])]
        floor = {}
        for _, moment, mode, _, key, _ in seen:
            if mode == "full":
                scope = key[1] if full_source else None
                floor[scope] = max(floor.get(scope, moment), moment)
        last = {}
        for _, moment, mode, _, key, value in seen:
            if key not in last or last[key][0] <= moment:
                last[key] = (moment, "gone" if mode == "delete" else value)
        for key, (moment, value) in last.items():
            if value != "gone" and moment >= floor.get(key[1] if full_source else None, moment):
                held[use, key] = value
    return held, dict(quarantined)


def settled(given_deliveries, source):
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        for number, (day, run, mode, statistical, content) in enumerate(given_deliveries):
            if source == "enterprise_register":
                rows = [enterprise(uscc, f"名{value}", int(period)) for uscc, period, value in content]
            else:
                rows = [revenue(uscc, value, period) for uscc, period, value in content]
            world.deliver(
                source, rows, name=f"{number}.csv", on=day, seq=run, sidecar=sidecar(mode, statistical)
            )
        value, period = (
            ("name[2:]::INTEGER", "frame_year::VARCHAR")
            if source == "enterprise_register"
            else ("revenue::INTEGER", "period")
        )
        with world.settled() as con:
            rows = con.execute(
                f"SELECT uscc, {period}, {value}, _statistical, _administrative FROM raw.{source}"
            ).fetchall()
            counts = con.execute("SELECT name, rows_quarantined FROM raw.delivery").fetchall()
    held = {}
    for uscc, period, value, *uses in rows:
        for use, holds in zip(("statistical", "administrative"), uses, strict=True):
            if holds:
                assert (use, (uscc, period)) not in held
                held[use, (uscc, period)] = value
    return held, {int(name.removesuffix(".csv")): n for name, n in counts}


@settings(max_examples=40, deadline=None)
@given(deliveries, st.sampled_from(["enterprise_revenue", "enterprise_register"]))
def test_settling_does_what_the_rules_say(given_deliveries, source):
    held, quarantined = plainly(given_deliveries, source)
    found, counts = settled(given_deliveries, source)
    assert found == held
    assert {number: n for number, n in counts.items() if n} == {
        number: n for number, n in quarantined.items() if n
    }


@settings(max_examples=15, deadline=None)
@given(deliveries, st.randoms(use_true_random=False))
def test_splitting_files_and_shuffling_rows_changes_nothing(given_deliveries, chance: random.Random):
    split = []
    for day, run, mode, statistical, content in given_deliveries:
        content = chance.sample(content, len(content))
        cut = chance.randint(0, len(content))
        split += [(day, run, mode, statistical, part) for part in (content[:cut], content[cut:])]
    chance.shuffle(split)
    for source in ("enterprise_revenue", "enterprise_register"):
        assert settled(split, source)[0] == settled(given_deliveries, source)[0]
