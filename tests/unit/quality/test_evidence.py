"""Evidence goes to a file and comes back the same, or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quality.evidence import Evidence, EvidenceError, NodeState, Outcome, read_evidence, write_evidence

OUTCOME = Outcome(
    "rows", "main.coverage", "hold", "有吗？", "Any?", "故。 | So.", 3, 1, None, ("市=合肥",), ""
)
EVIDENCE = Evidence("r000007", (NodeState("settle", "error", "磁盘满"),), (OUTCOME,))


def test_round_trip() -> None:
    assert Evidence.from_json(EVIDENCE.to_json()) == EVIDENCE


def test_all_files_of_a_run_are_one_evidence_and_half_written_ones_none(tmp_path: Path) -> None:
    write_evidence(tmp_path, "dbt", EVIDENCE)
    write_evidence(tmp_path, "checks", Evidence("r000007", (), (OUTCOME,)))
    (tmp_path / ".gx.json.tmp").write_text("{")
    found = read_evidence(tmp_path, "r000007")
    assert found.nodes == EVIDENCE.nodes
    assert found.outcomes == (OUTCOME, OUTCOME)
    assert read_evidence(tmp_path / "none", "r000007") == Evidence("r000007")


def test_evidence_of_another_run_is_refused(tmp_path: Path) -> None:
    write_evidence(tmp_path, "dbt", EVIDENCE)
    with pytest.raises(EvidenceError, match="evidence of run r000007, not of r000008"):
        read_evidence(tmp_path, "r000008")


@pytest.mark.parametrize(
    "change",
    [
        {"severity": "fatal"},
        {"evaluated": True},
        {"evaluated": -1},
        {"failed": "0"},
        {"failed": None},
        {"extra": 1},
        {"examples": [1]},
    ],
)
def test_an_outcome_of_another_shape_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    found = json.loads(EVIDENCE.to_json())
    found["outcomes"][0].update(change)
    (tmp_path / "x.json").write_text(json.dumps(found))
    with pytest.raises(EvidenceError):
        read_evidence(tmp_path, "r000007")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"run_id": "r000007", "nodes": []}', '{"run_id": 7, "nodes": [], "outcomes": []}'],
)
def test_a_broken_file_is_refused_by_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(EvidenceError, match=r"broken\.json"):
        read_evidence(tmp_path, "r000007")
