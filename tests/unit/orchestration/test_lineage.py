"""From dbt's manifest to the asset graph: nearest ancestors, order, where a check is shown."""

from __future__ import annotations

from typing import Any

from orchestration.lineage import LEDGER, asset_of, tables_of


def node(
    name: str, schema: str, publish: list[str] | None = None, alias: str | None = None
) -> dict[str, Any]:
    meta = {"publish": publish} if publish else {}
    return {
        "resource_type": "model",
        "name": name,
        "alias": alias or name,
        "schema": schema,
        "description": name,
        "config": {"meta": meta},
    }


MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.x.coverage": node("coverage", "main", ["warehouse"]),
        "model.x.secret": node("secret", "confidential", ["confidential"], alias="coverage"),
        "model.x.stg_patent": node("stg_patent", "staging"),
        "model.x.a_first": node("a_first", "intermediate"),
        "model.x.z_last": node("z_last", "intermediate"),
        "model.x.delivery": node("delivery", "main", ["warehouse"]),
        "seed.x.area": {"resource_type": "seed", "name": "area", "schema": "reference", "config": {}},
        "test.x.not_null": {"resource_type": "test", "name": "not_null", "schema": "main", "config": {}},
    },
    "parent_map": {
        "model.x.coverage": ["model.x.a_first", "seed.x.area", "source.x.raw.run_setting"],
        "model.x.secret": ["model.x.coverage", "model.x.stg_patent"],
        "model.x.stg_patent": ["source.x.raw.patent"],
        "model.x.a_first": ["model.x.z_last", "model.x.stg_patent"],
        "model.x.z_last": ["model.x.stg_patent"],
        "model.x.delivery": ["source.x.raw.delivery"],
    },
    "child_map": {"model.x.coverage": ["model.x.secret", "test.x.not_null"]},
}
TABLES = {table.key: table for table in tables_of(MANIFEST, {"patent"})}


def test_staging_and_seeds_are_passed_through_to_what_lies_behind() -> None:
    assert TABLES["intermediate", "a_first"].made_of == (("intermediate", "z_last"), ("source", "patent"))
    assert TABLES["warehouse", "coverage"].made_of == (("intermediate", "a_first"),)
    assert ("staging", "stg_patent") not in TABLES


def test_a_confidential_table_is_an_asset_of_its_own_by_its_alias() -> None:
    assert TABLES["confidential", "coverage"].made_of == (("source", "patent"), ("warehouse", "coverage"))


def test_what_ingestion_notes_of_all_sources_is_the_ledger() -> None:
    assert TABLES["warehouse", "delivery"].made_of == (LEDGER,)


def test_each_table_comes_after_those_that_it_is_made_of() -> None:
    order = list(TABLES)
    for table in TABLES.values():
        assert all(order.index(key) < order.index(table.key) for key in table.made_of if key in TABLES)


def test_tests_are_those_on_the_table() -> None:
    assert TABLES["warehouse", "coverage"].tests == ("test.x.not_null",)
    assert TABLES["warehouse", "delivery"].tests == ()


def test_a_check_is_shown_on_its_table_else_on_the_headline() -> None:
    tables = list(TABLES.values())
    assert asset_of("main.delivery", tables) == ("warehouse", "delivery")
    assert asset_of("raw.delivery", tables) == ("warehouse", "delivery")
    assert asset_of("confidential.coverage", tables) == ("confidential", "coverage")
    assert asset_of("intermediate.a_first", tables) == ("intermediate", "a_first")
    assert asset_of("raw.patent", tables) == ("warehouse", "coverage")
