"""The release's page of the indicators: words, targets, and only values that may be told.

Here: the page of the made-up province. Not here: docs/indicators (integration).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from publication.candidate import Candidate
from publication.indicator_pages import doc_pages, release_page
from tests.unit.publication.province import make_build


def sections(written: Candidate) -> dict[str, str]:
    text = (written.path / "public" / "indicators.md").read_text(encoding="utf-8")
    return {part.split(" ", 1)[0]: part for part in text.split("\n### ")[1:]}


def test_a_section_says_what_the_indicator_is_in_both_languages(written: Candidate) -> None:
    section = sections(written)["H1"]
    for words in ("指标1", "Indicator 1", "=C1/N1", "到2027年", "注意甲。<br>Mind A.", "R01+R02"):
        assert words in section
    assert "`rate` = 1, 2024–2027 (2025-05-15-draft) 全覆盖" in section
    assert "`rate`: `CY`, `CY-admin`, `PY`, `PY-admin` · 年 year" in section


def test_the_last_finished_year_is_told_and_the_running_one_beside_it(
    written: Candidate, build: Path
) -> None:
    with duckdb.connect(str(build), read_only=True) as con:
        rates = dict(
            con.execute(
                "SELECT reference_year, rate FROM main.coverage WHERE dimension = 'province'"
                " AND obligation = 'activity' AND purpose = 'statistical' AND tier_basis = 'CY'"
            ).fetchall()
        )
    section = sections(written)["H1"]
    assert f"2025 rate CY: {rates[2025]:.1%} (P, behind)" in section
    assert f"2026 rate CY: {rates[2026]:.1%} (N, behind)" in section
    assert "2024 rate" not in section


def test_readings_vintages_and_statuses_are_explained_where_they_are_used(written: Candidate) -> None:
    page = (written.path / "public" / "indicators.md").read_text(encoding="utf-8")
    legend = page.partition("\n## 总体要求")[0]
    for word in ("`CY`", "`PY`", "`-admin`", "`net`", "`survey`", "`N`", "`C`", "`on_target`"):
        assert word in legend


def test_a_withheld_value_is_no_number(written: Candidate) -> None:
    section = sections(written)["H3"]
    assert "2026: 不公布 withheld" in section
    assert "%" not in section.partition("本次发布")[2]


def test_a_split_figure_is_told_category_by_category(tmp_path: Path) -> None:
    path = make_build(tmp_path / "split.duckdb")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS build")
        for category, value in (("牵头", 5), ("", 17), ("参与", None)):
            con.execute(
                "INSERT INTO build.public.indicator_value BY NAME SELECT 'H4' AS indicator_id, 'count' AS measure,"
                " 'main' AS reading, '2025' AS period, '340000' AS area_code, $1 AS category, $2 AS value,"
                " 'P' AS vintage, 'no_target' AS status, if($2 IS NULL, 'A', 'F') AS conf_status",
                [category, value],
            )
        page = release_page(con, "r000001-2026-03-31", "2026-03-31", public=True)
    assert "2025 count: 17 · 参与 不公布 withheld · 牵头 5 (P)" in page


def test_a_range_of_registers_names_each_of_them(tmp_path: Path) -> None:
    with duckdb.connect(str(make_build(tmp_path / "ranged.duckdb"))) as con:
        con.execute("UPDATE main.indicator SET sources = 'R01..R03'")
        page = doc_pages(con, {"R01": "名录", "R02": "营收", "R03": "项目", "R04": "活动"})["headline.md"]
    assert "| R01..R03<br>R01 名录<br>R02 营收<br>R03 项目 |" in page


def test_statisticians_read_what_the_public_page_withholds(written: Candidate) -> None:
    (public,), (inside,) = (
        [
            line
            for line in (written.path / folder / "indicators.md").read_text("utf-8").splitlines()
            if "withheld" in line
        ][:1]
        or [""]
        for folder in ("public", "restricted")
    )
    assert "不公布 withheld" in public and inside == ""
    inner = (written.path / "restricted" / "indicators.md").read_text("utf-8")
    assert inner.count("本次发布") >= 1 and "%" in inner


def test_an_indicator_without_values_keeps_its_words(written: Candidate) -> None:
    section = sections(written)["H4"]
    assert "指标4" in section
    assert "本次发布" not in section
