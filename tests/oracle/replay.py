"""dbt's compiled models over many databases: what dbt would run, without what dbt costs for each of a hundred nodes.

Here: compiling once, the models in their order, their contracts' types. Not here: data tests (dbt runs them on the
provinces that are built the long way), anything about what the models say.
"""

from __future__ import annotations

import os
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.environment import DBT_PROJECT
from orchestration.home import Home

SEEDS = "reference"


class Replay:
    """The compiled models of the project, and the seeds of a database that dbt has built."""

    def __init__(self, built: Path, workshop: Home) -> None:
        self._built = built
        self._statements = _compiled(built, workshop)

    def build(self, database: Path) -> None:
        """Every seed and model into a settled database."""
        with duckdb.connect(str(database)) as con:
            con.execute(f"attach '{self._built}' as built (read_only)")
            tables = con.execute(
                "select table_name from duckdb_tables() where database_name = 'built' and schema_name = ?",
                [SEEDS],
            ).fetchall()
            con.execute(f"create schema {SEEDS}")
            for (table,) in tables:
                con.execute(f'create table {SEEDS}."{table}" as from built.{SEEDS}."{table}"')
            con.execute("detach built")
            for statement in self._statements:
                con.execute(statement)


def _compiled(built: Path, workshop: Home) -> list[str]:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["INNOSTAT_BUILD_DB"] = str(built)
    places = ["--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT]
    places += [
        "--target-path",
        workshop.warehouse / "compiled",
        "--log-path",
        workshop.warehouse / "compiled",
    ]
    try:
        outcome = dbtRunner().invoke(["--quiet", "compile", "--no-partial-parse", *map(str, places)])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        raise outcome.exception or RuntimeError("dbt could not compile the project")
    nodes = {
        one.node.unique_id: one.node for one in outcome.result.results if one.node.resource_type == "model"
    }
    order = TopologicalSorter({name: node.depends_on.nodes for name, node in nodes.items()}).static_order()
    models = [
        nodes[name] for name in order if name in nodes and nodes[name].config.materialized != "ephemeral"
    ]
    schemas = sorted({node.schema for node in models})
    return [*(f'create schema if not exists "{schema}"' for schema in schemas), *map(_statement, models)]


def _statement(node: Any) -> str:
    if node.config.materialized == "view":
        return f"create view {node.relation_name} as (\n{node.compiled_code}\n)"
    if node.config.materialized != "table":
        raise RuntimeError(f"{node.unique_id}: a {node.config.materialized} is not known here")
    columns = "*"
    if node.config.contract.enforced:
        columns = ", ".join(
            f'cast("{one.name}" as {one.data_type}) as "{one.name}"' for one in node.columns.values()
        )
    return f"create table {node.relation_name} as select {columns} from (\n{node.compiled_code}\n)"
