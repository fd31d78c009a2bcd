"""What a run failed for want of, where the error itself speaks of something else: room on the disk, memory.

Here: those words. Not here: what is wrong with files, decisions or the home, which says so itself.
"""

from __future__ import annotations

import shutil

from orchestration.home import Home
from orchestration.messages import Stop

_HARDLY_ANYTHING = 2**22  # bytes: databases grow by some hundred kilobytes at a time


def lacking(home: Home, memory_limit: str, error: BaseException) -> Stop | None:
    """Words about what the run lacked; None where the error has its own, or lacked nothing that we know of.

    To be asked before anything is cleared away.
    """
    if not isinstance(error, Exception) or hasattr(error, "zh"):
        return None
    if type(error).__name__ == "OutOfMemoryException":  # DuckDB's, which need not be imported for this
        return Stop(
            1,
            "memory_short",
            f"内存限额（innostat.toml 的 [run] memory_limit = {memory_limit}）不够，现行发布不变；请调大后重新运行。",
            f"the limit of memory ([run] memory_limit = {memory_limit} in innostat.toml) is too low; "
            "the current release stands. Raise it and run again.",
        )
    return _full_disk(home)


def _full_disk(home: Home) -> Stop | None:
    """A word on a disk with hardly anything free, for what failed on it: that speaks of all else (F06)."""
    folders = (home.raw, home.warehouse, home.runs, home.releases)
    free, folder = min((shutil.disk_usage(folder).free, folder) for folder in folders)
    if free >= _HARDLY_ANYTHING:
        return None
    return Stop(
        1,
        "disk_full",
        f"磁盘空间不足（{folder} 仅剩 {free:,} 字节），运行未能完成，现行发布不变；请清理后重新运行。",
        f"the disk is full ({free:,} bytes free in {folder}): the run could not go on, the current release stands; "
        "make room and run again.",
        {"free": free},
    )
