"""The releases of a home: publishing a candidate, switching `current`, reading manifests, checking hashes.

Belongs here: everything that names, moves or judges release directories. Does not: writing their contents
(candidate.py), deciding whether to publish (quality.verdict). Callers hold the run lock while they publish.

A release appears by one rename and becomes current by another; between the two the old one stands.
What a dead process left half done begins with `.incoming` and is removed by the next one.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publication.durable import (
    fsync_path,
    fsync_tree,
    point,
    private_files,
    sha256_bytes,
    sha256_file,
    to_json,
    write_atomic,
)
from publication.errors import ReleaseError

MANIFEST = "manifest.json"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OWNER_ONLY = "confidential.duckdb"


@dataclass(frozen=True)
class Release:
    """One line of the list of releases; run and as-of date are empty where the manifest can't be read."""

    release_id: str
    run_id: str
    as_of: str
    current: bool


@dataclass(frozen=True)
class Verification:
    """What a release's files are against its manifest: paths relative to the release, sorted."""

    release_id: str
    checked: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every file is there, unchanged, and nothing else is."""
        return not (self.missing or self.changed or self.unexpected)


class Releases:
    """The folder `releases/` of one home."""

    def __init__(self, home: Path) -> None:
        self.root = home / "releases"
        self._link = self.root / "current"

    def list(self) -> list[Release]:
        """Every release, oldest first; a directory without a manifest is none."""
        now = self.pointed()
        found = sorted(
            path.parent
            for path in self.root.glob(f"*/{MANIFEST}")
            if path.parent != self._link and not path.parent.is_symlink()
        )
        return [_line(path, path.name == now) for path in found if _ID.fullmatch(path.name)]

    def current(self) -> str | None:
        """The id of the current release, or None before the first; refuses a pointer that leads nowhere."""
        if not os.path.lexists(self._link):
            return None
        if not self._link.is_symlink():
            raise ReleaseError(
                "current_not_a_link",
                f"{self._link} 应为符号链接，现为普通文件或目录；请移走后用 innostat rollback 重新指定。",
                f"{self._link} should be a symbolic link and is not; "
                "move it away, then name a release with innostat rollback.",
            )
        release_id = os.readlink(self._link)
        if not _ID.fullmatch(release_id) or not (self.root / release_id / MANIFEST).is_file():
            raise ReleaseError(
                "current_dangling",
                f"{self._link} 指向的发布 {release_id} 已不存在或不完整；"
                "请从备份恢复，或用 innostat rollback 指向其他发布。",
                f"{self._link} points to release {release_id}, which is gone or not whole; "
                "restore it from a backup, or point to another with innostat rollback.",
            )
        return release_id

    def pointed(self) -> str | None:
        """What `current` says, whether or not it is there: for whoever is about to point it elsewhere."""
        return os.readlink(self._link) if self._link.is_symlink() else None

    def path(self, release_id: str) -> Path:
        """The directory of a release that exists."""
        if not _ID.fullmatch(release_id) or not (self.root / release_id / MANIFEST).is_file():
            raise ReleaseError(
                "release_unknown",
                f"没有发布 {release_id}；可用 innostat releases 查看全部发布。",
                f"there is no release {release_id}; innostat releases lists them.",
            )
        return self.root / release_id

    def manifest(self, release_id: str) -> dict[str, Any]:
        """The manifest of a release."""
        return _read_manifest(self.path(release_id))

    def verify(self, release_id: str) -> Verification:
        """Every file of a release hashed again and compared with its manifest."""
        return verify_directory(self.path(release_id), release_id)

    def publish(self, candidate: Path, release_id: str, make_current: bool) -> Path:
        """Makes a candidate a release and, if so wished, the current one."""
        added = self.add(candidate, release_id)
        if make_current:
            self.make_current(release_id)
        return added

    def add(self, candidate: Path, release_id: str) -> Path:
        """Moves a whole candidate to its place, read-only and flushed; `current` stays as it is."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.sweep()
        target = self.root / release_id
        if not _ID.fullmatch(release_id) or release_id == self._link.name or os.path.lexists(target):
            raise ReleaseError(
                "release_exists",
                f"发布编号 {release_id} 不可用（已存在或不合规）；已有发布不会被改动。",
                f"release id {release_id} can't be used (taken, or not well formed); "
                "existing releases are never changed.",
            )
        checked = verify_directory(candidate, release_id)
        named = _read_manifest(candidate).get("release_id")
        if not checked.ok or named != release_id:
            offenders = (
                ", ".join((*checked.missing, *checked.changed, *checked.unexpected)) or f"release_id {named}"
            )
            raise ReleaseError(
                "candidate_differs",
                f"候选发布 {candidate} 与其清单不符：{offenders}；请重新运行。",
                f"candidate {candidate} is not what its manifest says: {offenders}; run again.",
            )
        _close(candidate)
        fsync_tree(candidate)
        try:
            os.rename(candidate, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            raise ReleaseError(
                "two_file_systems",
                f"runs/ 与 releases/ 须在同一文件系统：{candidate} → {target}",
                f"runs/ and releases/ must be on one file system: {candidate} → {target}",
            ) from error
        fsync_path(self.root)
        fsync_path(candidate.parent)
        return target

    def make_current(self, release_id: str) -> None:
        """Switches `current` to a release that exists, in one step."""
        self.path(release_id)
        if os.path.lexists(self._link) and not self._link.is_symlink():
            self.current()  # refuses, in words
        point(self._link, release_id)

    def take_out(self, release_id: str) -> None:
        """Takes a release away in one step; `sweep` clears what it was. Whoever has it open keeps reading it."""
        os.rename(self.path(release_id), self.root / f".incoming-{release_id}")
        fsync_path(self.root)

    def sweep(self) -> None:
        """Clears what was on its way here when its process died, or on its way out."""
        for left in self.root.glob(".incoming*"):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()


def _line(path: Path, current: bool) -> Release:
    try:
        manifest = _read_manifest(path)
    except ReleaseError:
        return Release(path.name, "", "", current)  # the others are still there to be listed
    return Release(path.name, manifest["run_id"], manifest["as_of"], current)


def name_approval(candidate: Path, approval: Mapping[str, Any]) -> None:
    """Names an approval in the manifest of a candidate, whole or not at all; a second call replaces the first."""
    manifest = _read_manifest(candidate)
    named = [*_without_approval(manifest)["approvals"], dict(approval)]
    with private_files():
        write_atomic(candidate / MANIFEST, to_json({**manifest, "approvals": named}))


def candidate_sha256(directory: Path) -> str:
    """The hash of a manifest as its candidate was written: an approval that it names came afterwards."""
    manifest = _read_manifest(directory)
    before = _without_approval(manifest)
    if before == manifest:
        return sha256_file(directory / MANIFEST)
    return sha256_bytes(to_json(before))


def _without_approval(manifest: Mapping[str, Any]) -> dict[str, Any]:
    kept = [one for one in manifest.get("approvals", ()) if one.get("kind") != "approve"]
    return {**manifest, "approvals": kept}


def verify_directory(directory: Path, release_id: str) -> Verification:
    """The files below a directory against the manifest in it."""
    wanted = _read_manifest(directory)["files"]
    found = {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_symlink() or path.is_file()
    }
    there = sorted(found & wanted.keys())
    changed = tuple(name for name in there if not _unchanged(directory / name, wanted[name]))
    missing = tuple(sorted(wanted.keys() - found))
    unexpected = tuple(sorted(found - wanted.keys() - {MANIFEST}))
    return Verification(release_id, len(there), missing, changed, unexpected)


def _unchanged(path: Path, wanted: dict[str, Any]) -> bool:
    if path.is_symlink() or path.stat().st_size != wanted["size"]:
        return False
    return sha256_file(path) == str(wanted["sha256"])


def _read_manifest(directory: Path) -> dict[str, Any]:
    path = directory / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ReleaseError(
            "manifest_unreadable",
            f"清单读不出：{path}（{error}）；该目录不是完整的发布。",
            f"manifest can't be read: {path} ({error}); the directory is not a whole release.",
        ) from error
    return manifest


def _close(directory: Path) -> None:
    """Opens a private candidate to its readers, shut for writing; the confidential file stays its owner's.

    Directories stay writable for the owner, or neither this rename nor `prune` could move them.
    """
    for folder, _, names in os.walk(directory):
        inside = Path(folder)
        restricted = "restricted" in inside.relative_to(directory).parts
        inside.chmod(0o750 if restricted else 0o755)
        for name in names:
            (inside / name).chmod(0o600 if name == _OWNER_ONLY else 0o440 if restricted else 0o444)
