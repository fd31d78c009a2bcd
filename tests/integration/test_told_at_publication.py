"""Q-4 and Q-5: what only a second release, or the public form of one, can say.

Here: three releases of the province of a dozen, worked out by hand. Not here: the formulas of single models (dbt
unit tests).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from tests.integration import province
from tests.worlds.codes import credit_code

pytestmark = pytest.mark.slow
Program = Callable[..., CompletedProcess[str]]
LATER = "2026-04-02"


def values(release: Path, indicator: str, period: str = "2025") -> dict[str, list[float | None]]:
    """Value, numerator and denominator of the province's figures, by measure."""
    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute(
            "SELECT measure, value, numerator, denominator FROM indicator_value"
            " WHERE indicator_id = ? AND period = ? AND area_code = '340000'",
            [indicator, period],
        ).fetchall()
    return {measure: figures for measure, *figures in found}


def correct(home: Path) -> None:
    """A's figure of 2025 comes again, without R&D expense: 11 of 12 are covered, no longer 12."""
    text = f"统一社会信用代码,报告期,营业收入（元）,研发费用（元）\n{credit_code('A')},2025,1200000000,0\n"
    province.deliver(home, "enterprise_revenue", "更正.csv", text, delivered_on=LATER)


def test_a_revision_is_measured_against_what_was_first_published(home: Path, innostat: Program) -> None:
    first = home / "releases" / province.current(home)
    assert values(first, "Q-4") == {
        "mean_revision": [None, None, None],
        "mean_absolute_revision": [None, None, None],
    }
    correct(home)
    assert innostat("run", "--as-of", LATER, home=home).returncode == 0
    second = home / "releases" / province.current(home)
    # H1 falls by 1/12 in CY and CY-admin; H2 and H3 stay; nobody is asked on PY. Six rates, two of them revised.
    found = values(second, "Q-4")
    assert found["mean_revision"] == pytest.approx([-1 / 36, -1 / 6, 6])
    assert found["mean_absolute_revision"] == pytest.approx([1 / 36, 1 / 6, 6])
    assert values(second, "Q-4", "2026")["mean_revision"] == [None, None, None]

    # Made again for its own day, the first release still has nothing to compare itself with.
    (home / "innostat.toml").write_text(
        "[gate]\nrate_move = 0.2\n", encoding="utf-8"
    )  # a reason to publish it again
    assert innostat("run", "--as-of", province.AS_OF, home=home).returncode == 0
    again = max((home / "releases").glob(f"r*-{province.AS_OF}"))
    assert again != first
    assert values(again, "Q-4") == values(first, "Q-4")
    assert values(again, "H1") == values(first, "H1")


def test_the_share_of_suppressed_cells_is_counted_from_the_public_table(home: Path) -> None:
    release = home / "releases" / province.current(home)
    with duckdb.connect(str(release / "public" / "public.duckdb"), read_only=True) as con:
        cells, primary, secondary = con.execute(
            "SELECT count(*), count(*) FILTER (WHERE conf_status = 'A'), count(*) FILTER (WHERE conf_status = 'D')"
            " FROM coverage WHERE reference_year = 2025"
        ).fetchall()[0]
    assert cells > primary > 0
    found = values(release, "Q-5")
    assert found["primary_share"] == pytest.approx([primary / cells, primary, cells])
    assert found["secondary_share"] == pytest.approx([secondary / cells, secondary, cells])
