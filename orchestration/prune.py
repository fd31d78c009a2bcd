"""Old releases away: those that nothing needs and that can be made again, one by one, each whole or gone.

Here: which releases go, why others stay, the order of the steps. Not here: what is kept of one (pruned.py), moving
releases (publication.releases), what a killed process left (recovery.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from ingestion.store import LedgerError, RawStore
from ingestion.store_check import check_store
from orchestration import clock, pruned, records
from orchestration.acts import acts_or_stop, took_back
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.news import differences, hash_code, hash_decisions
from orchestration.query_log import who
from orchestration.recovery import alone
from orchestration.settings import load_settings
from orchestration.stages import boundary
from orchestration.standing import REFUSED, damage, standing
from publication import first_published
from publication.errors import ReleaseError
from publication.releases import MANIFEST, Release, Releases

# About a month of daily releases: what people still compare with.
KEEP = 30

STAYS: dict[str, tuple[str, str]] = {
    "current": ("现行发布", "it is the current release"),
    "named": ("decisions/approvals.csv 提到它", "decisions/approvals.csv names it"),
    "taken_back": (
        "已被回退，它使同样的内容不再发布",
        "a rollback took it back; it keeps the same from being published",
    ),
    "compared": ("待审的候选与它比较", "a candidate that is held was compared with it"),
    "damaged": ("已损坏，innostat verify 可查", "it is damaged; see innostat verify"),
    "inputs": ("其输入不全在原始文件库中", "the raw store has not all of its inputs"),
    "no_run": ("编号不是运行所起", "no run gave it its name"),
}


@dataclass
class _Plan:
    going: list[dict[str, Any]] = field(default_factory=list)
    staying: list[dict[str, Any]] = field(default_factory=list)
    kept: int = 0


def prune(
    home: Home, keep: int | None, before: date | None, dry_run: bool, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Remove what lies beyond the newest `keep` and before a date; of neither given, beyond the newest thirty."""
    if keep is None and before is None:
        keep = KEEP
    # A look changes nothing, and waits for nobody.
    with nullcontext() if dry_run else alone(home, "prune"):
        current = standing(home, hashed=True)
        plan = _plan(home, current, keep, before, tell)
        if not dry_run:
            rule = (keep, before.isoformat() if before else None)
            for number, one in enumerate(plan.going):
                tell(f"{number}/{len(plan.going)} {one['release']}")
                _remove(home, one, *rule)
    return {"dry_run": dry_run, "keep": keep, "before": before, "current": current} | {
        "removed": plan.going,
        "stay": plan.staying,
        "kept": plan.kept,
    }


def _plan(
    home: Home, current: str | None, keep: int | None, before: date | None, tell: Callable[[str], None]
) -> _Plan:
    plan, found = _Plan(), Releases(home.root).list()
    old = [
        one
        for one in (found if keep is None else found[:-keep])
        if before is None or not one.as_of or date.fromisoformat(one.as_of) < before
    ]
    plan.kept = len(found) - len(old)
    if not old:
        return plan
    _refuse_damaged_store(home, tell)
    needed = _needed(home, current, old)
    deliveries, settings, code = (
        RawStore(home.root).deliveries(),
        load_settings(home.settings_file),
        hash_code(),
    )
    for number, one in enumerate(old):
        tell(f"{number}/{len(old)} {one.release_id}")
        why = needed.get(one.release_id) or _not_remade(home, one, {each.delivery_id for each in deliveries})
        if why:
            zh, en = STAYS[why]
            plan.staying.append({"release": one.release_id, "code": why, "zh": zh, "en": en})
            continue
        manifest, as_of = Releases(home.root).manifest(one.release_id), date.fromisoformat(one.as_of)
        inputs = {each.delivery_id for each in deliveries if each.delivered_on <= as_of}
        plan.going.append(
            {
                "release": one.release_id,
                "as_of": one.as_of,
                "bytes": sum(each["size"] for each in manifest["files"].values()),
                # What a run at this date would find otherwise today; the manifest that is kept says how it was.
                "differs": differences(manifest, settings, inputs, hash_decisions(home, as_of), code),
            }
        )
    return plan


def _refuse_damaged_store(home: Home, tell: Callable[[str], None]) -> None:
    """A release whose inputs are not what they were could not be made again."""
    try:
        checked = check_store(home.root, lambda done, total, blob: tell(f"raw {done}/{total} {blob}"))
    except LedgerError as error:
        raise Stop(REFUSED, "raw_damaged", error.zh, error.en) from error
    offenders = (*checked.missing, *checked.changed, *checked.damaged)
    if offenders:
        raise Stop(
            REFUSED,
            "raw_damaged",
            f"原始文件库有损坏，清理后的发布无法重新做出，故未清理：{'、'.join(offenders[:5])}。innostat verify 列出全部。",
            f"the raw store is damaged, so that releases could not be made again, and none was removed:"
            f" {', '.join(offenders[:5])}. innostat verify names all.",
            {"offenders": list(offenders)},
        )


def _needed(home: Home, current: str | None, old: list[Release]) -> dict[str, str]:
    """The releases that somebody still goes back to, with why."""
    acts = acts_or_stop(home)
    needed = {one.release_id: "taken_back" for one in old if took_back(acts, one.release_id)}
    for record in records.load_all(home):
        if record.state == "held":
            with suppress(OSError, ValueError, AttributeError):  # approving it refuses it, in words
                told = json.loads((home.run_dir(record.run_id) / "candidate" / MANIFEST).read_bytes())
                needed[str(told.get("previous"))] = "compared"
            needed[str(record.release)] = "compared"
    # The final figures of a year are read from the release that its freeze names (frozen.py).
    needed |= {name: "named" for act in acts for name in (act.subject, act.current)}
    return needed | {str(current): "current"}


def _not_remade(home: Home, one: Release, recorded: set[str]) -> str | None:
    """Why a release could not be made again, or could not be told apart from what it was."""
    if not re.fullmatch(rf"r\d{{6,}}-{re.escape(one.as_of)}", one.release_id):
        return "damaged" if not one.as_of else "no_run"
    if damage(home, one.release_id, hashed=True):
        return "damaged"
    try:
        inputs = {each["delivery_id"] for each in Releases(home.root).manifest(one.release_id)["inputs"]}
    except (ReleaseError, KeyError, TypeError):
        return "damaged"
    return None if inputs <= recorded else "inputs"


def _remove(home: Home, one: dict[str, Any], keep: int | None, before: str | None) -> None:
    """What is to be kept, then the release out of its place in one step, then its files."""
    releases, release_id = Releases(home.root), one["release"]
    what = pruned.Pruned(release_id, one["as_of"], clock.now(), who(), keep, before)
    pruned.note(home, what, first_published.keep)
    boundary("prune_noted")
    releases.take_out(release_id)
    boundary("prune_moved")
    releases.sweep()
    one["pruned"] = asdict(what)
