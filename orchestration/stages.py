"""The named boundaries of a run, and the hook that kills it there in tests.

Here: the stages' order, names and boundaries. Not here: what a stage does (cycle.py).
"""

from __future__ import annotations

import os
import signal

STAGES = {
    "pull": ("取数", "pull"),
    "prepare": ("准备", "prepare"),
    "take_in": ("收件", "take in"),
    "settle": ("归并", "settle"),
    "build": ("计算", "build"),
    "disclose": ("保密", "disclose"),
    "check": ("检查", "check"),
    "judge": ("裁定", "judge"),
    "write": ("写出", "write"),
    "publish": ("发布", "publish"),
    "verify": ("核对", "verify"),
    # Of commands that are no run.
    "backup": ("备份", "back up"),
    "restore": ("恢复", "restore"),
    "prune": ("清理", "prune"),
}

BOUNDARIES = (
    "started",
    "inbox_scanned",
    "ledger_written",
    "typed",
    "taken_in",
    "settled",
    "built",
    "disclosed",
    "checked",
    "judged",
    "candidate_written",
    "release_renamed",
    "current_switched",
    "recorded",
)

# Of what people do to releases: approve, rollback, freeze.
ACT_BOUNDARIES = ("approval_named", "act_written")

# Of the home to and from an archive, and of old releases away.
HOME_BOUNDARIES = (
    "backup_begun",
    "backup_written",
    "restore_begun",
    "restore_written",
    "prune_noted",
    "prune_moved",
)


def boundary(name: str) -> None:
    """Pass a stage boundary; where INNOSTAT_FAULT names it the process dies here (F01, F04)."""
    if name not in BOUNDARIES + ACT_BOUNDARIES + HOME_BOUNDARIES:
        raise ValueError(f"not a stage boundary: {name}")
    if os.environ.get("INNOSTAT_FAULT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
