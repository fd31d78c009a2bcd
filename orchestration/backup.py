"""The home into one archive: everything that can't be made again, and nothing that is not what was written.

Here: what is asked before, and writing the archive whole or not at all. Not here: what of a home is kept (kept.py), the
archive's form (archive.py), hashing releases and the raw store (verification.py), making a home of it (restore.py).
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from orchestration import archive, clock
from orchestration.archive import CONTENTS, CURRENT, SEAL, Contents, Member
from orchestration.aside import exists, file_beside
from orchestration.home import Home
from orchestration.kept import list_kept
from orchestration.messages import Stop
from orchestration.recovery import alone
from orchestration.stages import boundary
from orchestration.standing import REFUSED
from orchestration.verification import verify
from publication.releases import Releases

_TOLD = 10


def back_up(home: Home, file: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Write the archive; refuses a home that is damaged, for a backup of it would pass for a good one."""
    target = file.absolute().parent.resolve() / file.name
    _refuse_place(home, target)
    with alone(home, "backup"):
        _refuse_damaged(verify(home, None, tell))
        listing = list_kept(home, tell)
        contents = Contents(
            created_at=clock.now(),
            mode=stat.S_IMODE(home.root.stat().st_mode) & 0o777,
            current=Releases(home.root).current(),
            members=tuple(listing.members),
        )
        _refuse_full(target, contents)
        try:
            with file_beside(target) as aside:
                _write(home, contents, aside, tell)
                boundary("backup_written")
        except (OSError, tarfile.TarError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Stop(
                1,
                "backup_not_written",
                f"备份未完成（{getattr(error, 'filename', None) or target}：{why}），没有留下半个文件。",
                f"the backup was not finished ({getattr(error, 'filename', None) or target}: {why});"
                " no half of it was left.",
            ) from error
    return {
        "file": str(target),
        "size": target.stat().st_size,
        "current": contents.current,
        "files": contents.files,
        "bytes": contents.size,
        "left_out": listing.left_out,
    }


def _refuse_place(home: Home, target: Path) -> None:
    home.keep_out(target)
    if target.is_relative_to(home.root):
        raise Stop(
            2,
            "inside_home",
            f"备份不能放在它所备份的数据目录里：{target}。请另选位置，最好在另一块磁盘上。",
            f"a backup can't lie inside the home that it is of: {target}. Choose another place, best on another disk.",
        )
    if os.path.lexists(target):
        raise exists(target)


def _refuse_damaged(found: dict[str, Any]) -> None:
    if found["ok"]:
        return
    offenders, trouble = found["offenders"], found["trouble"]
    more = len(offenders) - _TOLD
    zh = "；".join(one["zh"] for one in offenders[:_TOLD]) + (f"……另有 {more} 处" if more > 0 else "")
    en = "; ".join(one["en"] for one in offenders[:_TOLD]) + (f" … and {more} more" if more > 0 else "")
    damaged_release = trouble is not None and trouble["code"] == "release_damaged"
    raise Stop(
        REFUSED,
        "home_damaged",
        f"数据目录有损坏，未作备份（以免它被当作完好的备份）：{zh}。"
        + (trouble["zh"] if damaged_release else "请先从以前的备份恢复所列内容。"),
        f"the home is damaged and was not backed up, lest it pass for a good backup: {en}. "
        + (trouble["en"] if damaged_release else "First restore what is listed from an earlier backup."),
        {"offenders": offenders},
    )


def _refuse_full(target: Path, contents: Contents) -> None:
    # A header of a block or three, and what fills the last block of each.
    needed = contents.size + 2048 * len(contents.members) + 2**20
    free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise Stop(
            1,
            "disk_full",
            f"磁盘空间不足：{target.parent} 可用 {free:,} 字节，备份约需 {needed:,} 字节；未写任何内容。",
            f"not enough disk space in {target.parent}: {free:,} bytes free, the backup takes about {needed:,};"
            " nothing was written.",
            {"free": free, "needed": needed},
        )


def _write(home: Home, contents: Contents, aside: IO[bytes], tell: Callable[[str], None]) -> None:
    head = contents.to_json()
    if len(head) > archive.LARGEST_CONTENTS:
        raise Stop(
            1,
            "too_many_files",
            f"文件太多（{contents.files:,} 个），超出备份格式的上限。请先用 innostat prune 清理旧发布。",
            f"too many files ({contents.files:,}) for the form of the backup. Clear old releases with innostat prune.",
        )
    done = 0
    with tarfile.open(fileobj=aside, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, CONTENTS, head)
        for number, member in enumerate(contents.members):
            if number == len(contents.members) // 2:
                boundary("backup_begun")
            tell(f"{done * 100 // max(contents.size, 1)} % {archive.shown(member.path)}")
            _add_member(tar, home, member)
            tar.getmembers().clear()  # what is written need not be remembered
            done += member.size
        if contents.current is not None:
            link = tarfile.TarInfo(CURRENT)
            link.type, link.linkname, link.mode = tarfile.SYMTYPE, contents.current, 0o777
            tar.addfile(link)
        _add(tar, SEAL, archive.seal_of(head))


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def _add_member(tar: tarfile.TarFile, home: Home, member: Member) -> None:
    path = home.root / member.path
    info = tarfile.TarInfo(member.path)
    info.mode, info.size = member.mode, member.size
    if member.is_folder:
        info.type, info.mtime = tarfile.DIRTYPE, int(path.stat().st_mtime)
        tar.addfile(info)
        return
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            info.mtime = int(found.st_mtime)
            # The log of queries may grow meanwhile: what was there is kept.
            changed = found.st_size != member.size and path != home.queries
            hashing = _Hashing(file)
            if not changed:
                tar.addfile(info, hashing)
            changed = changed or hashing.digest.hexdigest() != member.sha256
    except FileNotFoundError:
        changed = True
    if changed:
        raise Stop(
            1,
            "changed_meanwhile",
            f"{path} 在备份期间被改动，备份未完成，没有留下半个文件。请重新执行。",
            f"{path} was changed while it was backed up; the backup was not finished and no half of it left."
            " Run it again.",
        )


class _Hashing(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        content = self._file.read(size)
        self.digest.update(content)
        return content
