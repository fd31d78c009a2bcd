"""Whether InnoStat's release and the script's output say the same: else it is no yardstick.

Here: comparing published cells. Not here: measuring.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

NUMBERS = (
    "n_asked::bigint, n_met::bigint, n_not_met::bigint, n_unknown::bigint, n_tier_unknown::bigint, "
    "round(rate, 12), round(rate_upper, 12)"
)
OURS = f"""
  select reference_year, tier_basis, purpose, obligation, dimension, member_code, {NUMBERS}
  from ours.main.coverage
"""
THEIRS = f"select year, basis, purpose, obligation, dimension, member, {NUMBERS} from theirs.main.coverage"


def differences(home: Path, script: Path) -> str:
    """Empty where both have the same cells and numbers, in all dimensions; else what differs, in short."""
    con = duckdb.connect()
    for name, path in (
        ("ours", home / "releases/current/warehouse.duckdb"),
        ("theirs", script / "warehouse.duckdb"),
    ):
        con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
    total = con.sql(f"select count(*) from ({OURS})").fetchall()[0][0]
    only = con.sql(
        f"select 'innostat' as who, * from (({OURS}) except ({THEIRS})) union all "
        f"select 'script' as who, * from (({THEIRS}) except ({OURS})) order by all"
    ).fetchall()
    con.close()
    if not only and total:
        return ""
    first = "\n    ".join(str(line) for line in sorted(only, key=lambda line: (line[1:7], line[0]))[:12])
    return f"{len(only)} cells of {total}\n    {first}"
