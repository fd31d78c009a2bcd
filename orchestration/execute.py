"""Run the asset graph in this process: what `innostat run` does once it knows that there is something new.

Here: the call into Dagster and what its silence needs. Not here: graph (definitions.py), stages (cycle.py).
"""

from __future__ import annotations

import gc
import warnings
from typing import TYPE_CHECKING

from ingestion.store import RawStore
from orchestration import dbt_runner
from orchestration.progress import log
from orchestration.run import Run

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Objects made since the last look for garbage, by generation. Modules and parsed projects stay to the end of a run:
# going through them again and again took 0.7 of 30 s.
_RARELY = (2_000_000, 20, 100)


def execute(run: Run) -> None:
    """All assets of the graph, in order; raises what stopped them unless the gate did."""
    if not run.news.files and not RawStore(run.home.root).deliveries():
        refuse_empty(run)
    run.progress.begin("prepare")
    if dbt_runner.is_parsed(run.home):  # else preparing parses it, and settling starts the process
        run.builder()
    gc.set_threshold(*_RARELY)
    warnings.filterwarnings("ignore", module="dagster")
    # Not later: Dagster raises Ctrl-C inside whatever is under way, and this import ends the process at once by it.
    import duckdb  # noqa: F401 - for the stages, which find it imported

    from orchestration.definitions import JOB, build_defs

    job = build_defs({"run": run}).resolve_job_def(JOB)
    with _instance() as instance:
        run.progress.end()
        outcome = job.execute_in_process(instance=instance, raise_on_error=False)
    if run.failure is not None:
        raise run.failure
    if not outcome.success:
        failed = [event for event in outcome.all_events if event.is_failure]
        raise RuntimeError(
            str(failed[0].event_specific_data) if failed else "the Dagster job failed without a reason"
        )


def refuse_empty(run: Run) -> None:
    """Nothing was ever delivered: say how to begin instead of building an empty province."""
    from orchestration.cycle import refuse
    from quality.verdict import Reason

    refuse(
        run,
        (
            Reason(
                "empty_inbox",
                "",
                f"收件夹是空的，也从未收到过文件：{run.home.inbox}",
                f"the inbox is empty and no file was ever delivered: {run.home.inbox}",
                "请把文件放入 inbox/<来源>/，或用 innostat sample 放入示例省份，再执行 innostat run。",
                "Put files into inbox/<source>/, or a sample with innostat sample; then innostat run.",
            ),
        ),
    )


def _instance() -> DagsterInstance:
    """The home's Dagster storage; where it is broken the run goes on without a history there (F15)."""
    import sqlite3

    import dagster as dg
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return dg.DagsterInstance.get()
    except (sqlite3.Error, SQLAlchemyError, OSError) as error:
        log.warning("Dagster's storage cannot be used (%s); this run will not show in the web page", error)
        return dg.DagsterInstance.ephemeral()
