"""The production definitions: the graph, the gate that cannot be walked around, schedule and sensor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import dagster as dg
import pytest

from orchestration import sensors
from orchestration.definitions import JOB, build_defs
from tests.integration import province

Program = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.slow
warnings.filterwarnings("ignore", module="dagster")

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")


@pytest.fixture
def defs(home: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    for name in ("INNOSTAT_HOME", "DAGSTER_HOME", "INNOSTAT_BUILD_DB", "INNOSTAT_MEMORY_LIMIT"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setattr("orchestration.definitions.today", _as_of)
    monkeypatch.setattr("orchestration.sensors.today", _as_of)
    return build_defs()


def _as_of() -> date:
    return date.fromisoformat(province.AS_OF)


def drawn(defs: dg.Definitions) -> str:
    """The graph as text: one line an asset with its group, what it is made of, how many checks it shows."""
    graph = defs.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = graph.get(key)
        parents = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        checks = sorted(check.name for check in node.check_keys)
        lines.append(f"{key.to_user_string()} [{node.group_name}] <- {parents or '-'}")
        lines += [f"    ? {check}" for check in checks]
    return "\n".join(lines) + "\n"


def test_the_asset_graph_is_the_one_that_was_looked_at(defs: dg.Definitions) -> None:
    """A rename or a lost edge must be seen: look at it, then write the file anew with UPDATE_SNAPSHOT=1."""
    found = drawn(defs)
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


def test_the_release_alone_is_refused_by_the_gate_for_missing_evidence(
    defs: dg.Definitions, home: Path
) -> None:
    before = province.digest(home / "releases")
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = defs.resolve_job_def(JOB).execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey("release")], raise_on_error=False
        )
    assert not outcome.success
    record = province.record(home)
    assert record["state"] == "refused"
    codes = {reason["code"] for reason in record["reasons"]}
    assert codes == {"node_missing", "check_missing"}
    assert {"take_in", "settle", "disclose"} <= {reason["check"] for reason in record["reasons"]}
    assert province.digest(home / "releases") == before


def test_a_run_from_the_web_page_publishes_like_innostat_run(defs: dg.Definitions, home: Path) -> None:
    province.revenue(home, "更正.csv", of="A", yuan=900_000_000, day="2026-03-02")
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = defs.resolve_job_def(JOB).execute_in_process(instance=instance)
    assert outcome.success
    assert province.record(home)["state"] == "published"
    assert province.current(home) == f"r000002-{province.AS_OF}"
    evaluations = outcome.get_asset_check_evaluations()
    assert len(evaluations) == len(defs.resolve_asset_graph().asset_check_keys)
    assert all(evaluation.passed for evaluation in evaluations)


def test_the_schedule_is_at_six_in_the_province_and_skips_a_quiet_day(
    defs: dg.Definitions, home: Path
) -> None:
    schedule = defs.resolve_schedule_def("every_morning")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "Asia/Shanghai")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    tick = schedule.evaluate_tick(dg.build_schedule_context())
    assert not tick.run_requests
    assert tick.skip_message is not None and province.current(home) in tick.skip_message
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    tick = schedule.evaluate_tick(dg.build_schedule_context())
    assert tick.run_requests is not None and len(tick.run_requests) == 1


def test_the_sensor_waits_until_a_file_has_been_quiet(
    defs: dg.Definitions, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = defs.resolve_sensor_def("inbox")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING

    def tick() -> dg.RunRequest | dg.SkipReason:
        result = sensor(dg.build_sensor_context())
        assert isinstance(result, dg.RunRequest | dg.SkipReason)
        return result

    assert isinstance(tick(), dg.SkipReason)
    province.revenue(home, "更正.csv", of="A", day="2026-03-02")
    assert isinstance(tick(), dg.SkipReason)
    later = time.time() + sensors.QUIET_SECONDS + 1
    monkeypatch.setattr("orchestration.sensors.time.time", lambda: later)
    first, second = tick(), tick()
    assert isinstance(first, dg.RunRequest) and isinstance(second, dg.RunRequest)
    assert first.run_key == second.run_key  # Dagster starts one run a key


def test_the_graph_is_drawn_from_the_parsed_project_that_was_kept_without_importing_dbt(home: Path) -> None:
    script = """
import sys
from pathlib import Path
from orchestration import dbt_runner
from orchestration.home import Home
assert dbt_runner.manifest(Home(Path(sys.argv[1])))["nodes"]
assert "dbt" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script, home], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_f15_a_broken_dagster_store_does_not_stop_a_run(home: Path, innostat: Program) -> None:
    for path in (home / "warehouse" / "dagster").rglob("*.db*"):
        path.write_bytes(b"no database " * 100)
    province.revenue(home, "更正.csv", of="A", yuan=900_000_000, day="2026-03-02")
    run = innostat("run", "--as-of", province.AS_OF, "--json", home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(run.stdout)["state"] == "published"
