"""The verdict over every kind of evidence; and that no missing piece of it ever lets a candidate through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.evidence import NodeState, Outcome
from quality.verdict import Verdict, decide

NODES = (NodeState("settle", "success"), NodeState("model.coverage", "success"))
OUTCOME = Outcome("rows", "main.coverage", "error", "有行吗？", "Any rows?", "必须。 | Must be.", 10, 0)
HELD = replace(OUTCOME, check="moved", severity="hold")
WARNED = replace(OUTCOME, check="odd", severity="warning")
OUTCOMES = (OUTCOME, HELD, WARNED)


def verdict(nodes: tuple[NodeState, ...] = NODES, outcomes: tuple[Outcome, ...] = OUTCOMES) -> Verdict:
    return decide({"settle", "model.coverage"}, nodes, {"rows", "moved", "odd"}, outcomes)


def codes(found: Verdict) -> tuple[str, ...]:
    return tuple(reason.code for reason in found.reasons)


def test_complete_passing_evidence_is_published_without_a_reason() -> None:
    assert verdict() == Verdict("publish")


@pytest.mark.parametrize(
    ("change", "decision", "code"),
    [
        ({"check": "rows", "failed": 1}, "refuse", "check_failed"),
        ({"check": "moved", "failed": 1}, "hold", "check_held"),
        ({"check": "rows", "evaluated": 0}, "refuse", "check_empty"),
        ({"check": "moved", "evaluated": 0}, "refuse", "check_empty"),
        ({"check": "odd", "evaluated": 0}, "refuse", "check_empty"),
        ({"check": "rows", "error": "died"}, "refuse", "check_raised"),
        ({"check": "moved", "error": "died"}, "refuse", "check_raised"),
        ({"check": "odd", "error": "died"}, "refuse", "check_raised"),
        # a reason for being empty excuses nothing else
        (
            {"check": "rows", "evaluated": 0, "empty_ok": "无。 | None.", "failed": 1},
            "refuse",
            "check_failed",
        ),
        (
            {"check": "rows", "evaluated": 0, "empty_ok": "无。 | None.", "error": "died"},
            "refuse",
            "check_raised",
        ),
    ],
)
def test_one_bad_outcome_decides(change: dict[str, Any], decision: str, code: str) -> None:
    found = verdict(
        outcomes=tuple(replace(o, **change) if o.check == change["check"] else o for o in OUTCOMES)
    )
    assert found.decision == decision
    assert codes(found) == (code,)
    (reason,) = found.reasons
    assert reason.check == change["check"]
    assert all((reason.zh, reason.en, reason.remedy_zh, reason.remedy_en))


def test_a_failed_warning_is_listed_and_changes_nothing() -> None:
    found = verdict(outcomes=(OUTCOME, HELD, replace(WARNED, failed=2)))
    assert (found.decision, found.reasons) == ("publish", ())
    assert [(w.code, w.check) for w in found.warnings] == [("check_warned", "odd")]


def test_empty_with_a_reason_passes() -> None:
    assert (
        verdict(outcomes=(replace(OUTCOME, evaluated=0, empty_ok="无。 | None."), HELD, WARNED)).decision
        == "publish"
    )


@pytest.mark.parametrize("state", ["error", "skipped", "fail", "", "SUCCESS", "partial success"])
def test_a_node_that_did_not_succeed_refuses(state: str) -> None:
    found = verdict(nodes=(NODES[0], NodeState("model.coverage", state, "no such table")))
    assert (found.decision, codes(found)) == ("refuse", ("node_failed",))
    assert "no such table" in found.reasons[0].zh


def test_a_success_beside_a_failure_of_the_same_node_or_check_is_no_success() -> None:
    assert verdict(nodes=(*NODES, NodeState("settle", "error"))).decision == "refuse"
    assert verdict(outcomes=(*OUTCOMES, replace(OUTCOME, failed=1))).decision == "refuse"


def test_what_nobody_expected_still_counts() -> None:
    assert verdict(nodes=(*NODES, NodeState("extra", "error"))).decision == "refuse"
    assert verdict(outcomes=(*OUTCOMES, replace(OUTCOME, check="extra", failed=1))).decision == "refuse"
    assert verdict(outcomes=(*OUTCOMES, replace(HELD, check="extra", failed=1))).decision == "hold"


def test_no_evidence_at_all_is_refused() -> None:
    assert codes(verdict((), ())) == ("check_missing",) * 3 + ("node_missing",) * 2


@pytest.mark.parametrize(("nodes", "checks"), [((), ("rows",)), (("settle",), ()), ((), ())])
def test_expecting_nothing_is_refused(nodes: tuple[str, ...], checks: tuple[str, ...]) -> None:
    found = decide(nodes, NODES, checks, OUTCOMES)
    assert found.decision == "refuse"
    assert set(codes(found)) == {"nothing_expected"}


def test_refusals_come_before_holds_and_order_of_evidence_does_not_show() -> None:
    nodes = (NODES[0], NodeState("model.coverage", "error", "x"))
    outcomes = (replace(OUTCOME, failed=1), replace(HELD, failed=1), WARNED)
    found = verdict(nodes, outcomes)
    assert codes(found) == ("check_failed", "node_failed", "check_held")
    assert found == verdict(nodes[::-1], outcomes[::-1])


def test_a_failure_says_counts_examples_and_remedy() -> None:
    (reason,) = verdict(
        outcomes=(replace(OUTCOME, failed=4, examples=("a=1", "b", "c", "d")), HELD, WARNED)
    ).reasons
    assert reason.zh == "有行吗？——否：检查 10 项，不符合 4 项（a=1; b; c）。"
    assert reason.en == "Any rows? No: 4 failed, 10 evaluated (a=1; b; c)."
    (reason,) = verdict(outcomes=(OUTCOME, replace(HELD, failed=1), WARNED)).reasons
    assert "innostat approve" in reason.remedy_zh and "innostat approve" in reason.remedy_en


names = st.text(min_size=1, max_size=6)
nodes = st.sets(names, min_size=1, max_size=6)
outcomes = st.lists(
    st.builds(
        Outcome,
        check=names,
        asset=st.just("main.t"),
        severity=st.sampled_from(["error", "hold", "warning"]),
        question_zh=names,
        question_en=names,
        because=names,
        evaluated=st.integers(1, 9),
        failed=st.just(0),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda outcome: outcome.check,
)


@given(nodes, outcomes, st.data())
def test_removing_any_piece_of_passing_evidence_never_publishes(
    expected: set[str], passing: list[Outcome], data: st.DataObject
) -> None:
    states = [NodeState(name, "success") for name in expected]
    checks = {outcome.check for outcome in passing}
    assert decide(expected, states, checks, passing).decision == "publish"
    place = data.draw(st.integers(0, len(states) + len(passing) - 1))
    if place < len(states):
        del states[place]
    else:
        del passing[place - len(states)]
    found = decide(expected, states, checks, passing)
    assert found.decision == "refuse"
    assert len(found.reasons) == 1


@given(nodes, outcomes, st.data())
def test_spoiling_any_piece_of_passing_evidence_never_publishes(
    expected: set[str], passing: list[Outcome], data: st.DataObject
) -> None:
    states = [NodeState(name, "success") for name in expected]
    checks = {outcome.check for outcome in passing}
    place = data.draw(st.integers(0, len(passing) - 1))
    spoil: dict[str, Any] = data.draw(st.sampled_from([{"error": "x"}, {"evaluated": 0}, {"failed": 1}]))
    passing[place] = replace(passing[place], **spoil)
    warned = passing[place].severity == "warning" and "failed" in spoil
    held = passing[place].severity == "hold" and "failed" in spoil
    wanted = "publish" if warned else "hold" if held else "refuse"
    assert decide(expected, states, checks, passing).decision == wanted
