"""dbt in this process: the parsed project kept from day to day, one build, its connections closed afterwards.

Here: how dbt is called. Not here: what it builds (dbt_project), what its results mean for the gate (quality).
A dbt command would cost 5 to 10 s a run; with the manifest kept, the call in process costs its models only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.environment import DBT_PROJECT
from orchestration.home import Home

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

_BEFORE = [
    "--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-print",
    "--no-version-check", "--no-send-anonymous-usage-stats", "--no-write-json", "--no-partial-parse",
]  # fmt: skip


_KEPT = 6  # files: three parsed projects in both forms
_PREPARED = "ConcurrencyLine"  # what dbt says last before it opens the database


@dataclass(frozen=True)
class NodeResult:
    """What dbt says of one node that it ran."""

    unique_id: str
    status: str
    message: str
    failures: int | None
    seconds: float
    rows: int | None


@cache
def fingerprint(project: Path = DBT_PROJECT) -> str:
    """The hash of all that dbt parses, taken once a process: the project's place and dbt's version count too."""
    from importlib.metadata import version

    digest = hashlib.sha256(f"{project}\0{version('dbt-core')}\0{version('dbt-duckdb')}".encode())
    for folder, subfolders, names in os.walk(project):
        subfolders[:] = sorted(name for name in subfolders if name not in ("target", "logs"))
        for name in sorted(names):
            if name.endswith((".sql", ".yml", ".yaml", ".csv", ".md")):
                path = Path(folder, name)
                digest.update(f"{path.relative_to(project)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def manifest(home: Home) -> dict[str, Any]:
    """The parsed project as data; dbt itself is imported only if the project has changed."""
    kept = _kept(home, "json")
    if not kept.exists():
        _parse(home)
    parsed: dict[str, Any] = json.loads(kept.read_bytes())
    return parsed


def is_parsed(home: Home) -> bool:
    """Whether the project as it stands was parsed before."""
    return _kept(home, "msgpack").exists()


def load(home: Home) -> Manifest:
    """dbt itself imported, and the parsed project as dbt wants it."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    kept = _kept(home, "msgpack")
    if not kept.exists():
        _parse(home)
    parsed = Manifest.from_msgpack(kept.read_bytes(), decoder=extended_mashumuro_decoder)
    parsed.build_flat_graph()
    return parsed


def build(
    home: Home,
    database: Path,
    threads: int,
    memory_limit: str,
    finished: Callable[[str, str, float], None],
    only: str | None = None,
    ready: Callable[[], None] | None = None,
) -> list[NodeResult]:
    """Seeds, models and data tests in order into `database`; `finished` hears of each node and its status.

    `only` builds one model and what it is made of, without tests, and keeps its compiled SQL beside the database.
    `ready` is called when all is prepared, before the database is opened; the build goes on when it returns.
    """
    # What profiles.yml reads.
    os.environ["INNOSTAT_BUILD_DB"] = str(database)
    os.environ["INNOSTAT_THREADS"] = str(threads)
    os.environ["INNOSTAT_MEMORY_LIMIT"] = memory_limit

    def hear(event: Any) -> None:
        if event.info.name == _PREPARED and ready is not None:
            ready()
        if event.info.name == "NodeFinished":
            node = event.data.node_info
            finished(node.node_name, node.node_status, event.data.run_result.execution_time)

    command = ["build", "--threads", str(threads)]
    target = home.warehouse / "dbt"
    if only is not None:
        command += ["--select", f"+{only}", "--exclude-resource-type", "test"]
        target = database.parent / "dbt"
    outcome = _invoke(home, command, load(home), hear, target)
    if outcome.result is None:
        raise outcome.exception or RuntimeError("dbt gave neither results nor a reason")
    return [_node_result(one) for one in outcome.result.results]


def _node_result(result: Any) -> NodeResult:
    return NodeResult(
        unique_id=result.node.unique_id,
        status=str(result.status),
        message=str(result.message or ""),
        failures=result.failures,
        seconds=result.execution_time,
        rows=(result.adapter_response or {}).get("rows_affected"),
    )


def _kept(home: Home, suffix: str) -> Path:
    return home.manifests / f"{fingerprint()}.{suffix}"


def _parse(home: Home) -> None:
    """Parse the project and keep both forms of the result, and a few earlier ones for other checkouts."""
    os.environ.setdefault("INNOSTAT_BUILD_DB", str(home.build / "innostat.duckdb"))
    outcome = _invoke(home, ["parse"])
    if not outcome.success:
        raise outcome.exception or RuntimeError("dbt could not parse the project")
    from dbt.parser.manifest import extended_mashumaro_encoder

    home.manifests.mkdir(parents=True, exist_ok=True)
    for old in sorted(home.manifests.iterdir(), key=os.path.getmtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
    parsed = outcome.result
    data = json.dumps(parsed.writable_manifest().to_dict(omit_none=False), default=str).encode()
    # Unit tests never run here, and the copies of files serve partial parsing only.
    parsed.unit_tests.clear()
    parsed.files.clear()
    for suffix, content in (("json", data), ("msgpack", parsed.to_msgpack(extended_mashumaro_encoder))):
        target = _kept(home, suffix)
        aside = target.with_suffix(f".{os.getpid()}.tmp")
        aside.write_bytes(content)
        aside.replace(target)


def _invoke(
    home: Home,
    command: list[str],
    parsed: Any = None,
    hear: Callable[[Any], None] | None = None,
    target: Path | None = None,
) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    places = [
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(target or home.warehouse / "dbt"), "--log-path", str(target or home.warehouse / "dbt"),
    ]  # fmt: skip
    runner: dbtRunner = dbtRunner(manifest=parsed, callbacks=[hear] if hear else [])
    try:
        return runner.invoke([*_BEFORE, *command, *places])
    finally:
        # Else the adapter keeps the database file locked for every later reader of this process and others.
        DuckDBConnectionManager.close_all_connections()
