"""Writing so that a power cut leaves the old or the new, and hashing what was written.

Belongs here: fsync, atomic replacement, SHA-256, private creation. Does not: knowledge of what the files are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_bytes(content: bytes) -> str:
    """The SHA-256 of bytes, as hex."""
    return hashlib.sha256(content).hexdigest()


def fsync_path(path: Path) -> None:
    """Flushes one file, or one directory's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_tree(root: Path) -> None:
    """Flushes every file below `root`, then every directory from the leaves up to `root` itself."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            fsync_path(Path(folder, name))
        fsync_path(Path(folder))


def write_atomic(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all: aside, flushed, renamed, and the rename flushed too."""
    aside = path.with_name(f".{path.name}.incoming")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    fsync_path(path.parent)


def point(link: Path, target: str) -> None:
    """Points a symbolic link at `target` in one step: a reader finds the old target or the new one."""
    aside = link.with_name(f".incoming-{link.name}")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    fsync_path(link.parent)
    os.replace(aside, link)
    fsync_path(link.parent)


def to_json(value: Any) -> bytes:
    """JSON as releases hold it: sorted keys, readable, Chinese as Chinese, one final line end."""
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def make_private(root: Path) -> None:
    """Files below `root` become mode 0600, directories 0700: for what is written beside other work of this process."""
    for folder, _, names in os.walk(root):
        os.chmod(folder, 0o700)
        for name in names:
            os.chmod(Path(folder, name), 0o600)


@contextlib.contextmanager
def private_files() -> Iterator[None]:
    """Within it, new files are mode 0600 from the moment they exist, side files of a database included.

    Says so for the whole process, threads and all.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
