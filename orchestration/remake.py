"""The records behind a task indicator, worked out again: what the release counted, from the raw store.

Here: settling a release's administrative deliveries anew beside the home's other work, building one indicator model on
them, and finding the file and row of each record that it counted. Not here: what the release itself says
(publication.explain), how it looks on the screen (cli.explain).

Publishing every record with every figure would cost each run what few ever ask for. The raw store has everything, so it
costs the one who asks some seconds. Statistical deliveries are left out before anything is settled: no survey answer is
in the database that this makes, and so none can be shown. Where the count differs from the published one for that
reason, the caller sees both numbers.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import dbt_runner
from orchestration.environment import SEEDS
from orchestration.home import Home, run_seq

if TYPE_CHECKING:
    import duckdb

    from ingestion.contract import Source
    from ingestion.intake import Taken

_MARK = "-- counting ends here"
_REGISTER = "enterprise_register"


@dataclass(frozen=True)
class Wanted:
    """One figure of a release."""

    indicator: str
    area: str
    period: str
    reading: str | None


@dataclass(frozen=True)
class Records:
    """What stands behind a figure in administrative use."""

    sources: list[str]
    counts: list[dict[str, Any]]
    records: list[dict[str, Any]]


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
    folder = Path(
        tempfile.mkdtemp(prefix="explain-", dir=home.warehouse)
    )  # 0700, like all of warehouse/ nobody else's
    try:
        return _remade(home, release, folder / "innostat.duckdb", model, contracts, wanted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
        return _read(con, compiled, contracts, wanted)


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
    found = intake.take_in(
        home.root,
        contracts,
        Reference(SEEDS),
        [],
        run_id=release["run_id"],
        run_seq=run_seq(release["run_id"]),
        as_of=date.fromisoformat(release["as_of"]),
    )
    return [one for one in found.taken if one.delivery.delivery_id in used and is_administrative(one)]


# -- reading the remade database ------------------------------------------------------------------------------------

_COUNTING = """
SELECT
  measures.measure, measures.form, sets.reading, sets.sources, counting.category, entities.entity,
  counting.from_on, counting.is_hit, counting.is_base, counting.amount
FROM counting
INNER JOIN sets USING (set_no)
INNER JOIN measures USING (set_no)
LEFT JOIN entities USING (entity_no)
WHERE sets.indicator_id = $indicator AND counting.period = $period AND (counting.city_code = $area OR $area = '340000')
  AND ($reading IS NULL OR sets.reading = $reading)
"""
_COUNTS = """
SELECT
  measure, form, reading, category,
  count(DISTINCT entity) FILTER (WHERE is_hit) AS n_counted,
  count(DISTINCT entity) FILTER (WHERE is_base) AS n_base,
  CAST(sum(amount) AS DOUBLE) AS amount
FROM found
GROUP BY ALL
ORDER BY ALL
"""
# A row stands for an entity by its whole key, else (an enterprise counted once, a part of a key) by one of its codes;
# of an enterprise's rows those count that bear the record's own date.
_RECORDS = """
WITH entities AS (
  SELECT
    reading, category, entity, from_on, bool_or(is_hit) AS is_counted, bool_or(is_base) AS is_base,
    list(DISTINCT measure ORDER BY measure) AS measures, any_value(sources) AS sources
  FROM found
  GROUP BY ALL
),
matched AS (
  SELECT
    entities.*, places.*,
    list_contains(places.dates, entities.from_on) AS is_dated
  FROM entities
  LEFT JOIN places ON list_contains(entities.sources, places.source)
    AND places.name = entities.entity
  QUALIFY dense_rank() OVER (
    PARTITION BY entities.reading, entities.category, entities.entity, entities.from_on
    ORDER BY places.rank NULLS LAST, is_dated DESC NULLS LAST
  ) = 1
)
SELECT
  reading, category, entity AS record, from_on AS counts_from, is_counted, is_base, measures,
  list(DISTINCT {source: matched.source, file: file, sheet: sheet, row: row}
    ORDER BY {source: matched.source, file: file, sheet: sheet, row: row})
    FILTER (WHERE file IS NOT NULL) AS delivered
FROM matched
GROUP BY ALL
ORDER BY reading, category, is_counted DESC, entity, from_on
"""


def _read(
    con: duckdb.DuckDBPyConnection, compiled: str, contracts: Mapping[str, Source], wanted: Wanted
) -> Records:
    before = compiled.partition(_MARK)[0].rstrip().removesuffix(",")
    con.execute(
        f"CREATE TEMP TABLE found AS {before}\n{_COUNTING}",
        {
            "indicator": wanted.indicator,
            "period": wanted.period,
            "area": wanted.area,
            "reading": wanted.reading,
        },
    )
    sources = con.execute("SELECT DISTINCT unnest(sources) FROM found ORDER BY 1").fetchall()
    named = [contracts[name] for (name,) in sources if name in contracts]
    places = " UNION ALL ".join(_places(one) for one in named) or _NO_PLACES
    con.execute(f"CREATE TEMP TABLE places AS {places}")
    return Records(
        [one.name for one in named],
        con.sql(_COUNTS).to_arrow_table().to_pylist(),
        con.sql(_RECORDS).to_arrow_table().to_pylist(),
    )


_NO_PLACES = "SELECT '' AS source, 0 AS rank, '' AS name, []::DATE[] AS dates, '' AS file, '' AS sheet, 0 AS row LIMIT 0"


def _places(source: Source) -> str:
    """The rows of a source under every name by which an indicator may count them."""
    texts = [f"CAST({_quoted(key)} AS VARCHAR)" for key in source.keys]
    whole = " || '|' || ".join(texts)
    dates = ", ".join(_quoted(name) for name, column in source.columns.items() if column.type == "date")
    codes = [
        f"CAST({_quoted(name)} AS VARCHAR)"
        for name, column in source.columns.items()
        if column.type == "uscc"
    ]
    lists = [
        f"coalesce({_quoted(name)}, [])"
        for name, column in source.columns.items()
        if column.type == "list" and column.element == "uscc"
    ]
    # A city is counted by its code, where a row has that of one of its counties.
    areas = [
        f"left({_quoted(name)}, 4) || '00'"
        for name, column in source.columns.items()
        if column.type == "area"
    ]
    parts = " || ".join([f"[{', '.join([*texts, *codes, '_name_key'])}]", *lists])
    return f"""
        SELECT
          '{source.name}' AS source, named.rank, named.name, [{dates}]::DATE[] AS dates,
          delivery.name AS file, rows._sheet AS sheet, rows._row AS row
        FROM raw.{_quoted(source.name)} AS rows
        INNER JOIN raw.delivery AS delivery ON rows._delivery_id = delivery.delivery_id
        CROSS JOIN LATERAL (
          SELECT 1 AS rank, unnest([{whole}, '{source.name}|' || {whole}]) AS name
          UNION ALL
          SELECT 2 AS rank, unnest(list_distinct({parts})) AS name
          UNION ALL
          SELECT 3 AS rank, unnest([{", ".join(areas)}]::VARCHAR[]) AS name
        ) AS named
        WHERE rows._administrative"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def load_manifest(release: Path) -> dict[str, Any]:
    """The manifest of a release as data."""
    loaded: dict[str, Any] = json.loads((release / "manifest.json").read_bytes())
    return loaded
