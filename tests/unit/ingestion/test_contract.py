"""The contracts are one consistent set, and an inconsistent one names its offenders, sorted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingestion.contract import SOURCES, ContractError, load_contracts


def folder_with(tmp_path: Path, name: str, text: str) -> Path:
    folder = tmp_path / "sources"
    shutil.copytree(SOURCES, folder)
    (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


def test_the_sources_that_coverage_needs_are_there() -> None:
    contracts = load_contracts()
    assert {
        "enterprise_register",
        "enterprise_revenue",
        "survey_finance",
        "survey_rd_activity",
    } <= contracts.keys()
    assert contracts["enterprise_register"].scope == ("frame_year",)
    assert contracts["enterprise_register"].mode == "full"
    assert contracts["enterprise_revenue"].keys == ("uscc", "period")


def test_of_a_link_either_column_will_do() -> None:
    contracts = load_contracts()
    assert contracts["rd_institution"].required_pairs == {"host_uscc": "host_name"}
    assert "host_name" not in contracts["rd_institution"].required_alone
    assert contracts["challenge_task"].required_pairs == {}  # neither of the pair is required


def test_a_new_source_is_one_file(tmp_path: Path) -> None:
    text = """
new_source:
  register: R99
  title: 新来源
  purpose: administrative
  delivery: upsert
  columns:
    id: {type: text, key: true, required: true, headers: [编号]}
"""
    assert load_contracts(folder_with(tmp_path, "new_source", text))["new_source"].columns["id"].key


def test_offenders_are_named_and_sorted(tmp_path: Path) -> None:
    text = """
bad:
  register: R99
  title: 坏
  purpose: secret
  delivery: sometimes
  links: {uscc: nobody}
  columns:
    uscc: {type: uscc, headers: [代码]}
    kind: {type: enum, headers: [类别]}
    twice: {type: text, headers: [类别]}
    odd: {type: float, headers: [数], colour: red}
"""
    with pytest.raises(ContractError) as error:
        load_contracts(folder_with(tmp_path, "bad", text))
    found = error.value.offenders
    assert found == sorted(found)
    for words in ("purpose", "delivery must be", "nobody", "no key", "类别", "float", "colour", "an enum"):
        assert any(words in offender for offender in found), words


def test_the_top_level_key_is_the_files_name(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="top-level key must be other"):
        load_contracts(folder_with(tmp_path, "other", "something: {}\n"))
