"""Files of a folder elsewhere: a mounted share or S3-compatible storage, through fsspec.

Belongs here: listing, what is passed over, fetching each file once. Does not belong here: what is in the
files. The rules are those of the inbox: no links, no litter, a sidecar goes with its file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import fsspec  # type: ignore[import-untyped]  # it has no types

from ingestion.contract import Source
from ingestion.inbox import CHUNK, SIDECAR, SIDECAR_LIMIT, InboxFile, Problem, problem, readable
from ingestion.pull.contract import Folder, Pull
from ingestion.pull.spool import Spool
from ingestion.pull.words import hidden, refused
from ingestion.store import delivery_id

_LITTER_STARTS, _LITTER_ENDS = (".", "~$"), (".tmp", ".part", ".crdownload")
_RACY_SECONDS = 2.0
_LITTER = {"thumbs.db", "desktop.ini"}
_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_Info = dict[str, Any]


class _ChangingError(Exception):
    """The file was written to while it was fetched."""


def bring(spool: Spool, pull: Pull, source: Source) -> tuple[list[InboxFile], list[Problem]]:
    """Fetch the files that are not known yet; one that is being written is tried again next time."""
    assert isinstance(pull, Folder)
    with _in_words(urlsplit(pull.url).scheme):
        # Neither a listing nor a connection of an earlier run may answer for this one.
        fs = fsspec.filesystem(urlsplit(pull.url).scheme, use_listings_cache=False, skip_instance_cache=True)
        root = fs._strip_protocol(pull.url).rstrip("/")
        found, problems = _list(fs, root, spool.title)
    wanted = {name: info for name, info in found.items() if _is_wanted(name, pull.pattern)}
    if not wanted:
        raise refused("no_match", pattern=pull.pattern)

    # What was fetched before is on record by now, or is fetched again.
    shutil.rmtree(spool.folder / "files", ignore_errors=True)
    remembered = spool.state.get("files", {})
    memory: dict[str, Any] = {}
    files: list[InboxFile] = []
    waiting: list[str] = []
    for name, info in sorted(wanted.items()):
        beside = found.get(name + SIDECAR)
        stamp = _stamp(info) + (_stamp(beside) if beside else "")
        if (known := remembered.get(name)) and known[0] == stamp and known[1] in spool.known:
            memory[name] = known
            continue
        shown = f"{spool.title}/{name}"
        try:
            with _in_words(urlsplit(pull.url).scheme):
                file = _fetch(fs, spool, shown, info, beside)
        except _ChangingError:
            problems.append(problem("file_changing", shown))
            waiting.append(name)
            continue
        if file.sidecar is not None and len(file.sidecar) > SIDECAR_LIMIT:
            problems.append(problem("sidecar_too_large", shown))
            continue
        if not _is_racy(info):
            memory[name] = [stamp, delivery_id(file.source, file.sha256, file.sidecar_sha256)]
        files.append(file)
    if waiting and source.mode == "full":
        raise refused("file_waits", files="、".join(waiting))
    spool.state["files"] = memory
    return files, problems


def _list(fs: Any, root: str, title: str) -> tuple[dict[str, _Info], list[Problem]]:
    """The files below the root by relative name; no link is followed, so no folder is met twice."""
    files: dict[str, _Info] = {}
    problems: list[Problem] = []
    waiting = [root]
    while waiting:
        below = waiting.pop()
        for info in fs.ls(below, detail=True):
            path = str(info["name"]).rstrip("/")
            name = readable(path.removeprefix(root).lstrip("/"))
            last = name.rpartition("/")[2].lower()
            if (
                path == below
                or last in _LITTER
                or last.startswith(_LITTER_STARTS)
                or last.endswith(_LITTER_ENDS)
            ):
                continue  # an object store lists the folder's own marker too
            if info.get("islink"):
                problems.append(problem("link", f"{title}/{name}"))
            elif info["type"] == "directory":
                waiting.append(path)
            elif info["type"] == "file":
                files[name] = info
            else:
                problems.append(problem("not_a_file", f"{title}/{name}"))
    return files, sorted(problems, key=lambda one: one.path)


def _is_wanted(name: str, pattern: str) -> bool:
    """`*.csv` matches in every subfolder; a pattern with folders matches from the right."""
    return not name.endswith(SIDECAR) and PurePosixPath(name).match(pattern)


def _fetch(fs: Any, spool: Spool, shown: str, info: _Info, beside: _Info | None) -> InboxFile:
    """A copy of the file under its hash: names from elsewhere never become paths here."""
    folder = spool.folder / "files"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".part"
    digest, size = hashlib.sha256(), 0
    # A listing tells other facts than a look at the one file: only looks compare.
    before = fs.info(info["name"])
    with fs.open(info["name"], "rb") as incoming, part.open("wb") as kept:
        while chunk := incoming.read(CHUNK):
            digest.update(chunk)
            size += kept.write(chunk)
    sidecar = None
    if beside is not None:
        with fs.open(beside["name"], "rb") as incoming:
            sidecar = incoming.read(SIDECAR_LIMIT + 1)
    if size != before["size"] or _stamp(fs.info(info["name"])) != _stamp(before):
        raise _ChangingError
    sha256 = digest.hexdigest()
    path = folder / sha256
    os.replace(part, path)
    return InboxFile(spool.pull.source, shown, path, sha256, size, sidecar)


def _stamp(info: _Info) -> str:
    """What tells one state of a file from another: size, times, inode, or the store's own tag."""
    told = {key: str(value) for key, value in info.items() if value is not None}
    return hashlib.sha256(repr(sorted(told.items())).encode("utf-8", "backslashreplace")).hexdigest()


def _is_racy(info: _Info) -> bool:
    """Two writes within one tick of a coarse clock leave the same times: so young a file is fetched again."""
    changed = max(
        (info[key] for key in ("mtime", "created") if isinstance(info.get(key), float)), default=0.0
    )
    return changed > time.time() - _RACY_SECONDS


@contextmanager
def _in_words(protocol: str) -> Iterator[None]:
    """Errors of file systems and stores as refusals."""
    try:
        yield
        return
    except (ImportError, ValueError) as error:
        reason = refused("protocol_missing", _hide(), protocol=protocol, detail=error)
    except _store_errors() as error:
        detail = hidden(str(error), _hide()) or type(error).__name__
        reason = refused("folder_unreadable", detail=f"{type(error).__name__}: {detail}")
    raise reason


def _store_errors() -> tuple[type[Exception], ...]:
    """OSError, and botocore's own errors where s3fs has loaded it."""
    loaded = sys.modules.get("botocore.exceptions")
    return (OSError, loaded.BotoCoreError, loaded.ClientError) if loaded else (OSError,)


def _hide() -> list[str]:
    return [os.environ.get(name, "") for name in _SECRETS]
