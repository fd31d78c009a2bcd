"""The one set of Dagster definitions, used by `innostat run`, `innostat ui` and the tests alike.

Here: which assets, job, schedule and sensor there are. Not here: what they do.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from orchestration import dbt_runner
from orchestration.assets import release_asset, source_assets, warehouse_assets
from orchestration.clock import today
from orchestration.environment import prepare
from orchestration.home import Home, open_home
from orchestration.progress import Progress
from orchestration.run import Run, open_run
from orchestration.sensors import daily_schedule, inbox_sensor
from orchestration.settings import load_settings

JOB = "daily"


@dg.resource(
    description="One run on the home, under its lock: opened when a job starts, recorded when it ends."
)
@contextmanager
def run_resource(context: dg.InitResourceContext) -> Iterator[Run]:
    """A run of today, for jobs that the daemon or a person in the web page starts."""
    home = _home()
    with open_run(home, load_settings(home.settings_file), today(), Progress()) as run:
        yield run


def build_defs(overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """The production definitions of this process's home; `overrides` replaces resources."""
    home = _home()
    manifest = dbt_runner.manifest(home)
    job = dg.define_asset_job(
        JOB,
        description="一次完整运行：收件、计算、检查、发布 | One whole cycle: take in, build, check, publish",
        # The stages speak for themselves, in the run's log; Dagster's own debug lines would drown them.
        config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return dg.Definitions(
        assets=[source_assets(), warehouse_assets(manifest), release_asset(manifest)],
        jobs=[job],
        schedules=[daily_schedule(job)],
        sensors=[inbox_sensor(job)],
        resources={"run": run_resource, **(overrides or {})},
        # One process: a process an asset costs 1.6 s each, and the stages follow one another anyway.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -m orchestration.definitions` loads."""
    return build_defs()


def _home() -> Home:
    home = open_home(Path(os.environ.get("INNOSTAT_HOME", "home")))
    prepare(home)
    return home
