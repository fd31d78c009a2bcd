"""Progress without a terminal: one plain line a stage; and everything in the run's log."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration import messages
from orchestration.progress import LiveProgress, PlainProgress, Progress, for_terminal, log, log_to


@pytest.fixture(autouse=True)
def _english() -> None:
    messages.speak("en")


@pytest.mark.parametrize("progress", [PlainProgress(), LiveProgress()])
def test_a_finished_stage_is_one_line_and_names_in_brackets_stay_as_they_are(
    progress: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.begin("take_in")
    progress.tell("[/red] a[1].csv")
    progress.result("3 个文件", "3 files")
    progress.end()
    progress.stop()
    said = capsys.readouterr().err
    assert "take in" in said
    assert "3 files" in said
    assert said.count("\n") == 1


def test_json_output_is_not_disturbed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = for_terminal(silent=True)
    progress.begin("take_in")
    progress.end()
    assert capsys.readouterr() == ("", "")
    assert isinstance(for_terminal(silent=False), PlainProgress)


def test_the_log_of_a_run_holds_stages_and_errors_and_is_closed_with_it(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "r000001" / "log.txt"
    with log_to(path):
        progress = Progress()
        progress.begin("build")
        progress.end()
        log.error("no space on 设备")
    log.error("another run's")
    text = path.read_text(encoding="utf-8")
    assert "build" in text
    assert "no space on 设备" in text
    assert "another run's" not in text
