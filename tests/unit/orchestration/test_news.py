"""Is there anything new to publish? Each thing that is, and all that is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.home import Home
from orchestration.news import News, hash_decisions, look
from orchestration.settings import Coverage, Run, Settings

TODAY = date(2026, 11, 23)


def news(
    home: Home, as_of: date = TODAY, settings: Settings | None = None, latest: date | None = TODAY
) -> News:
    return look(home, settings or Settings(), as_of, latest)


def test_without_a_release_everything_is_new(home: Home) -> None:
    found = news(home, latest=None)
    assert found.reasons == ["first"]
    assert found.standing is None


def test_the_same_inputs_decisions_settings_and_code_are_no_news(
    home: Home, publish: Callable[..., str]
) -> None:
    release = publish()
    found = news(home)
    assert not found.any
    assert found.standing == release


def test_a_new_file_is_news_and_the_same_bytes_under_another_name_are_one(
    home: Home, publish: Callable[..., str]
) -> None:
    publish()
    for name in ("a.csv", "b.csv"):
        (home.inbox / "patent" / name).write_text("专利号", encoding="utf-8")
    found = news(home)
    assert found.reasons == ["files"]
    assert [file.name for file in found.files] == ["a.csv"]


def test_a_file_in_an_unknown_folder_is_a_problem_told_and_no_news(
    home: Home, publish: Callable[..., str]
) -> None:
    publish()
    folder = home.inbox / "专利"
    folder.mkdir()
    (folder / "a.csv").write_text("x", encoding="utf-8")
    found = news(home)
    assert not found.any
    assert [problem.code for problem in found.scan.problems] == ["unknown_source"]


def test_a_decision_is_news(home: Home, publish: Callable[..., str]) -> None:
    publish()
    with (home.decisions / "links.csv").open("a", encoding="utf-8") as file:
        file.write("patent,某公司,91340000610487231T,张三,2026-11-20\n")
    assert news(home).reasons == ["decisions"]
    assert set(hash_decisions(home)) == {"links.csv", "corrections.csv", "targets.csv"}


def test_a_setting_that_changes_figures_is_news_and_one_that_does_not_is_none(
    home: Home, publish: Callable[..., str]
) -> None:
    publish()
    assert news(home, settings=Settings(coverage=Coverage(first_year=2023))).reasons == ["settings"]
    assert not news(home, settings=Settings(run=Run(threads=1, memory_limit="1GB"))).any


def test_another_version_of_the_program_is_news(home: Home, publish: Callable[..., str]) -> None:
    publish(code_version="another")
    assert news(home).reasons == ["code"]


@pytest.mark.parametrize(
    ("as_of", "new"), [("2026-12-30", False), ("2026-12-31", True), ("2027-01-01", True)]
)
def test_a_date_is_news_from_the_day_on_which_a_figure_changes(
    home: Home, publish: Callable[..., str], as_of: str, new: bool
) -> None:
    publish(next_change_on="2026-12-31")
    assert news(home, as_of=date.fromisoformat(as_of)).reasons == (["date"] if new else [])


def test_an_earlier_date_loads_nothing_and_is_compared_with_releases_of_that_date(
    home: Home, publish: Callable[..., str]
) -> None:
    publish("r000002")
    (home.inbox / "patent" / "a.csv").write_text("专利号", encoding="utf-8")
    earlier = date(2026, 10, 31)
    found = news(home, as_of=earlier)
    assert found.aside
    assert found.files == []
    assert found.reasons == ["first"]
    aside = publish("r000003", "2026-10-31", current=False)
    again = news(home, as_of=earlier)
    assert not again.any
    assert again.standing == aside


def test_a_quiet_day_imports_no_data_library(
    home: Home, publish: Callable[..., str], repo_root: Path
) -> None:
    publish()
    heavy = (
        "dagster",
        "dbt",
        "duckdb",
        "polars",
        "pyarrow",
        "great_expectations",
        "sqlalchemy",
        "numpy",
        "pandas",
    )
    script = f"""
import sys
from orchestration.cli import _run
code = _run(["run", "--home", {str(home.root)!r}, "--as-of", "2026-11-23"])
assert code == 0, code
assert not [name for name in {heavy!r} if name in sys.modules], sorted(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
