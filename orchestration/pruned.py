"""What is kept of a release that was removed: `runs/<run>/pruned/`, its manifest and what it has to hand on.

Here: writing it before the release goes, reading it for whoever asks for that release. Not here: which releases go
(prune.py), moving releases (publication).

The manifest says what is needed to make it again: date, inputs, definitions, settings, code. The figures as they were
first published are in no raw file: a later release, or an earlier one that is made again, takes them from here as it
would have from the release (`main.first_published`). No data library is imported here: a quiet day asks too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.clock import shown
from orchestration.home import Home
from orchestration.messages import Stop
from publication.durable import fsync_path, fsync_tree, sha256_file, to_json
from publication.errors import ReleaseError
from publication.releases import MANIFEST, Release

_NOTE = "pruned.json"
_HANDED_ON = "warehouse.duckdb"  # named as in a release: whoever hands on reads either


@dataclass(frozen=True)
class Pruned:
    """A release that was removed: by whom, when, by which rule."""

    release: str
    as_of: str
    at: str
    by: str
    keep: int | None
    before: str | None

    @property
    def run_id(self) -> str:
        """The run that made it."""
        return self.release.partition("-")[0]

    @property
    def line(self) -> Release:
        """As lists of releases have it."""
        return Release(self.release, self.run_id, self.as_of, current=False)


def note(home: Home, what: Pruned, hand_on: Callable[[Path, Path], None]) -> None:
    """Keep what is to be kept of a release, whole and on disk, before it goes; what a killed one left is replaced."""
    release, target = home.releases / what.release, home.pruned(what.run_id)
    aside = target.with_name(".pruned.incoming")
    for left in (aside, target):
        if left.exists():
            shutil.rmtree(left)
    aside.mkdir(parents=True)
    shutil.copyfile(release / MANIFEST, aside / MANIFEST)
    hand_on(release, aside / _HANDED_ON)
    files = {name: sha256_file(aside / name) for name in (MANIFEST, _HANDED_ON)}
    (aside / _NOTE).write_bytes(to_json({**asdict(what), "files": files}))
    fsync_tree(aside)
    aside.rename(target)
    fsync_path(target.parent)


def all_pruned(home: Home) -> list[Pruned]:
    """The releases that were removed, oldest first; one that is still there was not, whatever was noted."""
    found = []
    for path in sorted(home.runs.glob(f"r*/pruned/{_NOTE}")):
        told = json.loads(path.read_bytes())
        del told["files"]
        what = Pruned(**told)
        if not (home.releases / what.release / MANIFEST).is_file():
            found.append(what)
    return found


def damage(folder: Path) -> str | None:
    """The file that is not what was kept; None where all are."""
    try:
        files = json.loads((folder / _NOTE).read_bytes())["files"]
        return next((name for name in files if sha256_file(folder / name) != files[name]), None)
    except (OSError, ValueError, KeyError):
        return _NOTE


def not_there(home: Home, release_id: str, error: ReleaseError) -> Stop:
    """A word on a release that is not there: whether it was removed, and then how to have it again."""
    what = next((one for one in all_pruned(home) if one.release == release_id), None)
    if what is None or error.code != "release_unknown":
        return Stop(2, error.code, error.zh, error.en)
    manifest = home.pruned(what.run_id) / MANIFEST
    return Stop(
        2,
        "release_pruned",
        f"发布 {release_id} 已由 {what.by} 于 {shown(what.at)} 用 innostat prune 清理。要重新做出：innostat run --as-of"
        f" {what.as_of}（编号会是新的）；当时的输入、设置和程序版本见 {manifest}。",
        f"release {release_id} was removed by {what.by} at {shown(what.at)} with innostat prune. To make it again:"
        f" innostat run --as-of {what.as_of} (under a new number); its inputs, settings and program are in {manifest}.",
        {"release": release_id, "as_of": what.as_of, "manifest": str(manifest)},
    )
