"""Is there anything new to publish? Answered with hashes alone: a quiet day costs next to nothing.

Here: inbox, decisions, settings, code and date against the release that stands. Not here: loading anything.
No data library is imported on this path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ingestion.decisions import DecisionError
from ingestion.inbox import InboxFile, Scan, scan
from ingestion.store import RawStore
from orchestration.acts import Act, freezes_hash, read_acts, took_back
from orchestration.environment import PROJECT_ROOT
from orchestration.home import Home
from orchestration.settings import Settings
from orchestration.standing import damage, standing
from publication.releases import Releases

_PACKAGES = ("dbt_project", "ingestion", "orchestration", "publication", "quality")
_CODE = {".py", ".sql", ".yml", ".yaml", ".csv", ".toml"}

# How much of the machine a run takes, and where files are fetched (what was fetched is among the inputs).
NOT_FIGURES = {"run", "pull"}

REASONS: dict[str, tuple[str, str]] = {
    "first": ("还没有发布", "there is no release yet"),
    "files": ("有新文件", "new files"),
    "inputs": ("可用的交付有变化", "the deliveries in force have changed"),
    "decisions": ("人工决定有变化", "decisions have changed"),
    "settings": ("设置有变化", "settings have changed"),
    "code": ("程序有变化", "the program has changed"),
    "date": ("日期已使数字改变", "a figure changes with the date"),
}


@dataclass(frozen=True)
class News:
    """What differs from the release that a run at this date would replace."""

    scan: Scan
    files: list[InboxFile]
    reasons: list[str]
    standing: str | None
    aside: bool
    decisions: dict[str, str]
    code: str
    # The rollback for which nothing is published although something differs.
    withheld: Act | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything to publish."""
        return bool(self.reasons)


def is_aside(as_of: date, latest: date | None) -> bool:
    """Whether a run at this date makes a release beside a later one: nothing is loaded, `current` stays."""
    return latest is not None and as_of < latest


def look(
    home: Home, settings: Settings, as_of: date, latest: date | None, pulled: Scan | None = None
) -> News:
    """Compare the home, and what was pulled for this run, with the release that stands for this date."""
    aside = is_aside(as_of, latest)
    store = RawStore(home.root)
    found, files = waiting(home, pulled)
    files = [] if aside else files
    releases = Releases(home.root)
    stands = _of_date(releases, as_of) if aside else standing(home)
    decisions, code = hash_decisions(home, as_of), hash_code()
    inputs = {one.delivery_id for one in store.deliveries() if one.delivered_on <= as_of}

    def differs(manifest: dict[str, Any]) -> list[str]:
        return differences(manifest, settings, inputs, decisions, code)

    reasons = ["files"] if files else []
    withheld = None
    if stands is None:
        reasons.append("first")
    else:
        manifest = releases.manifest(stands)
        reasons += differs(manifest)
        changes_on = manifest["next_change_on"]
        if as_of < date.fromisoformat(manifest["as_of"]) or (
            changes_on is not None and date.fromisoformat(changes_on) <= as_of
        ):
            reasons.append("date")
        if reasons and not files and not aside:
            withheld = _withheld(home, releases, differs)
    return News(found, files, [] if withheld else reasons, stands, aside, decisions, code, withheld)


def differences(
    manifest: dict[str, Any], settings: Settings, inputs: set[str], decisions: dict[str, str], code: str
) -> list[str]:
    """What a run of these would find different from what a release was made of."""
    differs = {
        "inputs": inputs != {one["delivery_id"] for one in manifest["inputs"]},
        "decisions": decisions != manifest["definitions"]["decisions"],
        "settings": figures_settings(settings.model_dump(mode="json"))
        != figures_settings(manifest["settings"]),
        "code": code != manifest["code_version"],
    }
    return [reason for reason, applies in differs.items() if applies]


def waiting(home: Home, pulled: Scan | None = None) -> tuple[Scan, list[InboxFile]]:
    """What lies in the inbox, and was pulled for this run; and the files of it that no run has seen yet."""
    found = scan(home.root, source_names())
    if pulled is not None:
        found = Scan(found.files + pulled.files, found.problems + pulled.problems)
    return found, RawStore(home.root).unknown(found.files)


def _withheld(
    home: Home, releases: Releases, differences: Callable[[dict[str, Any]], list[str]]
) -> Act | None:
    """The rollback that took back just what a run would publish again; the passing of time alone changes nothing.

    What was left because it is damaged may be published again.
    """
    try:
        acts = read_acts(home)
    except DecisionError:  # the run that follows refuses it, in words
        return None
    if not any(act.kind == "rollback" for act in acts):
        return None
    for one in reversed(releases.list()):
        act = took_back(acts, one.release_id)
        if not (act and one.as_of) or one.current or differences(releases.manifest(one.release_id)):
            continue
        if damage(home, one.release_id, hashed=True) is None:
            return act
    return None


def figures_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that can change a figure."""
    return {section: values for section, values in settings.items() if section not in NOT_FIGURES}


def source_names() -> set[str]:
    """The sources that have a contract: one YAML each, named like its file."""
    return {path.stem for path in (PROJECT_ROOT / "ingestion" / "sources").glob("*.yml")}


def hash_decisions(home: Home, as_of: date | None = None) -> dict[str, str]:
    """The hash of each file of decisions; of people's acts only what a run at this date computes with."""
    hashes = {path.name: _sha256(path) for path in sorted(home.decisions.glob("*.csv"))}
    if hashes.pop(home.approvals.name, None) and (final := freezes_hash(home, as_of)):
        hashes[home.approvals.name] = final
    return hashes


def hash_code() -> str:
    """One hash over everything that can change a figure: the packages and the locked libraries."""
    digest = hashlib.sha256()
    paths = [PROJECT_ROOT / "requirements.lock"]
    for package in _PACKAGES:
        paths += (path for path in (PROJECT_ROOT / package).rglob("*") if path.suffix in _CODE)
    for path in sorted(paths):
        relative = path.relative_to(PROJECT_ROOT)
        if path.is_file() and not {"target", "logs"} & set(relative.parts):
            digest.update(f"{relative.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _of_date(releases: Releases, as_of: date) -> str | None:
    """The last release made for this date."""
    return max((one.release_id for one in releases.list() if one.as_of == as_of.isoformat()), default=None)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
