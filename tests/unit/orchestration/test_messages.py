"""Two languages: which one is spoken, and that each is there."""

from __future__ import annotations

import pytest

from orchestration.messages import counted, language_of
from orchestration.news import REASONS
from orchestration.stages import BOUNDARIES, STAGES, boundary


@pytest.mark.parametrize(
    ("arguments", "locale", "language"),
    [
        (["run", "--lang", "zh"], "en_US.UTF-8", "zh"),
        (["run", "--lang=en"], "zh_CN.UTF-8", "en"),
        (["run"], "zh_CN.UTF-8", "zh"),
        (["run"], "C.UTF-8", "en"),
        (["run"], "", "en"),
        (["run", "--lang"], "zh_TW.UTF-8", "zh"),
        (["run", "--lang", "fr"], "zh_CN.UTF-8", "zh"),
    ],
)
def test_the_option_decides_else_the_locale(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], locale: str, language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert language_of(arguments) == language


def test_stages_and_reasons_have_words_in_both_languages() -> None:
    for zh, en in (*STAGES.values(), *REASONS.values()):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
        assert en.isascii()


def test_a_boundary_that_nobody_declared_is_an_error_and_without_a_fault_all_are_passed() -> None:
    for name in BOUNDARIES:
        boundary(name)
    with pytest.raises(ValueError, match="nowhere"):
        boundary("nowhere")


def test_one_is_no_plural() -> None:
    assert [counted(count, "row") for count in (0, 1, 2, 1_200)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,200 rows",
    ]
