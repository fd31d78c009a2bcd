"""Who waits for a code in a release: names of both databases, each with the enterprises that it resembles.

Belongs here: reading them out of a release. Does not: deciding (ingestion), the screen (orchestration).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from publication.errors import QueryError

# A row waits once; the same name may stand in many rows of many files.
_WAITING = """
    SELECT
        source, name, count(*) AS n_rows, list(DISTINCT file ORDER BY file)[1:3] AS files,
        any_value(suggestions) AS suggestions
    FROM ({tables})
    GROUP BY source, name
    ORDER BY source, n_rows DESC, name"""


def waiting_names(release: Path) -> list[dict[str, Any]]:
    """Each name that waits in this release; those of surveys too, if the reader may open the confidential database."""
    with duckdb.connect() as con:
        tables = []
        for alias in ("warehouse", "confidential"):
            path = release / f"{alias}.duckdb"
            try:
                con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {alias} (READ_ONLY)")
            except duckdb.IOException as error:
                if alias == "confidential":  # 0600: its names are for its owner only
                    continue
                raise _unreadable(path, error) from error
            tables.append(f"SELECT * FROM {alias}.main.unlinked_row")
        found = con.execute(_WAITING.format(tables=" UNION ALL ".join(tables)))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def registered_codes(release: Path) -> set[str]:
    """The codes of all enterprises that any register of this release names."""
    path = release / "warehouse.duckdb"
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            return {code for (code,) in con.execute("SELECT DISTINCT uscc FROM enterprise").fetchall()}
    except duckdb.IOException as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: duckdb.Error) -> QueryError:
    return QueryError(
        "release_file_unreadable",
        f"{path} 打不开（{error}）；请用 innostat verify 核对该发布。",
        f"{path} can't be opened ({error}); check the release with innostat verify.",
    )
