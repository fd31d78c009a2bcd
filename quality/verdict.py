"""The verdict: publish, hold or refuse, as a pure function over the evidence of one run.

What belongs here: the decision and its reasons in words. What does not: any file, database or clock; who
asked the checks; what a refusal looks like on screen. An edge in a graph can be walked around, a function
over evidence can't: what did not leave evidence did not happen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from quality.evidence import NodeState, Outcome

Decision = Literal["publish", "hold", "refuse"]
# Beyond these a reason would be a report; the whole list is in the evidence.
_EXAMPLES_SHOWN = 3


@dataclass(frozen=True)
class Reason:
    """One reason, in both languages, with what to do about it. `check` is the check's or the node's name."""

    code: str
    check: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a candidate. Warnings never change the decision."""

    decision: Decision
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()


def decide(
    expected_nodes: Collection[str],
    nodes: Collection[NodeState],
    expected_checks: Collection[str],
    outcomes: Collection[Outcome],
) -> Verdict:
    """The verdict over what was expected of a run and what it left behind.

    Refused: any expected node or check without evidence of success, anything that failed or raised though
    nobody expected it, and an empty expectation, which would pass any run. Held: only failed checks of
    severity hold stand in the way.
    """
    refusals = [*_nothing_expected(expected_nodes, expected_checks), *_node_reasons(expected_nodes, nodes)]
    holds: list[Reason] = []
    warnings: list[Reason] = []
    answered = {outcome.check for outcome in outcomes}
    refusals.extend(_check_missing(check) for check in set(expected_checks) - answered)
    for outcome in outcomes:
        if outcome.error is not None:
            refusals.append(_check_raised(outcome))
        elif outcome.vacuous:
            refusals.append(_check_empty(outcome))
        elif outcome.failed:
            {"error": refusals, "hold": holds, "warning": warnings}[outcome.severity].append(
                _check_failed(outcome)
            )
    return Verdict(
        "refuse" if refusals else "hold" if holds else "publish",
        _ordered(refusals) + _ordered(holds),
        _ordered(warnings),
    )


def _ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(set(reasons), key=lambda reason: (reason.code, reason.check, reason.en)))


def _nothing_expected(nodes: Collection[str], checks: Collection[str]) -> Iterable[Reason]:
    for zh, en, expected in (("步骤", "step", nodes), ("检查", "check", checks)):
        if not expected:
            yield Reason(
                "nothing_expected",
                "",
                f"没有任何应执行的{zh}，无从判断。",
                f"No {en} was expected, so nothing was shown.",
                "请检查安装是否完整：dbt_project 与 quality/checks.yml 不应为空。",
                "Check the installation: neither dbt_project nor quality/checks.yml should be empty.",
            )


def _node_reasons(expected: Collection[str], nodes: Collection[NodeState]) -> Iterable[Reason]:
    states: dict[str, list[NodeState]] = defaultdict(list)
    for node in nodes:
        states[node.node].append(node)
    for name in set(expected) - set(states):
        yield Reason(
            "node_missing",
            name,
            f"应执行的步骤 {name} 没有执行。",
            f"The expected step {name} did not run.",
            "请重新执行 innostat run；不要单独执行发布步骤。",
            "Run innostat run again; do not run the publishing step by itself.",
        )
    for name, found in states.items():
        for node in found:
            if not node.succeeded:
                yield Reason(
                    "node_failed",
                    name,
                    f"步骤 {name} 未成功（{node.state}）：{node.message}",
                    f"Step {name} did not succeed ({node.state}): {node.message}",
                    "请按说明改正输入或查看运行日志，然后重新执行 innostat run。",
                    "Mend the input as the message says, or see the run's log; then run innostat run again.",
                )


def _check_missing(check: str) -> Reason:
    return Reason(
        "check_missing",
        check,
        f"应执行的检查 {check} 没有留下结果。",
        f"The expected check {check} left no result.",
        "请重新执行 innostat run；若再次出现，请查看运行日志。",
        "Run innostat run again; if it happens again, see the run's log.",
    )


def _check_raised(outcome: Outcome) -> Reason:
    return Reason(
        "check_raised",
        outcome.check,
        f"检查 {outcome.check}（{outcome.question_zh}）未能执行：{outcome.error}",
        f"Check {outcome.check} ({outcome.question_en}) could not run: {outcome.error}",
        "这不是数据问题，而是检查本身未完成；请查看运行日志后重新执行。",
        "This says nothing of the data: the check itself did not finish. See the run's log, then run again.",
    )


def _check_empty(outcome: Outcome) -> Reason:
    return Reason(
        "check_empty",
        outcome.check,
        f"检查 {outcome.check}（{outcome.question_zh}）没有可检查的内容：{outcome.asset} 为空。",
        f"Check {outcome.check} ({outcome.question_en}) evaluated nothing: {outcome.asset} is empty.",
        "请确认所需来源已放入收件箱且未被整体隔离（见回执），然后重新执行。",
        "See that the sources it needs are in the inbox and not all quarantined (receipts); then run again.",
    )


def _check_failed(outcome: Outcome) -> Reason:
    shown = "; ".join(outcome.examples[:_EXAMPLES_SHOWN])
    counts_zh = f"检查 {outcome.evaluated} 项，不符合 {outcome.failed} 项"
    counts_en = f"{outcome.failed} failed, {outcome.evaluated} evaluated"
    held = outcome.severity == "hold"
    return Reason(
        {"error": "check_failed", "hold": "check_held", "warning": "check_warned"}[outcome.severity],
        outcome.check,
        f"{outcome.question_zh}——否：{counts_zh}" + (f"（{shown}）" if shown else "") + "。",
        f"{outcome.question_en} No: {counts_en}" + (f" ({shown})" if shown else "") + ".",
        "请核对所列内容：有误则改正后重新送交；无误则用 innostat approve 批准此候选。"
        if held
        else "请按所列内容改正来源文件后重新送交，再执行 innostat run。",
        "Look at what is listed: if it is wrong deliver a correction, if it is right approve this candidate"
        " (innostat approve)."
        if held
        else "Correct the source files where listed, deliver them again and run innostat run.",
    )
