"""What people decide about releases: approving a held candidate, going back to a release, making a year final.

Here: what must be so before each, and the order of its steps, so that a kill between any two leaves the old or the
new. Not here: the file of acts (acts.py), finishing what was killed (recovery.py), commands (cli).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from orchestration import clock, pruned, records
from orchestration.acts import Act, acts_or_stop, append, freezes, took_back
from orchestration.home import Home
from orchestration.messages import Stop
from orchestration.records import STATE_WORDS, Record
from orchestration.recovery import alone
from orchestration.stages import boundary
from orchestration.standing import last_stood, pointer_trouble, standing
from publication.durable import sha256_file
from publication.errors import ReleaseError
from publication.releases import (
    MANIFEST,
    Releases,
    Verification,
    candidate_sha256,
    name_approval,
    verify_directory,
)

_CANDIDATE = re.compile(r"(r\d{6,})(?:-(\d{4}-\d{2}-\d{2}))?")


def approve(home: Home, candidate: str, sha256: str, by: str, reason: str) -> dict[str, Any]:
    """Publish the held candidate whose manifest has this hash, or bring back the release that was taken back."""
    with _alone(home, "approve") as acts:
        if found := pointer_trouble(home):
            raise found
        releases = Releases(home.root)
        record = _find(home, candidate)
        if record.state == "published" and record.release and took_back(acts, record.release):
            return _bring_back(home, releases, record.release, acts, sha256, by, reason)
        if record.state != "held":
            zh, en = STATE_WORDS[record.state]
            raise Stop(
                2,
                "not_held",
                f"运行 {record.run_id} 的状态是“{zh}”，没有待审的候选发布；innostat status 列出待审的运行。",
                f"run {record.run_id} is '{en}', no candidate of it is held; innostat status lists those that are.",
            )
        folder = home.run_dir(record.run_id) / "candidate"
        for left in folder.glob(".*.incoming"):
            left.unlink()  # of an approval that was killed while it was written
        manifest = _judge(folder, sha256)
        release_id, stands = manifest["release_id"], releases.pointed()
        if not record.aside and stands != manifest.get("previous"):
            raise Stop(
                3,
                "current_moved",
                f"候选发布 {record.run_id} 是与 {manifest.get('previous') or '（无）'} 比较的，现行发布已是"
                f" {stands or '（无）'}。请重新执行 innostat run，再批准新的候选。",
                f"candidate {record.run_id} was compared with {manifest.get('previous') or '(none)'}, and the current"
                f" release is {stands or '(none)'} now. Run innostat run again and approve the new candidate.",
            )
        as_of = date.fromisoformat(manifest["as_of"])
        act = Act("approve", release_id, sha256, stands or "", as_of, by, reason, clock.now())
        name_approval(folder, act.told())
        boundary("approval_named")
        append(home, act)
        boundary("act_written")
        # From here on a release that is in place is finished by whoever comes next.
        record.release, record.approved = release_id, act.told()
        records.save(home, record)
        releases.add(folder, release_id)
        boundary("release_renamed")
        if not record.aside:
            releases.make_current(release_id)
        boundary("current_switched")
        record.state = "published"
        records.save(home, record)
        boundary("recorded")
        return {**act.told(), "release": release_id, "aside": record.aside}


def rollback(home: Home, release_id: str, by: str, reason: str) -> dict[str, Any]:
    """Point `current` at a release that is there and whole; the act is on record before anything moves."""
    with _alone(home, "rollback"):
        releases = Releases(home.root)
        stands = _stands(home, releases)
        _known(home, releases, release_id)
        if releases.pointed() == release_id:
            raise Stop(
                2,
                "already_current",
                f"{release_id} 已是现行发布，未作任何改动。",
                f"{release_id} is the current release already; nothing was changed.",
            )
        _whole(releases.verify(release_id))
        before = "" if stands == release_id else stands  # `current` was taken away, and is as it was again
        act = _act("rollback", release_id, releases, release_id, before, by, reason)
        append(home, act)
        boundary("act_written")
        releases.make_current(release_id)
        boundary("current_switched")
        return {**act.told(), "release": release_id}


def freeze(home: Home, year: int, by: str, reason: str) -> dict[str, Any]:
    """Make the figures of a finished year final, as the current release has them."""
    with _alone(home, "freeze") as acts:
        releases = Releases(home.root)
        current = standing(home)
        if current is None:
            raise Stop(
                2,
                "no_release",
                "还没有任何发布，没有可定稿的数字；请先执行 innostat run。",
                "there is no release yet and no figure to make final; run innostat run first.",
            )
        for act in freezes(acts):
            if act.subject == str(year):
                raise Stop(
                    2,
                    "already_final",
                    f"{year} 年已由 {act.by} 于 {clock.shown(act.at)} 定稿（发布 {act.current}）；"
                    "此后的修订逐次用 innostat approve 批准。",
                    f"{year} was made final by {act.by} at {clock.shown(act.at)} (release {act.current});"
                    " amendments since are approved one by one with innostat approve.",
                )
        made = _act("freeze", str(year), releases, current, current, by, reason)
        if made.as_of < date(year, 12, 31):
            raise Stop(
                2,
                "year_running",
                f"{year} 年尚未结束：现行发布 {current} 的参考日是 {made.as_of}；只有已结束的年份可以定稿。",
                f"{year} has not finished: the current release {current} is as of {made.as_of};"
                " only a finished year can be made final.",
            )
        _whole(releases.verify(current))
        years = _years(releases.path(current))
        if year not in years:
            known = ", ".join(map(str, years))
            raise Stop(
                2,
                "year_unknown",
                f"现行发布 {current} 没有 {year} 年的数字（有：{known}）。",
                f"the current release {current} has no figures of {year} (it has {known}).",
            )
        append(home, made)
        boundary("act_written")
        return {**made.told(), "release": current, "year": year}


def _bring_back(
    home: Home, releases: Releases, release_id: str, acts: list[Act], sha256: str, by: str, reason: str
) -> dict[str, Any]:
    """A release that a rollback took back stands again, if nothing was published in its place since."""
    _known(home, releases, release_id)
    found = candidate_sha256(releases.path(release_id))
    if sha256 not in {found, sha256_file(releases.path(release_id) / MANIFEST)}:
        raise _another(found, sha256)
    taken = took_back(acts, release_id)
    stands = releases.pointed()
    if taken is None or stands != taken.subject:
        raise Stop(
            3,
            "current_moved",
            f"回退之后又发布了 {stands}；要改回 {release_id}，请用 innostat rollback。",
            f"{stands} was published since the rollback; to go to {release_id} use innostat rollback.",
        )
    _whole(releases.verify(release_id))
    act = _act("approve", release_id, releases, release_id, stands, by, reason)
    append(home, act)
    boundary("act_written")
    releases.make_current(release_id)
    boundary("current_switched")
    return {**act.told(), "release": release_id, "aside": False}


@contextmanager
def _alone(home: Home, name: str) -> Iterator[list[Act]]:
    """Hold the home, set right what was killed, and read all acts; a file that can't be used is refused."""
    with alone(home, name):
        yield acts_or_stop(home)


def _act(kind: str, subject: str, releases: Releases, of: str, stands: str, by: str, reason: str) -> Act:
    """An act about a release that is there."""
    as_of = date.fromisoformat(releases.manifest(of)["as_of"])
    sha256 = sha256_file(releases.path(of) / MANIFEST)
    return Act(kind, subject, sha256, stands, as_of, by, reason, clock.now())


def _find(home: Home, candidate: str) -> Record:
    """The run that a candidate belongs to: named by run, by release, or by a path below this home's runs."""
    path = Path(candidate)
    name = path.parent.name if path.name == "candidate" else path.name
    match = _CANDIDATE.fullmatch(name)
    found = next((one for one in records.load_all(home) if match and one.run_id == match[1]), None)
    strange = len(path.parts) > 1 and path.resolve().parent not in {
        home.runs,
        home.run_dir(match[1] if match else ""),
    }
    if found is None or strange or (match and match[2] not in {None, found.as_of}):
        raise Stop(
            2,
            "candidate_unknown",
            f"此数据目录没有候选发布 {candidate}；innostat status 列出待审的运行，如 r000012。",
            f"this home has no candidate {candidate}; innostat status lists the runs that are held, as r000012.",
        )
    return found


def _judge(folder: Path, sha256: str) -> dict[str, Any]:
    """The manifest of the candidate that a person saw: this very hash, every file as it says, held by the gate."""
    try:
        found = candidate_sha256(folder)
        if found != sha256:
            raise _another(found, sha256)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        _whole(verify_directory(folder, manifest["release_id"]))
    except ReleaseError as error:
        raise Stop(3, error.code, error.zh, error.en) from error
    if manifest["verdict"]["decision"] != "hold":
        raise Stop(
            3,
            "not_held",
            f"{folder} 没有被关口扣留，不能批准。",
            f"the gate did not hold {folder}: there is nothing to approve.",
        )
    return manifest


def _whole(checked: Verification) -> None:
    if checked.ok:
        return
    offenders = ", ".join((*checked.missing, *checked.changed, *checked.unexpected))
    raise Stop(
        3,
        "files_differ",
        f"{checked.release_id} 的文件与其清单不符：{offenders}。未作任何改动；innostat verify 可核对全部内容。",
        f"the files of {checked.release_id} are not what its manifest says: {offenders}. Nothing was changed;"
        " innostat verify checks everything.",
    )


def _another(found: str, sha256: str) -> Stop:
    return Stop(
        3,
        "manifest_differs",
        f"清单的哈希是 {found}，不是 {sha256}：这不是您看过的那个候选，未批准。",
        f"the manifest's hash is {found}, not {sha256}: this is not the candidate you looked at; not approved.",
    )


def _stands(home: Home, releases: Releases) -> str:
    """What `current` says, or said before it was taken away; refuses what is no link, in words."""
    said = releases.pointed() or releases.current() or ""
    match = _CANDIDATE.fullmatch(said)
    return said if match and match[2] else last_stood(home) or ""


def _known(home: Home, releases: Releases, release_id: str) -> None:
    try:
        releases.path(release_id)
    except ReleaseError as error:
        raise pruned.not_there(home, release_id, error) from error


def _years(release: Path) -> list[int]:
    """The years that a release has figures of."""
    import duckdb

    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as con:
        query = "SELECT DISTINCT reference_year FROM main.coverage ORDER BY 1"
        return [int(year) for (year,) in con.execute(query).fetchall()]
