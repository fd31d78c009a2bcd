"""The release's page of the indicators: words, targets, and only values that may be told.

Here: the page of the made-up province. Not here: docs/indicators (integration).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from publication.candidate import Candidate


def sections(written: Candidate) -> dict[str, str]:
    text = (written.path / "public" / "indicators.md").read_text(encoding="utf-8")
    return {part.split(" ", 1)[0]: part for part in text.split("\n### ")[1:]}


def test_a_section_says_what_the_indicator_is_in_both_languages(written: Candidate) -> None:
    section = sections(written)["H1"]
    for words in ("指标1", "Indicator 1", "=C1/N1", "到2027年", "注意甲。<br>Mind A.", "R01+R02"):
        assert words in section
    assert "`rate` = 1, 2024–2027 (2025-05-15-draft) 全覆盖" in section
    assert "`rate`: `CY`, `CY-admin`, `PY`, `PY-admin` · 年 year" in section


def test_the_last_years_value_of_the_province_is_told(written: Candidate, build: Path) -> None:
    with duckdb.connect(str(build), read_only=True) as con:
        rate = con.execute(
            "SELECT rate FROM main.coverage WHERE reference_year = 2026 AND dimension = 'province'"
            " AND obligation = 'activity' AND purpose = 'statistical' AND tier_basis = 'CY'"
        ).fetchall()[0][0]
    section = sections(written)["H1"]
    assert f"2026 rate CY: {rate:.1%} (N, behind)" in section
    assert "2025 rate" not in section


def test_a_withheld_value_is_no_number(written: Candidate) -> None:
    section = sections(written)["H3"]
    assert "2026 rate CY: 不公布 withheld" in section
    assert "%" not in section.partition("本次发布")[2]


def test_an_indicator_without_values_keeps_its_words(written: Candidate) -> None:
    section = sections(written)["H4"]
    assert "指标4" in section
    assert "本次发布" not in section
