"""Is what lies in the home what was written there? Releases against their manifests, raw bytes against their names.

Here: asking every part and gathering what offends. Not here: hashing a release (publication) or the raw store
(ingestion), mending anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingestion.store_check import StoreCheck, check_store
from orchestration import pruned, records
from orchestration.home import Home
from orchestration.standing import pointer_trouble, trouble
from publication.errors import ReleaseError
from publication.releases import MANIFEST, Releases, candidate_sha256

_KINDS = {
    "missing": ("缺失", "missing"),
    "changed": ("被改动", "changed"),
    "unexpected": ("多余", "unexpected"),
    "damaged": ("已损坏", "damaged"),
}


def verify(home: Home, release_id: str | None, tell: Callable[[str], None]) -> dict[str, Any]:
    """Check one release, or all and where `current` points; the raw store in any case."""
    releases = Releases(home.root)
    if release_id is None:
        names = sorted(
            path.name
            for path in home.releases.iterdir()
            if path.is_dir() and not path.is_symlink() and not path.name.startswith(".incoming")
        )
    else:
        try:
            names = [releases.path(release_id).name]
        except ReleaseError as error:
            raise pruned.not_there(home, release_id, error) from error
    written = {one.release: one.candidate_sha256 for one in records.load_all(home) if one.candidate_sha256}
    found = []
    for number, name in enumerate(names):
        tell(f"{number}/{len(names)} {name}")
        found.append(_release(releases, name, written.get(name)))
    offenders = [] if release_id else _pointer(home)
    offenders += [offender for one in found for offender in one["offenders"]]
    raw = check_store(home.root, lambda done, total, blob: tell(f"raw {done}/{total} {blob}"))
    offenders += _of_store(raw)
    stands = None if release_id else trouble(home, hashed=True)
    return {
        "ok": not offenders,
        # What to do where it is the current release that offends.
        "trouble": {"code": stands.code, "zh": stands.zh, "en": stands.en, **stands.details}
        if stands
        else None,
        "releases": [
            {key: one[key] for key in ("release", "files", "manifest_sha256", "ok")} for one in found
        ],
        "raw": {"files": raw.checked, "ok": raw.ok},
        "offenders": offenders,
    }


def _release(releases: Releases, name: str, written: str | None) -> dict[str, Any]:
    try:
        checked = releases.verify(name)
        # The manifest names the hash of every file; of the manifest itself the run's record has it.
        sha256 = candidate_sha256(releases.path(name))
    except ReleaseError as error:
        offender = {"place": f"releases/{name}", "kind": "damaged", "zh": error.zh, "en": error.en}
        return {"release": name, "files": 0, "manifest_sha256": None, "ok": False, "offenders": [offender]}
    except (KeyError, TypeError, AttributeError):
        offender = _offender(f"releases/{name}/{MANIFEST}", "damaged")
        return {"release": name, "files": 0, "manifest_sha256": None, "ok": False, "offenders": [offender]}
    offenders = [
        _offender(f"releases/{name}/{file}", kind)
        for kind in ("missing", "changed", "unexpected")
        for file in getattr(checked, kind)
    ]
    if written is not None and sha256 != written:
        offenders.append(_offender(f"releases/{name}/{MANIFEST}", "changed"))
    return {
        "release": name,
        "files": checked.checked,
        "manifest_sha256": sha256,
        "ok": not offenders,
        "offenders": offenders,
    }


def _pointer(home: Home) -> list[dict[str, str]]:
    if found := pointer_trouble(home):
        return [{"place": "releases/current", "kind": "damaged", "zh": found.zh, "en": found.en}]
    return []


def _of_store(raw: StoreCheck) -> list[dict[str, str]]:
    return [
        _offender(place if kind != "missing" else f"raw/blobs: {place}", kind)
        for kind in _KINDS
        for place in getattr(raw, kind)
    ]


def _offender(place: str, kind: str) -> dict[str, str]:
    zh, en = _KINDS[kind]
    return {"place": place, "kind": kind, "zh": f"{zh}：{place}", "en": f"{en}: {place}"}
