"""The final figures of years that were made final: from the releases that hold them into schema raw of a build.

Here: reading those releases, and refusing where one is gone or changed. Not here: which years are final (acts.py),
what differs from a final figure (dbt: vintage; quality/checks.yml: held).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.decisions import DecisionError
from orchestration.acts import Act
from orchestration.home import Home
from publication.durable import sha256_file
from publication.errors import ReleaseError
from publication.releases import MANIFEST, Releases
from quality.sql_checks import YEAR_OF_PERIOD

if TYPE_CHECKING:
    import duckdb

_DATABASE = "warehouse.duckdb"
_COVERAGE = """
INSERT INTO raw.frozen_coverage
SELECT
  reference_year, tier_basis, purpose, obligation, dimension, member_code,
  n_asked, n_met, n_not_met, n_unknown, n_tier_unknown
FROM final.main.coverage
WHERE reference_year = $year
"""
_VALUE = f"""
INSERT INTO raw.frozen_value
SELECT $year, indicator_id, measure, reading, period, area_code, category, "value", numerator, denominator
FROM final.main.indicator_value
WHERE {YEAR_OF_PERIOD} = $year
"""


def fill(con: duckdb.DuckDBPyConnection, home: Home, freezes: Sequence[Act]) -> None:
    """Load the final figures of each frozen year; raises DecisionError where the release that holds them doesn't."""
    for act in freezes:
        path = str(_whole(home, act)).replace("'", "''")
        year = {"year": int(act.subject)}
        con.execute(f"ATTACH '{path}' AS final (READ_ONLY)")
        con.execute("INSERT INTO raw.frozen_year VALUES ($year)", year)
        con.execute(_COVERAGE, year)
        con.execute(_VALUE, year)
        con.execute("DETACH final")


def _whole(home: Home, act: Act) -> Path:
    """The database with the final figures, as it was when they were made final."""
    releases = Releases(home.root)
    try:
        folder = releases.path(act.current)
        wanted = releases.manifest(act.current)["files"][_DATABASE]["sha256"]
        same = sha256_file(folder / MANIFEST) == act.manifest_sha256
        if same and sha256_file(folder / _DATABASE) == wanted:
            return folder / _DATABASE
        zh, en = "已被改动", "is not what it was"
    except (ReleaseError, OSError, KeyError):
        zh, en = "已不存在或不完整", "is gone or not whole"
    raise DecisionError(
        f"{act.subject} 年的最终数据在发布 {act.current} 中，该发布{zh}；请从备份恢复 releases/{act.current}。",
        f"the final figures of {act.subject} are in release {act.current}, which {en};"
        f" restore releases/{act.current} from a backup.",
    )
