"""The assets of the graph: sources → published tables → release; each only calls the stages of cycle.py.

Here: what Dagster shows of a stage (metadata, asset checks). Not here: what a stage does (cycle.py), when a
run starts (sensors.py).
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import dagster as dg

from ingestion.contract import load_contracts
from orchestration import cycle, lineage
from orchestration.lineage import Table
from orchestration.messages import Stop
from orchestration.run import Run
from quality.checks import Check, load_checks

RELEASE = dg.AssetKey(["release"])
_TESTS = "dbt_tests"


def source_assets() -> dg.AssetsDefinition:
    """One asset a contract: what providers have delivered."""
    contracts = load_contracts()
    specs = [
        dg.AssetSpec(
            key=lineage.source_key(name),
            group_name="sources",
            description=f"{contract.title}（{contract.register}）",
            kinds={contract.purpose},
        )
        for name, contract in contracts.items()
    ]
    ledger = dg.AssetSpec(
        key=lineage.LEDGER,
        group_name="sources",
        deps=[spec.key for spec in specs],
        description="收件台账：文件、被隔离和待关联的行 | Every file, rows in quarantine or without a code",
    )

    @dg.multi_asset(specs=[*specs, ledger], name="take_in", can_subset=False)
    def take_in(run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[Any]]:
        """Keep every new file by its content, record the deliveries, make typed rows of them."""
        with _told(run):
            cycle.take_in(run)
        for name in contracts:
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey(lineage.source_key(name)), metadata=_source_metadata(run, name)
            )
        yield dg.MaterializeResult(
            asset_key=ledger.key,
            metadata={"files": sum(one["files"] for one in run.summary["sources"].values())},
        )

    return take_in


def warehouse_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """One asset a published table, the checks on them."""
    tables = lineage.tables_of(manifest, set(load_contracts()))
    checks = load_checks()
    specs = [
        dg.AssetSpec(
            key=table.key,
            group_name=table.key[0],
            deps=[dg.AssetKey(key) for key in table.made_of],
            description=table.description,
        )
        for table in tables
    ]

    @dg.multi_asset(specs=specs, check_specs=_check_specs(tables, checks), name="build", can_subset=False)
    def build(run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Settle what holds at the as-of date, build the tables with dbt, ask the checks."""
        with _told(run):
            cycle.settle(run)
            cycle.build(run, manifest)
            cycle.disclose(run, manifest)
        # Dagster takes its time to note each table, and the checks look at them meanwhile.
        with ThreadPoolExecutor(1) as beside:
            checked = beside.submit(cycle.check, run, manifest)
            for table in tables:
                yield dg.MaterializeResult(
                    asset_key=dg.AssetKey(table.key), metadata=_table_metadata(run, table)
                )
            with _told(run):
                checked.result()
        yield from _check_results(run, tables, checks)

    return build


def release_asset(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The release, behind the gate; materialised by itself it finds no evidence and is refused."""
    tables = lineage.tables_of(manifest, set(load_contracts()))
    deps = [dg.AssetKey(table.key) for table in tables if table.key[0] != lineage.INTERMEDIATE]

    @dg.asset(
        key=RELEASE, deps=deps, group_name="release", description="一次不可更改的发布 | An immutable release"
    )
    def release(run: dg.ResourceParam[Run]) -> dg.MaterializeResult[Any]:
        """Judge the evidence of this run; publish the candidate if it passes."""
        with _told(run):
            cycle.judge(run, manifest)
            cycle.publish(run, manifest)
        return dg.MaterializeResult(metadata=_release_metadata(run))

    return release


@contextmanager
def _told(run: Run) -> Iterator[None]:
    """Dagster turns what a stage raises into its own events; whoever opened the run must learn of it too."""
    try:
        yield
    except Stop as stop:
        run.failure = stop
        raise dg.Failure(
            f"{stop.zh}\n{stop.en}", {name: str(value) for name, value in stop.details.items()}
        ) from stop
    except BaseException as error:
        run.failure = error
        raise


def _check_specs(tables: list[Table], checks: tuple[Check, ...]) -> list[dg.AssetCheckSpec]:
    asked = [
        dg.AssetCheckSpec(
            name=check.name,
            asset=dg.AssetKey(lineage.asset_of(check.asset, tables)),
            description=f"{check.question_zh} {check.question_en}",
            metadata={"because": check.because, "severity": check.severity},
        )
        for check in checks
    ]
    tested = [
        dg.AssetCheckSpec(
            name=_TESTS, asset=dg.AssetKey(table.key), description="dbt 数据测试 | data tests of dbt"
        )
        for table in tables
        if table.tests
    ]
    return asked + tested


def _check_results(run: Run, tables: list[Table], checks: tuple[Check, ...]) -> Iterator[dg.AssetCheckResult]:
    evidence = cycle.evidence_of(run)
    outcomes = {outcome.check: outcome for outcome in evidence.outcomes}
    for check in checks:
        outcome = outcomes.get(check.name)
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey(lineage.asset_of(check.asset, tables)),
            check_name=check.name,
            # Only a drift check may stay unasked, before the second release; the gate knows which were due.
            passed=outcome.passed if outcome else check.drift,
            severity=dg.AssetCheckSeverity.ERROR if check.severity == "error" else dg.AssetCheckSeverity.WARN,
            metadata={"evaluated": outcome.evaluated, "failed": outcome.failed}
            if outcome
            else {"evaluated": 0},
        )
    for table in tables:
        if table.tests:
            bad = [test for test in table.tests if test not in outcomes or not outcomes[test].passed]
            yield dg.AssetCheckResult(
                asset_key=dg.AssetKey(table.key),
                check_name=_TESTS,
                passed=not bad,
                metadata={"tests": len(table.tests), "failed": len(bad), "which": bad},
            )


def _source_metadata(run: Run, name: str) -> dict[str, Any]:
    counts = run.summary["sources"].get(name, {})
    return {**counts, "receipts": dg.MetadataValue.path(str(run.folder / "receipts" / f"{name}.xlsx"))}


def _table_metadata(run: Run, table: Table) -> dict[str, Any]:
    metadata: dict[str, Any] = {"dagster/row_count": run.summary["tables"][table.key]}
    if table.key == lineage.HEADLINE:
        metadata |= {
            f"rate {one['obligation']} {one['year']}": one["rate"] for one in run.summary["headline"]
        }
    return metadata


def _release_metadata(run: Run) -> dict[str, Any]:
    return {
        "release": run.record.release or "",
        "state": run.record.state,
        "folder": dg.MetadataValue.path(str(run.home.releases / (run.record.release or "current"))),
    }
