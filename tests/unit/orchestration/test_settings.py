"""innostat.toml: its defaults, and what a person reads who wrote it wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.settings import Settings, load_settings, policy_versions


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "innostat.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()
    assert load_settings(written(tmp_path, "")) == Settings()


def test_the_file_that_init_writes_names_every_setting_with_its_default(home: Home) -> None:
    text = home.settings_file.read_text(encoding="utf-8")
    assert load_settings(home.settings_file) == Settings()
    assert tomllib.loads(text) == Settings().model_dump(mode="json")


def test_every_setting_is_explained_in_place_in_both_languages(home: Home) -> None:
    before: list[str] = []
    for line in home.settings_file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            before.append(line)
        elif line.startswith("["):
            before = []
        elif "=" in line:
            words = " ".join(before)
            assert any("\u4e00" <= letter <= "\u9fff" for letter in words), line
            assert any(letter.isascii() and letter.isalpha() for letter in words), line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[coverage]\nfirst_yaer = 2024", ["coverage.first_yaer", "first_year"]),
        ("[covrage]\n", ["covrage", "coverage"]),
        ('[coverage]\nfirst_year = "2024"', ["coverage.first_year", "'2024'"]),
        ("[coverage]\nfirst_year = 24", ["coverage.first_year", "1990"]),
        ("[complete]\nactivity = 2025", ["complete.activity", "[2025]"]),
        ("[gate]\nrows_drop = 3", ["rows_drop"]),
        ("[gate]\nrow_drop = 0.3", ["row_drop"]),
        ("[public]\nmin_units = -1", ["min_units"]),
        ("[run]\nthreads = 0\nmemory_limit = 'much'", ["run.threads", "run.memory_limit"]),
        ("coverage = 1", ["coverage"]),
        ("[coverage\n", ["TOML"]),
    ],
)
def test_a_wrong_setting_is_named_with_a_remedy_in_both_languages(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Stop) as stopped:
        load_settings(path)
    assert stopped.value.exit_code == 2
    for message in (stopped.value.zh, stopped.value.en):
        assert str(path) in message
        assert all(word in message for word in words)
    assert "请改正" in stopped.value.zh
    assert "Correct it" in stopped.value.en


def test_a_file_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "innostat.toml"
    path.write_bytes("# 设置".encode("gb18030"))
    with pytest.raises(Stop) as stopped:
        load_settings(path)
    assert stopped.value.exit_code == 2


def test_f67_nested_without_end_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Stop) as stop:
        load_settings(written(tmp_path, "a = " + "[" * 5_000 + "]" * 5_000))
    assert stop.value.exit_code == 2 and "TOML" in stop.value.zh


def test_f63_a_text_of_the_policy_that_there_is_not_is_refused_and_the_others_named(tmp_path: Path) -> None:
    with pytest.raises(Stop) as stop:
        load_settings(written(tmp_path, '[policy]\nversion = "x\'; DROP TABLE coverage; --"\n'))
    for said in (stop.value.zh, stop.value.en):
        assert "DROP TABLE" in said and Settings().policy.version in said
    assert Settings().policy.version in policy_versions()
