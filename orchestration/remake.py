"""The records behind a task indicator, worked out again: what the release counted, from the raw store.

Here: settling a release's administrative deliveries anew beside the home's other work, building one indicator model on
them. Not here: reading what it counted (counted), what the release itself says (publication.explain), how it looks on
the screen (explain_screen).

Publishing every record with every figure would cost each run what few ever ask for. The raw store has everything, so it
costs the one who asks some seconds. Statistical deliveries are left out before anything is settled: no survey answer is
in the database that this makes, and so none can be shown. Where the count differs from the published one for that
reason, the caller sees both numbers.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import dbt_runner, lock
from orchestration.counted import Records, Wanted, read
from orchestration.environment import SEEDS
from orchestration.home import Home, run_seq

if TYPE_CHECKING:
    from ingestion.contract import Source
    from ingestion.intake import Taken

_REGISTER = "enterprise_register"
_DAY = 24 * 3600


def model_of(manifest: Mapping[str, Any], indicator: str) -> str | None:
    """The indicator model that counts records for this indicator; None for figures made from other figures."""
    models = {
        node["name"]: node["raw_code"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "measured(figures)" in node["raw_code"]
    }
    naming = [name for name, code in models.items() if f"'{indicator}'" in code]
    family = f"ind_{indicator.split('-')[0].lower()}"
    return naming[0] if naming else family if family in models else None


def records_behind(
    home: Home, release: Mapping[str, Any], manifest: Mapping[str, Any], model: str, wanted: Wanted
) -> Records:
    """The records that the release counted for a figure of this model."""
    contracts = _contracts(manifest, model)
    home.warehouse.mkdir(parents=True, exist_ok=True)
    _sweep(home)
    folder = Path(
        tempfile.mkdtemp(prefix="explain-", dir=home.warehouse)
    )  # 0700, like all of warehouse/ nobody else's
    try:
        return _remade(home, release, folder / "innostat.duckdb", model, contracts, wanted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(home: Home) -> None:
    """What a killed process left behind; nobody counts for a day."""
    for leftover in home.warehouse.glob("explain-*"):
        if leftover.stat().st_mtime < time.time() - _DAY:
            shutil.rmtree(leftover, ignore_errors=True)


def _remade(
    home: Home,
    release: Mapping[str, Any],
    database: Path,
    model: str,
    contracts: Mapping[str, Source],
    wanted: Wanted,
) -> Records:
    import duckdb

    from ingestion.contract import load_contracts
    from ingestion.settle import RunSetting, settle

    settings = release["settings"]
    setting = RunSetting(
        run_id=release["run_id"],
        run_seq=run_seq(release["run_id"]),
        as_of=date.fromisoformat(release["as_of"]),
        first_year=settings["coverage"]["first_year"],
        policy_version=settings["policy"]["version"],
        complete=settings["complete"],
    )
    with duckdb.connect(str(database)) as con:
        settle(con, home.root, load_contracts(), _taken(home, release, contracts), setting)
    built = dbt_runner.build(
        home,
        database,
        settings["run"]["threads"],
        settings["run"]["memory_limit"],
        lambda *_: None,
        only=model,
    )
    failed = [one.message for one in built if one.status not in ("success", "pass")]
    if failed:
        raise RuntimeError("; ".join(failed))
    compiled = next((database.parent / "dbt" / "compiled").rglob(f"{model}.sql")).read_text(encoding="utf-8")
    with duckdb.connect(str(database), read_only=True) as con:
        return read(con, model, compiled, contracts, wanted)


def _contracts(manifest: Mapping[str, Any], model: str) -> dict[str, Source]:
    """The administrative sources that a model is made of, and the register, through which names are linked."""
    from ingestion.contract import load_contracts

    parents: Mapping[str, list[str]] = manifest["parent_map"]
    seen, waiting = set[str](), [f"model.innostat.{model}"]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += parents.get(node, [])
    names = {node.rsplit(".", 1)[-1] for node in seen if node.startswith("source.")} | {_REGISTER}
    return {
        name: contract
        for name, contract in load_contracts().items()
        if name in names and contract.purpose == "administrative"
    }


def _taken(home: Home, release: Mapping[str, Any], contracts: Mapping[str, Source]) -> list[Taken]:
    """The typed deliveries that the release was made from, without those meant for statistics only."""
    from ingestion import intake
    from ingestion.reference import Reference
    from ingestion.rules import RefusedError
    from ingestion.sidecar import parse_sidecar

    def is_administrative(one: Taken) -> bool:
        try:
            said = parse_sidecar(one.delivery.sidecar, contracts[one.delivery.source])
        except RefusedError:  # refused for it when it was typed: it has no rows
            return False
        return said.purpose != "statistical"

    used = {each["delivery_id"] for each in release["inputs"]}
    reference = Reference(SEEDS)
    found, waiting = intake.typed_before(home.root, contracts, reference)
    if any(delivery.delivery_id in used for delivery in waiting):
        # The typed rows are a cache; whoever writes to it holds the home.
        with lock.hold(home.lock_file):
            found = intake.take_in(
                home.root,
                contracts,
                reference,
                [],
                run_id=release["run_id"],
                run_seq=run_seq(release["run_id"]),
                as_of=date.fromisoformat(release["as_of"]),
            ).taken
    return [one for one in found if one.delivery.delivery_id in used and is_administrative(one)]


def load_manifest(release: Path) -> dict[str, Any]:
    """The manifest of a release as data."""
    loaded: dict[str, Any] = json.loads((release / "manifest.json").read_bytes())
    return loaded
