"""What of a home is kept in a backup: every folder and file that can't be made again, with its hash.

Here: which parts, what is left out of them and why. Not here: whether they are what was written (verification.py),
the archive (archive.py, backup.py).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.archive import CURRENT, PARTS, Member, shown
from orchestration.home import Home
from publication.durable import sha256_file
from publication.releases import MANIFEST, Releases

# These folders are ours alone: what begins with a dot in them is what a dead process left, and swept by the next.
_OURS = {"raw", "releases", "runs"}


@dataclass(frozen=True)
class Listing:
    """What is kept, and what lies in the home and is not."""

    members: list[Member]
    left_out: list[str]


def list_kept(home: Home, tell: Callable[[str], None]) -> Listing:
    """Every folder and file that is kept, parents first, in the order of their names, with its hash."""
    vouched = _Vouched(home)
    members: list[Member] = []
    left_out = sorted(
        path.name for path in home.root.iterdir() if path.name not in PARTS and path != home.warehouse
    )
    for path, is_folder in _walk(home, left_out):
        name = path.relative_to(home.root).as_posix()
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode) & 0o777
        if is_folder:
            members.append(Member(name, mode))
        else:
            tell(shown(name))
            members.append(Member(name, mode, found.st_size, vouched.sha256(name) or sha256_file(path)))
    return Listing(members, left_out)


def _walk(home: Home, left_out: list[str]) -> Iterator[tuple[Path, bool]]:
    for part in PARTS:
        top = home.root / part
        if top.is_file():
            yield top, False
        elif top.is_dir():  # of another disk, it may be a link
            yield top, True
            yield from _below(home, top, part, left_out)
    if home.queries.is_file() and not home.queries.is_symlink():
        yield home.warehouse, True
        yield home.queries, False


def _below(home: Home, folder: Path, part: str, left_out: list[str]) -> Iterator[tuple[Path, bool]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if (part in _OURS and entry.name.startswith(".")) or path == home.root / CURRENT:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield path, True
            yield from _below(home, path, part, left_out)
        # People may keep their decisions elsewhere and link them here; runs read what the link leads to.
        elif entry.is_file(follow_symlinks=part == "decisions"):
            yield path, False
        else:
            left_out.append(path.relative_to(home.root).as_posix())


class _Vouched:
    """The hashes that `verify` has just found true: a blob's name, a manifest's word of its release's files."""

    def __init__(self, home: Home) -> None:
        self._releases = Releases(home.root)
        self._of: tuple[str, dict[str, dict[str, Any]]] = ("", {})

    def sha256(self, name: str) -> str | None:
        """What a file's bytes are known to be; None where nothing vouches for them."""
        parts = name.split("/", 2)
        if parts[:2] == ["raw", "blobs"]:
            return name.rpartition("/")[2]
        if parts[0] != "releases" or len(parts) < 3 or parts[2] == MANIFEST:
            return None
        if self._of[0] != parts[1]:
            self._of = (parts[1], self._releases.manifest(parts[1])["files"])
        known = self._of[1].get(parts[2])
        return str(known["sha256"]) if known else None
