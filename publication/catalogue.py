"""Which tables are published where, and what their columns are called: read from the dbt manifest.

Belongs here: reading and judging the manifest's `meta` and descriptions. Does not: copying
(databases.py), statistics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from publication.errors import CatalogueError

WAREHOUSE = "warehouse"
CONFIDENTIAL = "confidential"
_PLACES = frozenset({WAREHOUSE, CONFIDENTIAL})
# A column is described as "中文。 | English."; a table in both languages, in any order.
_BILINGUAL = re.compile(r"\A[^|]*[\u4e00-\u9fff][^|]*\|.*[A-Za-z]{2}", re.DOTALL)
_CHINESE, _ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True)
class Table:
    """One published table: where the build has it, where it goes, and its words."""

    name: str
    schema: str
    publish: frozenset[str]
    public: bool
    description: str
    columns: Mapping[str, str]


# The one table that no model can build: the checks are asked of what the models built.
CHECK_RESULT = Table(
    name="check_result",
    schema="main",
    publish=frozenset({WAREHOUSE}),
    public=False,
    description="One row per check asked of this release, and its answer. 本次发布前所做的每项检查一行。",
    columns={
        "check": "检查名称。 | Name of the check.",
        "severity": "严重程度：error 拒绝，hold 待审，warning 提示。 | Severity: error, hold or warning.",
        "asked": "检查所问（中英文）。 | The question asked, in Chinese and English.",
        "evaluated": "实际检查的条数。 | How many things were evaluated.",
        "failed": "不符合的条数；未能执行时为空。 | How many failed; empty if it could not run.",
        "because": "设此检查的理由。 | Why the check exists.",
    },
)


def published_tables(manifest: Mapping[str, Any]) -> list[Table]:
    """The tables that a parsed dbt manifest publishes, by name; refuses a set that is not fit to publish."""
    tables = sorted(_tables(manifest), key=lambda table: (table.name, table.schema))
    offences = sorted(_offences(tables))
    if offences:
        listed = "; ".join(offences)
        raise CatalogueError(
            "catalogue_unfit", f"发布目录不合格：{listed}", f"the published tables are not fit: {listed}"
        )
    return tables


def keys(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The columns that tell the rows of a table for analysts apart, by its name; tables without a key are left out."""
    found: dict[str, tuple[str, ...]] = {CHECK_RESULT.name: ("check",)}
    for node in manifest["nodes"].values():
        if WAREHOUSE in meta_of(node).get("publish", ()):
            for constraint in node.get("constraints", ()):
                if constraint["type"] == "primary_key":
                    found[node.get("alias") or node["name"]] = tuple(constraint["columns"])
    return found


def meta_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """What the `meta` of a node says, wherever dbt keeps it."""
    return {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}


def bilingual(description: str | None) -> bool:
    """Whether a column's description says it in Chinese, then in English."""
    return bool(_BILINGUAL.search(description or ""))


def _tables(manifest: Mapping[str, Any]) -> Iterable[Table]:
    yield CHECK_RESULT
    for node in manifest["nodes"].values():
        meta = meta_of(node)
        if node["resource_type"] not in {"model", "seed"} or not (meta.get("publish") or meta.get("public")):
            continue
        yield Table(
            name=node.get("alias") or node["name"],
            schema=node["schema"],
            publish=frozenset(meta.get("publish", ())),
            public=bool(meta.get("public", False)),
            description=node.get("description", ""),
            columns={name: column.get("description", "") for name, column in node["columns"].items()},
        )


def _offences(tables: list[Table]) -> Iterable[str]:
    seen: set[tuple[str, str]] = set()
    for table in tables:
        for place in table.publish - _PLACES:
            yield f"{table.name}: publish: {place}?"
        for place in sorted(table.publish):
            if (place, table.name) in seen:
                yield f"{table.name}: {place} × 2"
            seen.add((place, table.name))
        # Nothing firm by firm, and nothing from surveys as it came, has a way into public/.
        if table.public and (CONFIDENTIAL in table.publish or "uscc" in table.columns):
            yield f"{table.name}: public"
        if not (_CHINESE.search(table.description) and _ENGLISH.search(table.description)):
            yield f"{table.name}: description"
        yield from (
            f"{table.name}.{name}: description" for name, text in table.columns.items() if not bilingual(text)
        )
