"""What a dbt build left behind, as evidence: its models and seeds are nodes, its tests are checks.

What belongs here: reading a parsed manifest and run results. What does not: running dbt, and the tests
themselves, which are declared beside their models. A test says its question as its description “中文？ |
English?”, its reason as `meta.because`, and `meta.severity: hold` where a failure should wait for a person.

dbt fails open too: a test on an empty table passes. So the rows of the tested relation are counted, and a
relation that may be empty says why in `meta.empty_ok`, its own or the test's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import duckdb

from quality.evidence import NodeState, Outcome, Severity

_BUILT = frozenset({"model", "seed", "snapshot"})


def expected(manifest: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """The nodes and the tests that a whole build of this manifest must leave evidence of, by unique id."""
    nodes = manifest["nodes"].values()
    built = {
        n["unique_id"]
        for n in nodes
        if n["resource_type"] in _BUILT and n["config"]["materialized"] != "ephemeral"
    }
    tests = {n["unique_id"] for n in nodes if n["resource_type"] == "test"}
    return frozenset(built), frozenset(tests)


def from_dbt(
    run_results: Iterable[Mapping[str, Any]], manifest: Mapping[str, Any], rows: Mapping[str, int]
) -> tuple[list[NodeState], list[Outcome]]:
    """Node states and outcomes of one build, with `rows` of row_counts; an unknown node is an error."""
    states: list[NodeState] = []
    outcomes: list[Outcome] = []
    for result in run_results:
        node = manifest["nodes"][result["unique_id"]]
        if node["resource_type"] == "test":
            outcomes.append(_outcome(node, result, manifest, rows))
        else:
            status = str(result["status"])
            states.append(
                NodeState(
                    node["unique_id"], status, "" if status == "success" else result.get("message") or ""
                )
            )
    return states, outcomes


def row_counts(database: Path, manifest: Mapping[str, Any]) -> dict[str, int]:
    """Rows of every relation that a test looks at, by unique id; one that does not exist is left out."""
    tested = sorted(
        {of for node in manifest["nodes"].values() if node["resource_type"] == "test" for of in _tested(node)}
    )
    counts: dict[str, int] = {}
    # Not attached to another: a view names its database, and that is the file's name.
    with duckdb.connect(str(database), read_only=True) as con:
        present = set(
            con.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() UNION ALL"
                " SELECT schema_name, view_name FROM duckdb_views()"
            ).fetchall()
        )
        for unique_id in tested:
            schema, name = _relation(_parent(manifest, unique_id))
            if (schema, name) in present:
                found = con.execute(f"SELECT count(*) FROM {_quoted(schema)}.{_quoted(name)}").fetchone()
                counts[unique_id] = found[0] if found else 0
    return counts


def _outcome(
    node: Mapping[str, Any], result: Mapping[str, Any], manifest: Mapping[str, Any], rows: Mapping[str, int]
) -> Outcome:
    tested = _tested(node)
    parents = [_parent(manifest, unique_id) for unique_id in tested]
    meta = _meta(node)
    question_zh, _, question_en = (node.get("description") or "").partition(" | ")
    status = str(result["status"])
    ran = status in {"pass", "fail", "warn"}
    severity = (
        meta.get("severity") or {"error": "error", "warn": "warning"}[node["config"]["severity"].lower()]
    )
    return Outcome(
        check=node["unique_id"],
        asset=".".join(_relation(parents[0])) if parents else "",
        severity=cast(Severity, severity),
        question_zh=question_zh or f"dbt 测试 {node['name']} 通过吗？",
        question_en=question_en or f"Does the dbt test {node['name']} pass?",
        because=meta.get("because", ""),
        evaluated=sum(rows.get(unique_id, 0) for unique_id in tested) if ran else 0,
        failed=int(result.get("failures") or 0) if ran else 0,
        error=None if ran else f"{status}: {result.get('message') or ''}",
        empty_ok=next((m["empty_ok"] for m in (meta, *map(_meta, parents)) if m.get("empty_ok")), ""),
    )


def _tested(node: Mapping[str, Any]) -> Sequence[str]:
    """The relations a test looks at: the one it is attached to, else all that its query names."""
    attached = node.get("attached_node")
    return [attached] if attached else list(node["depends_on"]["nodes"])


def _parent(manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
    parent: Mapping[str, Any] = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
    return parent


def _relation(node: Mapping[str, Any]) -> tuple[str, str]:
    return node["schema"], node.get("identifier") or node.get("alias") or node["name"]


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    return {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
