"""A home out of an archive: every byte proved before anything stands in its place.

Here: reading an archive that anybody may have made, once and from front to back. Not here: the archive's form and what
it may name (archive.py), the folder beside the target (aside.py), writing an archive (backup.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingestion.inbox import open_regular
from ingestion.store import LedgerError
from orchestration import archive
from orchestration.archive import CONTENTS, CURRENT, SEAL, ArchiveError, Contents, Member, rights, shown
from orchestration.aside import folder_beside, occupied, put_folder
from orchestration.home import Home, preflight, refuse_name
from orchestration.messages import Stop
from orchestration.stages import boundary
from orchestration.verification import verify
from publication.durable import fsync_tree

_CHUNK = 2**20
_TOLD = 10
# What tarfile makes of a stream that is cut off or damaged, and whoever reads records and manifests of those that are
# none of ours.
_UNREADABLE = (
    *(tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError),
    *(IndexError, OverflowError, struct.error, zlib.error),
)


def restore(root: Path, file: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Make a home at `root`, where there is none, of what the archive holds; else nothing is there that was not."""
    target = root.resolve()
    refuse_name(target)
    _refuse_place(target)
    with _opened(file) as tar, folder_beside(target) as aside:
        try:
            contents, head = _read_head(tar)
            _refuse_full(target, contents)
            _extract(tar, contents, aside, tell)
            _read_seal(tar, head)
            home = Home(aside)
            preflight(home)
            _refuse_damaged(verify(home, None, tell))
        except (ArchiveError, LedgerError, tarfile.TarError, EOFError) as error:
            zh, en = getattr(error, "zh", "内容中断或损坏"), getattr(error, "en", "it is cut off or damaged")
            raise _no_backup(file, zh, en) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # Of records and manifests that have their hash and are none of ours.
            raise _no_backup(
                file, "其中的运行记录或清单不合格式", "a record or manifest in it is none"
            ) from error
        except OSError as error:
            raise Stop(
                1,
                "not_restored",
                f"未能恢复（{error.filename or file}：{error.strerror}）；{target} 未改动。",
                f"not restored ({error.filename or file}: {error.strerror}); {target} is as it was.",
            ) from error
        for member in reversed(contents.members):
            if member.is_folder:
                (aside / member.path).chmod(rights(member))
        aside.chmod(contents.mode & 0o775 | 0o700)
        fsync_tree(aside)
        boundary("restore_written")
        put_folder(aside, target)
    return {
        "home": str(target),
        "file": str(file),
        "created_at": contents.created_at,
        "current": contents.current,
        "files": contents.files,
        "bytes": contents.size,
    }


def _refuse_place(target: Path) -> None:
    if not target.parent.is_dir():
        raise Stop(
            2,
            "no_such_folder",
            f"不能恢复到 {target}：文件夹 {target.parent} 不存在。请先建立，或另选位置。",
            f"cannot restore to {target}: there is no folder {target.parent}. Make it, or choose another place.",
        )
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise occupied(target)


def _no_backup(file: Path, zh: str, en: str) -> Stop:
    return Stop(
        1,
        "no_backup",
        f"{file} 不是完好的备份：{zh}。未恢复任何内容；请用另一份备份。",
        f"{file} is no whole backup: {en}. Nothing was restored; use another backup.",
    )


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    """The archive as a stream: it is read once, from front to back."""
    try:
        stream = os.fdopen(open_regular(file), "rb")
    except OSError as error:
        raise Stop(
            2,
            "no_such_file",
            f"读不了 {file}（{error.strerror}）。",
            f"cannot read {file} ({error.strerror}).",
        ) from error
    with stream:
        try:
            tar = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 - closed below; what opening it raises is told here
        except (*_UNREADABLE, OSError) as error:
            raise _no_backup(file, "它不是 tar 文件", "it is no tar file") from error
        with tar:
            yield tar


def _read_head(tar: tarfile.TarFile) -> tuple[Contents, bytes]:
    first = tar.next()
    if first is None or first.name != CONTENTS:
        raise ArchiveError(f"开头不是 {CONTENTS}", f"it does not begin with {CONTENTS}")
    head = _small(tar, first, archive.LARGEST_CONTENTS)
    return archive.read_contents(head), head


def _read_seal(tar: tarfile.TarFile, head: bytes) -> None:
    last = tar.next()
    if last is None or last.name != SEAL:
        raise ArchiveError("结尾缺失或多出内容", "its end is missing, or there is more than it says")
    if _small(tar, last, _CHUNK) != archive.seal_of(head):
        raise ArchiveError(f"{CONTENTS} 与其哈希不符", f"{CONTENTS} is not what its hash says")
    if tar.next() is not None:
        raise ArchiveError("结尾之后还有内容", "there is more behind its end")


def _small(tar: tarfile.TarFile, info: tarfile.TarInfo, largest: int) -> bytes:
    if not _is_file(info) or info.size > largest:
        raise ArchiveError(f"{shown(info.name)} 不合格式", f"{shown(info.name)} is not as it should be")
    file = tar.extractfile(info)
    return file.read() if file else b""


def _is_file(info: tarfile.TarInfo) -> bool:
    return info.isreg() and not info.issparse()


def _refuse_full(target: Path, contents: Contents) -> None:
    # Each file and folder takes a block of the file system at least.
    needed = contents.size + 4096 * len(contents.members)
    free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise Stop(
            1,
            "disk_full",
            f"磁盘空间不足：{target.parent} 可用 {free:,} 字节，恢复需要 {needed:,} 字节；未写任何内容。",
            f"not enough disk space in {target.parent}: {free:,} bytes free, the home takes {needed:,};"
            " nothing was written.",
            {"free": free, "needed": needed},
        )


def _extract(tar: tarfile.TarFile, contents: Contents, aside: Path, tell: Callable[[str], None]) -> None:
    """Just the members that the contents name, in their order, each of them what they say; and `current`."""
    done = 0
    for number, member in enumerate(contents.members):
        if number == len(contents.members) // 2:
            boundary("restore_begun")
        tell(f"{done * 100 // max(contents.size, 1)} % {shown(member.path)}")
        info = _next(tar, member.path, aside)
        if member.is_folder:
            if not info.isdir():
                raise _differs(member.path)
            (aside / member.path).mkdir(mode=0o700)
        else:
            _extract_file(tar, info, member, aside / member.path)
        done += member.size
    if contents.current is not None:
        link = _next(tar, CURRENT, aside)
        if not link.issym() or link.linkname != contents.current:
            raise _differs(CURRENT)
        (aside / CURRENT).symlink_to(contents.current)


def _next(tar: tarfile.TarFile, wanted: str, aside: Path) -> tarfile.TarInfo:
    info = tar.next()
    tar.members = []  # type: ignore[attr-defined]  # a list that grows with each; what was read need not be remembered
    if info is None:
        raise ArchiveError(f"在 {shown(wanted)} 处中断", f"it ends before {shown(wanted)}")
    if info.name != wanted:
        raise ArchiveError(
            f"该是 {shown(wanted)} 之处是 {shown(info.name)}",
            f"{shown(info.name)} stands in it where {shown(wanted)} should",
        )
    # Its own judgement of links, devices and paths besides ours; modes are ours.
    tarfile.data_filter(info, str(aside))
    return info


def _extract_file(tar: tarfile.TarFile, info: tarfile.TarInfo, member: Member, path: Path) -> None:
    if not _is_file(info) or info.size != member.size:
        raise _differs(member.path)
    source = tar.extractfile(info)
    if source is None:
        raise _differs(member.path)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        when = min(max(info.mtime, 0), 2**33)  # no file system has all that a header can say
        os.utime(file.fileno(), (when, when))
        os.fchmod(file.fileno(), rights(member))
    if digest.hexdigest() != member.sha256:
        raise _differs(member.path)


def _differs(path: str) -> ArchiveError:
    return ArchiveError(
        f"{shown(path)} 与其哈希或大小不符", f"{shown(path)} is not what its hash and size say"
    )


def _refuse_damaged(found: dict[str, Any]) -> None:
    """All is as the contents say; whether those are a home's is asked as of any home."""
    if not found["ok"]:
        offenders = found["offenders"][:_TOLD]
        raise ArchiveError(
            "；".join(one["zh"] for one in offenders), "; ".join(one["en"] for one in offenders)
        )
