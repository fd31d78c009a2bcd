"""`innostat diff` on real releases: nothing between a release and itself, and what one correction changes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len

from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow


def test_a_correction_is_found_cell_by_cell(home: Path, innostat: Program, tmp_path: Path) -> None:
    old = province.current(home)
    same = innostat("diff", old, "current", "--json", home=home)
    assert (same.returncode, json.loads(same.stdout)["tables"]) == (0, [])
    assert json.loads(same.stdout)["made_of"] == {}

    province.revenue(home, "更正.csv", of="A", yuan=99_999_999, day="2026-03-02")
    assert innostat("run", "--as-of", province.AS_OF, home=home).returncode == 0
    asked = ("diff", old, "current", "--table", "obligation_status")
    told = json.loads(innostat(*asked, "--json", home=home).stdout)
    assert told["made_of"] == {
        "deliveries_added": [
            {"source": "enterprise_revenue", "name": "更正.csv", "delivered_on": "2026-03-02"}
        ]
    }
    activity = {
        "reference_year": 2025,
        "tier_basis": "CY",
        "purpose": "administrative",
        "obligation": "activity",
    }
    (rate,) = (one for one in told["headline"] if activity.items() <= one.items())
    assert (rate["old_met"], rate["new_met"], rate["old_asked"], rate["new_asked"]) == (12, 11, 12, 11)
    # Below a hundred million nothing is asked of the enterprise any more, in any tier, year or use.
    assert {cell["change"] for cell in told["cells"]} == {"removed"}
    assert {json.loads(cell["key"])["uscc"] for cell in told["cells"]} == {province.credit_code("A")}
    assert {
        "column_name": "revenue_yuan",
        "old_value": "1200000000.000000",
        "new_value": None,
    }.items() <= next(cell for cell in told["cells"] if cell["column_name"] == "revenue_yuan").items()

    release = home / "releases" / "current"
    page = (release / "diff.md").read_text(encoding="utf-8")
    assert "更正.csv" in page and f"{old} → {release.readlink().name}" in page
    assert (
        "| 2025 | CY | 创新活动 activity | 行政 administrative | 100.0% | 100.0% | +0.00 | 12/12 → 11/11 |"
        in page
    )
    assert "This is the first release" in (home / "releases" / old / "diff.md").read_text(encoding="utf-8")
    assert pq.read_table(home / "releases" / old / "diff.parquet").num_rows == 0
    listed = list(csv.DictReader(io.StringIO(innostat("diff", old, "current", "--csv", home=home).stdout)))
    file = tmp_path / "all.parquet"
    assert innostat("diff", old, "current", "--parquet", str(file), home=home).returncode == 0
    assert pq.read_table(file).num_rows == len(listed)
    assert pq.read_table(release / "diff.parquet").to_pylist() == pq.read_table(file).to_pylist()
    assert sum(one["table_name"] == "obligation_status" for one in listed) == len(told["cells"])
    for language, word in (("zh", "新增文件 1 个"), ("en", "1 file more")):
        screen = innostat("diff", old, "current", "--lang", language, home=home).stdout
        assert word in screen and "更正.csv" in screen
        assert max(map(cell_len, screen.splitlines())) <= 80


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("r000009-2026-01-01", "current"), "there is no release r000009-2026-01-01"),
        (
            ("current", "current", "--table", "nothing"),
            "there is no table 'nothing'. The tables: check_result",
        ),
        (("current", "current", "--csv", "--json"), "only one of --csv, --json and --parquet"),
        (("current", "current", "--parquet", "{home}/releases/x.parquet"), "nothing is written to"),
        (("current",), "wrong usage"),
    ],
)
def test_wrong_usage_is_said_in_words(
    published: Path, innostat: Program, asked: tuple[str, ...], words: str
) -> None:
    done = innostat("diff", *(one.format(home=published) for one in asked), home=published)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
