"""What a run lacks or failed for want of, where the error itself speaks of something else: room on the disk, memory.

Here: those words. Not here: what is wrong with files, decisions or the home, which says so itself.
"""

from __future__ import annotations

import shutil

from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.news import News
from publication.releases import Releases

_HARDLY_ANYTHING = 2**22  # bytes: databases grow by some hundred kilobytes at a time


def require_room(home: Home, news: News) -> None:
    """Raises Stop where a run is sure to lack room, before it takes anything in (F06).

    Counted low, so that no run is refused that has it: new files are kept as they are, and the next release takes as much
    as the last. What the work takes besides is not known before.
    """
    wanted = {home.raw: sum(file.size for file in news.files), home.releases: 0}
    if news.standing is not None and news.any:
        files = Releases(home.root).manifest(news.standing)["files"].values()
        wanted[home.releases] = sum(file["size"] for file in files)
    by_device: dict[int, int] = {}
    for folder, size in wanted.items():
        device = folder.stat().st_dev
        by_device[device] = by_device.get(device, 0) + size
        free, needed = shutil.disk_usage(folder).free, by_device[device]
        if free < needed:
            raise Stop(
                1,
                "disk_full",
                f"磁盘空间不足：{folder} 可用 {free:,} 字节，新文件和新发布至少需要 {needed:,} 字节；"
                "尚未接收任何文件，现行发布不变。请清理后重新运行。",
                f"not enough disk space in {folder}: {free:,} bytes free, new files and the new release take at least "
                f"{needed:,}; nothing was taken in, the current release stands. Make room and run again.",
                {"free": free, "needed": needed},
            )


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
