"""A file or a folder that is written beside its target and takes its place when it is whole, or goes.

Here: the one beside, what a killed process left of it, the step into place, which never takes the place of anything.
Not here: what is written (backup.py, restore.py); runs and releases have their own (records.py, publication).
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ingestion.inbox import open_regular
from orchestration.messages import Stop
from publication.durable import fsync_path


@contextmanager
def file_beside(target: Path) -> Iterator[IO[bytes]]:
    """A private file beside the target, which becomes it when all is on disk; whatever happens before, it goes."""
    aside = target.with_name(f".{target.name}.incoming")
    _clear(aside)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with _told_to_end():
        try:
            with os.fdopen(descriptor, "wb") as file:
                _claim(file.fileno())
                yield file
                file.flush()
                os.fsync(file.fileno())
                _put_file(aside, target)
                with suppress(OSError):  # not every network drive flushes folders; the file is on disk
                    fsync_path(target.parent)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Within it, SIGTERM ends the process as Ctrl-C does: what is beside goes first. What a kill leaves, the next clears."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _claim(descriptor: int) -> bool:
    """Whether nobody else has it; from now on, for as long as this process has it open, it is ours."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system that knows no locks
        return True
    return True


def _clear(aside: Path) -> None:
    """What a backup that was killed left; one that is under way, of another home, is left alone."""
    with suppress(FileNotFoundError):
        descriptor = open_regular(aside)
        try:
            if not _claim(descriptor):
                raise Stop(
                    4,
                    "backup_under_way",
                    f"另一个备份正在写 {aside}。请等它结束，或换一个名称。",
                    f"another backup is writing {aside}. Wait for it, or choose another name.",
                )
            # Not written over: it may have been put in place already, and is then the same file under two names.
            aside.unlink()
        finally:
            os.close(descriptor)


def _put_file(aside: Path, target: Path) -> None:
    """In place, without taking the place of anything that came there meanwhile."""
    try:
        os.link(aside, target)
    except FileExistsError:
        raise exists(target) from None
    except OSError:  # a file system without hard links, as on a memory stick
        if os.path.lexists(target):
            raise exists(target) from None
        os.rename(aside, target)


def exists(target: Path) -> Stop:
    """A word on a file that stands where one was to be written."""
    return Stop(
        2,
        "file_exists",
        f"{target} 已存在，备份从不覆盖文件。请换一个名称。",
        f"{target} exists, and no backup is written over a file. Choose another name.",
    )


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """A private folder beside the target, for `put_folder`; if it was not put in place in the end, it goes."""
    aside = target.with_name(f".{target.name}.incoming")
    if aside.is_dir() and not aside.is_symlink():
        with _held(aside):
            _remove(aside)  # of a process that was killed
    aside.mkdir(mode=0o700)
    with _held(aside), _told_to_end():
        try:
            yield aside
        finally:
            _remove(aside)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder, for this process alone, for as long as it lives."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not _claim(descriptor):
            raise Stop(
                4,
                "restore_under_way",
                f"另一个进程正在恢复到此处（{folder}）。请等它结束。",
                f"another process is restoring to this place ({folder}). Wait for it.",
            )
        yield
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    if os.path.lexists(folder):
        shutil.rmtree(folder)


def put_folder(aside: Path, target: Path) -> None:
    """In place by one rename, which an empty folder gives way to and nothing else."""
    try:
        os.rename(aside, target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise occupied(target) from None
        raise Stop(
            2,
            "place_not_usable",
            f"不能把 {target} 换成恢复的数据目录（{error.strerror}）；它若是挂载点，请恢复到它下面的文件夹。",
            f"{target} can't become the restored home ({error.strerror}); if it is a mount point, restore to a folder"
            " below it.",
        ) from error
    fsync_path(target.parent)


def occupied(target: Path) -> Stop:
    """A word on a home, or anything, that stands where one was to be made."""
    return Stop(
        2,
        "home_not_empty",
        f"{target} 不是空的，恢复从不覆盖任何内容。请另选位置：innostat restore 文件 --home 目录",
        f"{target} is not empty, and nothing is restored over anything. Choose another place:"
        " innostat restore FILE --home DIR",
    )
