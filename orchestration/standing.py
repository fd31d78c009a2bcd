"""Which release stands, and whether whoever reads it or compares with it may rely on it (F60, F61).

Here: the pointer against what runs are on record to have published, a release's databases against its manifest, and
which release a person would go back to. Not here: hashing everything (verification.py), moving the pointer
(approvals.py): only a person's act or a publication does that.
No data library is imported here: a quiet day asks too.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from ingestion.decisions import DecisionError
from orchestration import pruned, records
from orchestration.acts import read_acts, took_back
from orchestration.home import Home
from orchestration.messages import Stop
from publication.durable import sha256_file
from publication.errors import ReleaseError
from publication.releases import MANIFEST, Releases, candidate_sha256

DATABASE = "warehouse.duckdb"
_CONFIDENTIAL = "confidential.duckdb"
# A release that can't be relied on refuses like the gate does: nothing was published, and a person has to decide.
REFUSED = 3


def standing(home: Home, *, hashed: bool = False) -> str | None:
    """The current release, None before the first; refuses, in words, one that can't be relied on.

    By size and first bytes; `hashed` reads its database from end to end, which alone finds a single wrong bit.
    """
    if found := trouble(home, hashed=hashed):
        raise found
    return Releases(home.root).current()


def refuse_damaged(home: Home, as_of: date) -> None:
    """Before a run begins: refuse if a release that it would be compared with, or take figures from, isn't whole."""
    standing(home, hashed=True)
    earlier = records.released_before(home, as_of)
    if earlier is None:
        return
    # Of a release that was removed, what was kept of it is handed on.
    kept = earlier.parent != home.releases
    if damaged := pruned.damage(earlier) if kept else damage(home, earlier.name, hashed=True):
        name = earlier.relative_to(home.root) if kept else earlier.name
        raise Stop(
            REFUSED,
            "release_damaged",
            f"发布 {name} 已损坏（{damaged}），而首次公布的数字要由它传下。请从备份恢复 {earlier}；"
            "若无备份，将该文件夹移走，即改用更早的发布。",
            f"release {name} is damaged ({damaged}), and what was first published is handed on from it."
            f" Restore {earlier} from a backup; without one, move that folder away, and an earlier release is used.",
        )


def release_to_read(home: Home) -> Path:
    """The directory of the current release, for commands that need one."""
    current = standing(home)
    if current is None:
        raise Stop(
            1,
            "no_release",
            "还没有任何发布，请先执行：innostat run",
            "there is no release yet; make one with: innostat run",
        )
    return Releases(home.root).path(current)


@contextmanager
def reading(home: Home) -> Iterator[Path]:
    """The current release for whoever reads it; where that fails, damage is what there is to tell."""
    release = release_to_read(home)
    try:
        yield release
    except Exception:  # whatever damage makes of a reader; anything else goes on as it is
        standing(home, hashed=True)
        raise


def trouble(home: Home, *, hashed: bool = False) -> Stop | None:
    """What is wrong with the release that stands, or with what says which it is."""
    if found := pointer_trouble(home):
        return found
    current = Releases(home.root).current()
    damaged = damage(home, current, hashed=hashed) if current else None
    if current is None or damaged is None:
        return None
    return _refusal(
        home,
        "release_damaged",
        f"现行发布 {current} 已损坏：{damaged} 与发布时不符；innostat verify 逐一列出不符之处。",
        f"the current release {current} is damaged: its {damaged} is not what was published;"
        " innostat verify names all that differs.",
        current,
    )


def pointer_trouble(home: Home) -> Stop | None:
    """Why nobody can tell which release stands; none where nothing was published yet.

    A release that lies there, but whose run was killed before it stood, is finished by the next run (recovery.py).
    """
    try:
        if Releases(home.root).current() is not None or not published(home):
            return None
    except ReleaseError as error:
        return _refusal(home, error.code, error.zh, error.en)
    return _refusal(
        home,
        "current_gone",
        f"曾有发布，但指明现行发布的 {home.releases / 'current'} 不见了，无从知道以哪一个为准。",
        f"releases were published, but {home.releases / 'current'}, which says the one that stands, is gone.",
    )


def published(home: Home) -> list[str]:
    """The releases that stood at some time, oldest first, whether or not they are still there.

    One that no run remembers is taken for one of them.
    """
    runs = [record for record in records.load_all(home) if record.release]
    stood = {one.release for one in runs if one.state == "published" and not one.aside}
    strange = {one.release_id for one in Releases(home.root).list()} - {one.release for one in runs}
    return sorted(str(release_id) for release_id in stood | strange)


def last_stood(home: Home) -> str | None:
    """The release that stood last, by what runs and people's acts say."""
    return next(_newest_first(home), None)


def damage(home: Home, release_id: str, *, hashed: bool) -> str | None:
    """The file of a release that is not what was published, of those that commands read; None where all are."""
    releases = Releases(home.root)
    folder = home.releases / release_id
    try:
        files: dict[str, dict[str, Any]] = releases.manifest(release_id)["files"]
        wanted = {
            name: files[name] for name in (DATABASE, _CONFIDENTIAL) if name == DATABASE or name in files
        }
        written = _manifest_as_written(home, release_id)
        if written is not None and candidate_sha256(folder) != written:
            return MANIFEST
    except (ReleaseError, KeyError, TypeError, AttributeError):
        return MANIFEST
    return next((name for name, one in wanted.items() if not _same(folder / name, one, hashed=hashed)), None)


def _same(path: Path, wanted: Mapping[str, Any], *, hashed: bool) -> bool:
    if not path.is_file() or path.stat().st_size != wanted["size"]:
        return False
    if not os.access(path, os.R_OK):  # not everybody may read survey answers
        return True
    return _is_database(path) and (not hashed or sha256_file(path) == wanted["sha256"])


def _manifest_as_written(home: Home, release_id: str) -> str | None:
    """What the run that made a release remembers of its manifest, which vouches for all else."""
    made = (one.candidate_sha256 for one in records.load_all(home) if one.release == release_id)
    return next(made, None)


def _is_database(path: Path) -> bool:
    """Whether a file begins as DuckDB's do: a checksum, then its mark."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _newest_first(home: Home) -> Iterator[str]:
    acts = []
    with suppress(DecisionError):  # whoever needs that file refuses it, in words
        acts = read_acts(home)
    return (one for one in reversed(published(home)) if took_back(acts, one) is None)


def _refusal(home: Home, code: str, zh: str, en: str, current: str | None = None) -> Stop:
    """The trouble with its remedy: the last release that is whole, by a hash of its database too."""
    candidates = (one for one in _newest_first(home) if one != current)
    good = next((one for one in candidates if damage(home, one, hashed=True) is None), None)
    if good:
        where = "" if home.root == Path("home").resolve() else f" --home {shlex.quote(str(home.root))}"
        zh += f"最近的完好发布是 {good}，要以它为准：innostat rollback {good} --by 姓名 --reason 理由{where}"
        en += f" The last release that is whole is {good}; to let it stand:"
        en += f" innostat rollback {good} --by NAME --reason WHY{where}"
    else:
        zh += "没有其他完好的发布：请从备份恢复 releases/；若无备份，将 releases/ 与 runs/ 的内容移走后，"
        zh += "下次 innostat run 重新发布。"
        en += " No other release is whole: restore releases/ from a backup; without one, move away what is in releases/"
        en += " and runs/, and the next innostat run publishes anew."
    return Stop(REFUSED, code, zh, en, {"current": current, "last_good": good})
