"""From dbt's manifest to the tables and what each is made of: the asset graph as data.

Here: names of assets, their ancestors, which asset a check belongs to. Not here: Dagster (assets.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from publication.catalogue import CONFIDENTIAL, WAREHOUSE, meta_of

Key = tuple[str, str]

# The table of which the headline is read.
HEADLINE: Key = (WAREHOUSE, "coverage")
# What ingestion notes of all sources together: deliveries, and rows not accepted.
LEDGER: Key = ("source", "ledger")
INTERMEDIATE = "intermediate"
_SETTINGS = (
    *("run_setting", "complete_register", "whole_delivery", "first_published"),
    *("frozen_year", "frozen_coverage", "frozen_value"),
)


@dataclass(frozen=True)
class Table:
    """One table as an asset: where it belongs, its node, what it is directly made of."""

    key: Key
    node: str
    schema: str
    description: str
    made_of: tuple[Key, ...]
    tests: tuple[str, ...]


def source_key(name: str) -> Key:
    """The asset of a source."""
    return ("source", name)


def tables_of(manifest: Mapping[str, Any], sources: set[str]) -> list[Table]:
    """The published tables and the intermediate ones behind them, each after those that it is made of.

    Staging models are left out: they mirror the sources.
    """
    keys = {node: key for node, entry in manifest["nodes"].items() if (key := _key(entry))}
    parents: Mapping[str, list[str]] = manifest["parent_map"]

    def nearest(node: str, seen: set[str]) -> Iterator[Key]:
        for parent in parents.get(node, ()):
            if parent in seen:
                continue
            seen.add(parent)
            name = parent.rsplit(".", 1)[-1]
            if parent in keys:
                yield keys[parent]
            elif parent.startswith("source."):
                if name not in _SETTINGS:
                    yield source_key(name) if name in sources else LEDGER
            else:
                yield from nearest(parent, seen)

    tables = {
        key: Table(
            key=key,
            node=node,
            schema=manifest["nodes"][node]["schema"],
            description=manifest["nodes"][node]["description"],
            made_of=tuple(sorted(set(nearest(node, set())))),
            tests=tuple(
                sorted(child for child in manifest["child_map"].get(node, ()) if child.startswith("test."))
            ),
        )
        for node, key in sorted(keys.items(), key=lambda item: item[1])
    }
    # Dagster wants each table told of after those that it is made of.
    order = TopologicalSorter({key: table.made_of for key, table in tables.items()}).static_order()
    return [tables[key] for key in order if key in tables]


def asset_of(check_asset: str, tables: list[Table]) -> Key:
    """The asset that shows a check: the table of that name, else the headline's."""
    schema, _, name = check_asset.partition(".")
    key = (schema if schema in (CONFIDENTIAL, INTERMEDIATE) else WAREHOUSE, name)
    return key if key in {table.key for table in tables} else HEADLINE


def _key(entry: Mapping[str, Any]) -> Key | None:
    if entry["resource_type"] != "model":
        return None
    name: str = entry.get("alias") or entry["name"]
    if places := meta_of(entry).get("publish"):
        return (CONFIDENTIAL if places == [CONFIDENTIAL] else WAREHOUSE, name)
    return (INTERMEDIATE, name) if entry["schema"] == INTERMEDIATE else None
