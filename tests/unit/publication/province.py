"""A made-up build database of any size (province.sql) and the dbt manifest and facts that go with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from publication.candidate import Candidate, Heading, Input, ReleaseFacts, complete, write_tables
from quality.evidence import Outcome

AS_OF = dt.date(2026, 11, 23)
RELEASE_ID = "r000001-2026-11-23"
# Text that a spreadsheet must not run and a query must not execute.
PAYLOADS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    " =1",
    "\u3000=1",
    "\u200b=1",
    "'quoted",
    "''=1",
    '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0",
    "http://example.org",
    "_x000D_",
    "_x005F_x0041_",
    "<r><t>rich</t></r>",
    'a&b <c> "d"',
    "bell \x07",
    " blanks kept ",
    "a\rb",
    "<script>alert(1)</script>",
    "'); DROP TABLE coverage; --",
    "",
)
_PUBLIC = ("coverage", "indicator", "indicator_value")
_SUPPRESSED = (
    "n_asked",
    "n_met",
    "n_not_met",
    "n_unknown",
    "n_tier_unknown",
    "rate",
    "rate_upper",
    "on_track",
)


def make_build(path: Path, enterprises: int = 240, counties: int = 6) -> Path:
    """A finished build: marts, and the schema `public` as disclosure control leaves it."""
    with duckdb.connect(str(path)) as con:
        con.execute(f"SET VARIABLE enterprises = {enterprises}; SET VARIABLE counties = {counties}")
        con.execute(Path(__file__).with_suffix(".sql").read_text())
        one = "SELECT * REPLACE (? AS uscc, ? AS name) FROM main.gap_list LIMIT 1"
        for index, text in enumerate(PAYLOADS):
            con.execute(
                f"INSERT INTO main.gap_list {one}",
                [f"PAYLOAD{index:011}", text],
            )
            con.execute(
                "UPDATE main.coverage SET member_name = ? WHERE dimension = 'park' AND member_code = ?",
                [text, f"P{index + 1}"],
            )
        empty = ", ".join(f"if(n_asked < 3, NULL, {name}) AS {name}" for name in _SUPPRESSED)
        con.execute(
            f"""
            CREATE TABLE public.coverage AS
            SELECT
                * REPLACE ({empty}, if(n_asked < 3, 'Q', obs_status) AS obs_status),
                if(n_asked < 3, 'A', 'F') AS conf_status
            FROM main.coverage
            """
        )
        # H3 may not be told, as if its cells were all unsafe.
        con.execute(
            """
            CREATE TABLE public.indicator_value AS
            SELECT
                * REPLACE (if(indicator_id = 'H3', NULL, value) AS value),
                if(indicator_id = 'H3', 'A', 'F') AS conf_status
            FROM main.indicator_value
            """
        )
        for name in ("coverage", "indicator_value"):
            con.execute(
                f"COMMENT ON COLUMN public.{name}.conf_status IS '保密状态。 | Confidentiality status.'"
            )
        con.execute("CREATE TABLE public.indicator AS FROM main.indicator")
    return path


def make_manifest(path: Path) -> dict[str, Any]:
    """The part of a dbt manifest that publication reads, for the tables of a build."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.sql(
            """
            SELECT schema_name, table_name, list(column_name ORDER BY column_index)
            FROM duckdb_columns()
            WHERE NOT internal AND schema_name IN ('main', 'confidential')
            GROUP BY ALL
            ORDER BY ALL
            """
        ).fetchall()
    nodes = {
        f"model.innostat.{schema}_{name}": _model(schema, name, columns) for schema, name, columns in tables
    }
    nodes["test.innostat.any"] = {"resource_type": "test", "name": "any", "schema": "main", "columns": {}}
    return {"nodes": nodes}


def write_candidate(
    build: Path,
    manifest: Mapping[str, Any],
    out: Path,
    facts: ReleaseFacts,
    engine: Mapping[str, Any] = MappingProxyType({}),
) -> Candidate:
    """Both steps, one after the other."""
    return complete(out, write_tables(build, manifest, out, facts.heading, engine), facts)


def make_facts(release_id: str = RELEASE_ID) -> ReleaseFacts:
    """The facts of a release of this build."""
    in_range = Outcome(
        "rates_in_range",
        "coverage",
        "error",
        "在 0 与 1 之间吗？",
        "All in [0, 1]?",
        "定义 | definition",
        40,
        0,
    )
    named = Outcome(
        "firms_named",
        "enterprise",
        "warning",
        "都有名吗？",
        "All named?",
        "可读 | readable",
        9,
        2,
        None,
        ("secret",),
    )
    return ReleaseFacts(
        heading=Heading(release_id, AS_OF),
        run_id=release_id.split("-")[0],
        code_version="abc123",
        inputs=[Input("patent", "a.csv", "0" * 64, None, dt.date(2026, 11, 20), "1" * 64)],
        settings={"coverage": {"first_year": 2024}},
        definitions={"policy_version": "2025-05-15-draft"},
        settled_rows={"patent": 3},
        outcomes=[in_range, named],
        verdict={"decision": "publish", "reasons": []},
        next_change_on=dt.date(2027, 1, 1),
    )


def _model(schema: str, name: str, columns: list[str]) -> dict[str, Any]:
    place = "warehouse" if schema == "main" else "confidential"
    return {
        "resource_type": "model",
        "name": f"{schema}_{name}",
        "alias": name,
        "schema": schema,
        "description": f"One row per thing of {name}. 每个{name}一行。",
        "columns": {
            column: {"name": column, "description": f"列 {column}。 | Column {column}."} for column in columns
        },
        "config": {"meta": {"publish": [place], "public": schema == "main" and name in _PUBLIC}},
    }
