"""Two releases compared: what differs in their figures, and in what they were made of.

Here: putting both together. Not here: comparing tables (publication.differences), the screen (diff_screen.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import dbt_runner, pruned
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.news import figures_settings
from publication.catalogue import keys
from publication.errors import ReleaseError
from publication.releases import Releases

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestration.run import Run
    from publication.candidate import Against, ReleaseFacts


def compare(home: Home, old: str, new: str, table: str | None = None) -> tuple[dict[str, Any], pa.Table]:
    """What changed from one release to the other, and every cell of it (of one table, if it is named)."""
    from publication.differences import differing

    releases = Releases(home.root)
    before, after = (_folder(home, releases, name) for name in (old, new))
    try:
        with differing(before, after, keys(dbt_runner.manifest(home))) as found:
            if table is not None and table not in found.tables:
                raise Stop(
                    2,
                    "unknown_table",
                    f"没有表“{table}”。可用的表：{'、'.join(found.tables)}",
                    f"there is no table '{table}'. The tables: {', '.join(found.tables)}",
                )
            reasons = made_of(releases.manifest(before.name), releases.manifest(after.name))
            return found.told(before.name, after.name, reasons), found.cells(table)
    except ReleaseError as error:
        raise Stop(2, error.code, error.zh, error.en) from error


def _folder(home: Home, releases: Releases, name: str) -> Path:
    try:
        return releases.path(name).resolve()
    except ReleaseError as error:
        raise pruned.not_there(home, name, error) from error


def against(run: Run, facts: ReleaseFacts, manifest: Mapping[str, Any]) -> Against | None:
    """What the release of this run is to be compared with; nothing where it follows none."""
    from publication.candidate import Against

    if run.previous is None:
        return None
    releases = Releases(run.home.root)
    new = {
        "as_of": facts.heading.as_of.isoformat(),
        "inputs": [asdict(one) for one in facts.inputs],
        "definitions": facts.definitions,
        "settings": facts.settings,
        "code_version": facts.code_version,
    }
    return Against(
        releases.path(run.previous).resolve(), keys(manifest), made_of(releases.manifest(run.previous), new)
    )


def made_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What differs in what two releases were made of, by their manifests; empty where nothing does."""
    differs: dict[str, Any] = {}
    if old["as_of"] != new["as_of"]:
        differs["as_of"] = {"old": old["as_of"], "new": new["as_of"]}
    for name, here, there in (("deliveries_added", new, old), ("deliveries_gone", old, new)):
        known = {one["delivery_id"] for one in there["inputs"]}
        if more := [one for one in here["inputs"] if one["delivery_id"] not in known]:
            differs[name] = [{key: one[key] for key in ("source", "name", "delivered_on")} for one in more]
    decided = [one["definitions"]["decisions"] for one in (old, new)]
    if files := sorted(
        name for name in {*decided[0], *decided[1]} if decided[0].get(name) != decided[1].get(name)
    ):
        differs["decisions"] = files
    before, after = (dict(_flat(figures_settings(one["settings"]))) for one in (old, new))
    if changed := sorted(name for name in {*before, *after} if before.get(name) != after.get(name)):
        differs["settings"] = {name: {"old": before.get(name), "new": after.get(name)} for name in changed}
    if old["code_version"] != new["code_version"]:
        differs["program"] = {"old": old["code_version"], "new": new["code_version"]}
    return differs


def _flat(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
