"""Refusals in both languages, with no secret in them in any of the ways in which it may be written."""

import string

import pytest

from ingestion.pull.words import _WORDS, PullRefusedError, hidden, refused, secret


@pytest.mark.parametrize("code", _WORDS)
def test_every_refusal_says_the_same_facts_in_both_languages(code):
    zh, en = ({name for _, name, _, _ in string.Formatter().parse(words) if name} for words in _WORDS[code])
    assert {name.removesuffix("_zh") for name in zh} == {name.removesuffix("_en") for name in en}


def test_secrets_are_hidden_as_they_are_and_as_in_an_address():
    assert hidden("p@ss/1 p%40ss/1 p%40ss%2F1 fine", ["p@ss/1"]) == "*** *** *** fine"
    assert hidden("long and lo", ["lo", "long"]) == "*** and ***"
    assert hidden("nothing to hide", [""]) == "nothing to hide"


def test_a_refusal_hides_what_it_is_told_to():
    reason = refused("source_down", ["hunter2"], detail="no login for hunter2", env="DSN")
    assert reason.code == "pull_source_down"
    assert "hunter2" not in reason.zh + reason.en + str(reason) and "DSN" in reason.zh


def test_a_secret_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("SOME_DSN", "  ")
    with pytest.raises(PullRefusedError) as error:
        secret("SOME_DSN")
    assert error.value.code == "pull_secret_missing" and "SOME_DSN" in error.value.en
