"""The process environment that every library must find before it is imported: quiet, offline, ours.

Here: variables of the process. Not here: settings that a statistician may change (settings.py).
"""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.home import Home

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
# The code lists are seeds of the statistics; ingestion checks codes against the same files.
SEEDS = DBT_PROJECT / "seeds"

# dbt and Dagster call home by default, GX did until 1.x: a provincial office's run must not.
_QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "GX_ANALYTICS_ENABLED": "false",
    # Nothing here multiplies matrices, and numpy's threads for that wait for work by turning round and round.
    "OPENBLAS_NUM_THREADS": "1",
    # Python clears away dbt's named semaphores after a run that was cancelled or killed, and need not tell of it.
    "PYTHONWARNINGS": "ignore:resource_tracker",
}


def prepare(home: Home) -> None:
    """Make this process (and its children) silent on the network and at work in this home."""
    os.environ.update(_QUIET)
    os.environ["INNOSTAT_HOME"] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
