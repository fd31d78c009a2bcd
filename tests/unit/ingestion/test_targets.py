"""Targets that people set: read whole, or refused line by line."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingestion.decisions import DecisionError
from ingestion.targets import fill, read_targets

HEAD = "indicator_id,area_code,period,target_value,measure,operator\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "targets.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_means_no_targets(tmp_path: Path) -> None:
    assert read_targets(tmp_path / "targets.csv") == []


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "T06-1,340100,2026,100,,\nT07-1,*,2026-Q1,12.5,flow,~\n\n")
    con = duckdb.connect()
    con.execute("CREATE SCHEMA raw")
    fill(con, read_targets(path))
    assert con.execute("FROM raw.target_decision").fetchall() == [
        ("T06-1", "count", "*", "340100", "2026", "2026", ">=", 100.0, ""),
        ("T07-1", "flow", "*", "*", "2026-Q1", "2026-Q1", "~", 12.5, ""),
    ]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (",340100,2026,1,,", "indicator_id"),
        ("T06-1,3401,2026,1,,", "area_code"),
        ("T06-1,340100,2026-13,1,,", "period"),
        ("T06-1,340100,2026,many,,", "target_value"),
        ("T06-1,340100,2026,1,,>", "operator"),
    ],
)
def test_a_line_that_cannot_be_used_refuses_the_file_by_number_and_column(
    tmp_path: Path, line: str, names: str
) -> None:
    with pytest.raises(DecisionError) as refused:
        read_targets(written(tmp_path, HEAD + "T06-1,340100,2026,100,,\n" + line + "\n"))
    assert f"line 3: {names} not valid" in refused.value.en
    assert "第 3 行" in refused.value.zh


def test_two_targets_of_one_figure_refuse_the_file(tmp_path: Path) -> None:
    lines = "T06-1,340100,2026,100,,\nT06-1,340200,2026,50,,\nT06-1,340100,2026,120,count,\n"
    with pytest.raises(DecisionError) as refused:
        read_targets(written(tmp_path, HEAD + lines))
    assert "line 4: the same figure as line 2" in refused.value.en
    assert "第 4 行与第 2 行是同一个数" in refused.value.zh


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DecisionError, match="target_value"):
        read_targets(written(tmp_path, "indicator_id,area_code,period\n"))
