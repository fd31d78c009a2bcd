"""Q-5 from hand-made public cells.

Here: shares and what a target makes of them. Not here: which cells are suppressed.
"""

from __future__ import annotations

import duckdb

from quality import disclosed_share

COLUMNS = "value, numerator, denominator, status, note"


def filled(
    target_operator: str | None = None, target_value: float | None = None
) -> dict[str, tuple[object, ...]]:
    """The province's Q-5 of 2025 where two of five cells are unsafe and one protects them; 2024 has one cell."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA public")
    con.execute("CREATE TABLE public.coverage (reference_year INTEGER, conf_status VARCHAR)")
    con.execute(
        "INSERT INTO public.coverage VALUES"
        " (2025, 'A'), (2025, 'O'), (2025, 'D'), (2025, 'F'), (2025, 'F'), (2024, 'A')"
    )
    con.execute(
        "CREATE TABLE indicator_value (indicator_id VARCHAR, measure VARCHAR, period VARCHAR,"
        " area_code VARCHAR, target_operator VARCHAR, target_value DOUBLE, value DOUBLE, numerator DOUBLE,"
        " denominator DOUBLE, status VARCHAR, note VARCHAR)"
    )
    for indicator, measure in (
        ("Q-5", "primary_share"),
        ("Q-5", "secondary_share"),
        ("Q-3", "primary_share"),
    ):
        con.execute(
            "INSERT INTO indicator_value VALUES (?, ?, '2025', '340000', ?, ?, NULL, NULL, NULL, 'unknown', 'later')",
            [indicator, measure, target_operator, target_value],
        )
    disclosed_share.fill(con)
    rows = con.execute(f"SELECT indicator_id, measure, {COLUMNS} FROM indicator_value").fetchall()
    return {f"{indicator} {measure}": tuple(rest) for indicator, measure, *rest in rows}


def test_shares_are_of_all_cells_of_the_year() -> None:
    assert filled() == {
        "Q-5 primary_share": (0.4, 2, 5, "no_target", None),
        "Q-5 secondary_share": (0.2, 1, 5, "no_target", None),
        "Q-3 primary_share": (None, None, None, "unknown", "later"),
    }


def test_a_target_is_held_against_the_counts() -> None:
    assert filled("<=", 0.4)["Q-5 primary_share"][3] == "met"
    assert filled("<", 0.4)["Q-5 primary_share"][3] == "behind"
    assert filled("<=", 0.3)["Q-5 primary_share"][3] == "behind"
    assert filled("<=", 0.3)["Q-5 secondary_share"][3] == "met"
