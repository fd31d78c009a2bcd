"""docs/indicators: whole, and as the catalogue and the models have it.

Here: the committed pages against new ones. Not here: a release's page with values (unit/publication).
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from orchestration.indicator_docs import build_pages


@pytest.mark.slow
def test_the_pages_are_those_of_the_catalogue_and_the_models(repo_root: Path) -> None:
    """Where this fails: make indicators."""
    kept = {
        path.name: path.read_text(encoding="utf-8") for path in (repo_root / "docs" / "indicators").iterdir()
    }
    made = build_pages()
    assert sorted(kept) == sorted(made)
    assert [name for name in kept if kept[name] != made[name]] == []


def test_every_indicator_has_its_section(repo_root: Path) -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((repo_root / "docs" / "indicators").glob("*.md"))
    )
    sections = {part.split(" ", 1)[0]: part for part in text.split("\n### ")[1:]}
    with (repo_root / "dbt_project" / "seeds" / "indicator_catalogue.csv").open(encoding="utf-8") as file:
        catalogue = {row["indicator_id"]: row for row in csv.DictReader(file)}
    assert len(catalogue) > 150
    assert sorted(sections) == sorted(catalogue)
    wanting = [
        f"{key}: {what}"
        for key, row in catalogue.items()
        for what in ("name_zh", "name_en", "formula", "quote")
        if row[what] and row[what].replace("|", "\\|") not in sections[key]
    ]
    wanting += [f"{key}: readings" for key in catalogue if "读法 Readings" not in sections[key]]
    assert wanting == []
