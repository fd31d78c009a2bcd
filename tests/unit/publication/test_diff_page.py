"""The page of what changed: read as Markdown by a person, whatever a provider called its files."""

from __future__ import annotations

from typing import Any

from markdown_it import MarkdownIt

from publication.diff_page import making, page


def compared(**changed: Any) -> dict[str, Any]:
    rate = {
        "reference_year": 2025, "tier_basis": "CY", "purpose": "statistical", "obligation": "activity",
        "old_rate": 0.6, "new_rate": 0.66, "points": 6.0, "old_met": 6, "new_met": 33, "old_asked": 10, "new_asked": 50,
    }  # fmt: skip
    same = {**rate, "obligation": "outcome", "new_rate": 0.6, "points": 0.0, "new_met": 6, "new_asked": 10}
    gone = {
        **rate,
        "obligation": "institution",
        "new_rate": None,
        "points": None,
        "new_met": None,
        "new_asked": None,
    }
    table = {
        "table": "coverage",
        "rows_added": 0,
        "rows_removed": 1_000,
        "rows_changed": 2,
        "cells_changed": 3,
    }
    return {
        "old": "r1",
        "new": "r2",
        "made_of": {},
        "headline": [rate, same, gone],
        "tables": [table],
        **changed,
    }


def test_a_first_release_says_that_it_is_one() -> None:
    text = page("r000001-2026-11-23", None)
    assert "这是第一个发布" in text and "This is the first release" in text


def test_rates_that_changed_stand_in_points_and_others_do_not() -> None:
    text = page("r2", compared())
    assert (
        "| 2025 | CY | 创新活动 activity | 统计 statistical | 60.0% | 66.0% | +6.00 | 6/10 → 33/50 |" in text
    )
    assert "| 60.0% | — | — | 6/10 → — |" in text
    assert "outcome" not in text
    assert "| `coverage` | 0 | 1,000 | 2 | 3 |" in text


def test_names_of_files_are_text() -> None:
    names = [
        "<script>alert(1)</script>.csv",
        "a|b\n# c.csv",
        "[x](javascript:alert(1))",
        "`rm`*_~",
        "1) x",
        "&lt;b&gt;",
    ]
    files = [{"source": "patent", "name": name, "delivered_on": "2026-01-01"} for name in names]
    html = MarkdownIt("commonmark").render(page("r2", compared(made_of={"deliveries_added": files})))
    assert "<script" not in html and "<a " not in html and "<code>rm" not in html and "<b>" not in html
    for shown in ("&lt;script&gt;alert(1)&lt;/script&gt;.csv", "a|b # c.csv", "`rm`*_~", "&amp;lt;b&amp;gt;"):
        assert f"patent/{shown}" in html


def test_many_files_are_counted() -> None:
    files = [{"source": "patent", "name": f"{n}.csv", "delivered_on": "2026-01-01"} for n in range(4)]
    assert [en for _, _, en in making({"deliveries_gone": files}, most=3)] == [
        "4 files no longer used:",
        *(f"patent/{n}.csv (2026-01-01)" for n in range(3)),
        "and 1 more",
    ]
