"""Looking into the inbox: which files lie there, under which source, with which content hash.

Belongs here: walking `inbox/<source>/…`, what is passed over, pairing a file with its sidecar, hashing, and
the index that makes an unchanged day cheap. Does not belong here: keeping the bytes (`store`), reading them
(`typed`). Standard library only: a day with nothing new imports no data library. Nothing in the inbox is ever
changed, and no link is followed: a link may lead out of the inbox.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

SIDECAR = ".meta.toml"
SIDECAR_LIMIT = 1 << 20
CHUNK = 1 << 20
# Two writes within one tick of a coarse clock leave the same times: a file as young as this is hashed again.
RACY_NS = 2_000_000_000
INDEX_VERSION = 1

_WORDS = {
    "unknown_source": (
        "收件箱中的文件夹“{}”不是任何数据来源，其中的文件未读取。请把文件移到正确来源的文件夹。",
        "the inbox folder '{}' is no known source, not read; move its files to their source's folder",
    ),
    "no_contract": (
        "台账中来源“{}”的文件没有对应的数据合同，本次未使用。",
        "the files of the source '{}' on record have no contract any more; they are not used",
    ),
    "no_source_folder": (
        "文件“{}”直接放在收件箱里，看不出来源，未读取。请放进某个来源的文件夹。",
        "the file '{}' lies in the inbox itself, not read; put it into its source's folder",
    ),
    "link": (
        "“{}”是链接，系统不跟随链接。请放入文件本身。",
        "'{}' is a link, and links are not followed; put the file itself there",
    ),
    "not_a_file": (
        "“{}”不是普通文件（设备或管道），未读取。",
        "'{}' is no regular file but a device or a pipe; not read",
    ),
    "no_permission": (
        "没有权限读取“{}”。请检查访问权限。",
        "no permission to read '{}'; check its access rights",
    ),
    "file_changing": (
        "文件“{}”正在写入，本次未读取，下次运行再试。",
        "the file '{}' is still being written; not read now, the next run tries again",
    ),
    "sidecar_without_file": (
        "说明文件“{}”旁边没有它所说明的数据文件。",
        "the sidecar '{}' has no data file beside it",
    ),
    "sidecar_too_large": (
        "文件“{}”的说明文件超过 1 MB，两者都未读取。",
        "the sidecar of '{}' is larger than 1 MB; neither of the two is read",
    ),
}


@dataclass(frozen=True)
class Problem:
    """Something in the inbox that is not loaded, in words for the person who put it there."""

    code: str
    path: str  # below inbox/
    zh: str
    en: str


@dataclass(frozen=True)
class InboxFile:
    """One regular file of a known source as it lay there at the time of the scan."""

    source: str
    name: str  # below inbox/<source>, as readable text
    path: Path
    sha256: str
    size: int
    sidecar: bytes | None

    @cached_property
    def sidecar_sha256(self) -> str:
        """Hash of the sidecar's bytes; "" where there is none."""
        return "" if self.sidecar is None else hashlib.sha256(self.sidecar).hexdigest()


@dataclass(frozen=True)
class Scan:
    """Everything found in the inbox, in a fixed order."""

    files: list[InboxFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def problem(code: str, path: str) -> Problem:
    """The problem of this kind at this path, in both languages."""
    zh, en = _WORDS[code]
    return Problem(code, path, zh.format(path), en.format(path))


def scan(home: Path, sources: Container[str]) -> Scan:
    """Find and hash every file of the inbox; `sources` are the folder names that are expected there."""
    inbox = home / "inbox"
    index = _Index(home / "warehouse" / "inbox_index.json")
    found = Scan()
    for entry in _entries(inbox):
        name = readable(entry.name)
        if entry.is_symlink():
            found.problems.append(problem("link", name))
        elif not entry.is_dir(follow_symlinks=False):
            found.problems.append(problem("no_source_folder", name))
        elif entry.name not in sources:
            found.problems.append(problem("unknown_source", name))
        else:
            _scan_source(name, Path(entry.path), index, found)
    index.save()
    return found


def _scan_source(source: str, folder: Path, index: _Index, found: Scan) -> None:
    files, problems = _walk(source, folder)
    found.problems.extend(problems)
    for name, path in sorted(files.items()):
        shown = f"{source}/{name}"
        if name.endswith(SIDECAR):
            if name.removesuffix(SIDECAR) not in files:
                found.problems.append(problem("sidecar_without_file", shown))
            continue
        beside = files.get(name + SIDECAR)
        try:
            sha256, size = index.sha256(path)
            sidecar = None if beside is None else _read_sidecar(beside)
        except PermissionError:
            found.problems.append(problem("no_permission", shown))
        except (OSError, _ChangedError):
            found.problems.append(problem("file_changing", shown))
        else:
            if sidecar is not None and len(sidecar) > SIDECAR_LIMIT:
                found.problems.append(problem("sidecar_too_large", shown))
            else:
                found.files.append(InboxFile(source, name, path, sha256, size, sidecar))


def _walk(source: str, folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    """Regular files below a source's folder by readable name, and what is neither file nor folder."""
    files: dict[str, Path] = {}
    problems: list[Problem] = []
    waiting = [folder]
    while waiting:
        below = waiting.pop()
        try:
            entries = list(_entries(below))
        except PermissionError:
            problems.append(problem("no_permission", f"{source}/{readable(os.path.relpath(below, folder))}"))
            continue
        for entry in entries:
            name = readable(os.path.relpath(entry.path, folder))
            if entry.is_symlink():
                problems.append(problem("link", f"{source}/{name}"))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                files[name] = Path(entry.path)
            else:
                problems.append(problem("not_a_file", f"{source}/{name}"))
    return files, sorted(problems, key=lambda problem: problem.path)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, but for the litter that programs leave beside a person's files."""
    try:
        found = os.scandir(folder)
    except FileNotFoundError:  # moved away a moment ago: what is left there is seen next time
        return
    with found as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = entry.name.lower()
            hidden = name.startswith((".", "~$")) or name in ("thumbs.db", "desktop.ini")
            if not hidden and not name.endswith((".tmp", ".part", ".crdownload")):
                yield entry


def readable(name: str) -> str:
    """A file name as text: names that are not UTF-8 mostly are GBK, out of a zip made on Windows."""
    return decode(os.fsencode(name))


def decode(raw: bytes) -> str:
    """Short Chinese text in UTF-8 or GBK; bytes that are neither come out as escapes.

    Some words in GBK are valid UTF-8 by chance (千元 reads ǧԪ): then they are made of two-byte characters
    only, which Chinese text in UTF-8 never is.
    """
    with contextlib.suppress(UnicodeDecodeError):
        text = raw.decode("utf-8-sig")
        if raw.startswith(codecs.BOM_UTF8) or text.isascii() or max(text) > "\u07ff":
            return text
    return raw.decode("gb18030", "backslashreplace")


def open_regular(path: Path) -> int:
    """A read-only descriptor that follows no link and never waits for a pipe's other end."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)


def _read_sidecar(path: Path) -> bytes:
    with os.fdopen(open_regular(path), "rb") as handle:
        return handle.read(SIDECAR_LIMIT + 1)


class _ChangedError(Exception):
    """The file was written to while it was hashed."""


class _Index:
    """A cache of hashes by path, size, times and inode. Losing it costs time, never correctness."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old = self._load()
        self._new: dict[str, list[Any]] = {}

    def sha256(self, path: Path) -> tuple[str, int]:
        """Hash and size of a file, which is read only if something about it differs from the last time."""
        key = str(path).encode("utf-8", "backslashreplace").decode()
        known = self._old.get(key)
        now = path.stat(follow_symlinks=False)
        if known is not None and known[:-1] == _stamp(now):
            self._new[key] = known
            return known[-1], now.st_size
        started = time.time_ns()
        digest = hashlib.sha256()
        with os.fdopen(open_regular(path), "rb") as handle:
            before = os.fstat(handle.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise _ChangedError
            left = before.st_size
            while left > 0 and (chunk := handle.read(min(CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
            after = os.fstat(handle.fileno())
        if _stamp(before) != _stamp(after):
            raise _ChangedError
        if max(after.st_mtime_ns, after.st_ctime_ns) < started - RACY_NS:
            self._new[key] = [*_stamp(after), digest.hexdigest()]
        return digest.hexdigest(), after.st_size

    def save(self) -> None:
        """Keep what was learned. A cache that cannot be written is no reason to stop: it only costs time."""
        if self._new == self._old:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            temporary.write_text(json.dumps({"version": INDEX_VERSION, "files": self._new}), encoding="utf-8")
            os.replace(temporary, self._path)

    def _load(self) -> dict[str, list[Any]]:
        try:
            content = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        files = content.get("files") if isinstance(content, dict) else None
        if not isinstance(files, dict) or content.get("version") != INDEX_VERSION:
            return {}
        return {path: row for path, row in files.items() if isinstance(row, list) and len(row) == 5}


def _stamp(status: os.stat_result) -> list[int]:
    # ctime too: copying programs set mtime back to the original's, but nothing sets ctime back.
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
