"""What people did to releases: `decisions/approvals.csv`, read as a whole, written by appending a line.

Here: the shape of an act, the file, and what follows from all acts together (which years are final, which releases
were taken back). Not here: doing any of it (approvals.py, freezing.py), loading final figures (frozen.py).
No data library is imported here: a quiet day reads this file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, fields
from datetime import date
from typing import Any

from ingestion.decisions import DecisionError, meant, neutral
from ingestion.inbox import decode
from orchestration.clock import shown
from orchestration.home import Home, run_seq
from orchestration.messages import Stop
from publication.durable import write_atomic

_RELEASE = re.compile(r"r\d{6,}-\d{4}-\d{2}-\d{2}")
_SUBJECT = {"approve": _RELEASE, "rollback": _RELEASE, "freeze": re.compile(r"\d{4}")}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Act:
    """One act of one person; the fields are the columns of the file."""

    kind: str
    subject: str  # the release approved or gone back to, or the year
    manifest_sha256: (
        str  # of the candidate approved, of the release gone back to, of the one whose figures are final
    )
    current: str  # the release that was current then, empty if there was none; of a freeze: whose figures are final
    as_of: date  # the reference date of that candidate or release
    by: str
    reason: str
    at: str

    def told(self) -> dict[str, Any]:
        """The act as manifests and `--json` hold it."""
        return {**asdict(self), "as_of": self.as_of.isoformat()}

    def words(self) -> tuple[str, str]:
        """The act as a line, in both languages."""
        before_zh, before_en = (
            (f"（此前 {self.current}）", f" (before: {self.current})") if self.current else ("", "")
        )
        what = {
            "approve": (f"批准 {self.subject}{before_zh}", f"{self.subject} approved{before_en}"),
            "rollback": (f"回退到 {self.subject}{before_zh}", f"rolled back to {self.subject}{before_en}"),
            "freeze": (
                f"{self.subject} 年定稿，以 {self.current} 为准",
                f"{self.subject} made final, as {self.current} has it",
            ),
        }
        zh, en = what[self.kind]
        day = shown(self.at)[:10]
        return f"{day} {zh}：{self.by}，{self.reason}", f"{day} {en}: {self.by}, {self.reason}"


COLUMNS = tuple(field.name for field in fields(Act))


def read_acts(home: Home) -> list[Act]:
    """All acts, oldest first; no file means none. Raises DecisionError naming every line that can't be used."""
    path = home.approvals
    header, rows = _rows(home)
    if header is None:
        return []
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise DecisionError(
            f"{path} 的第一行缺少列：{'、'.join(missing)}（应有 {','.join(COLUMNS)}）",
            f"{path}: the first line lacks {', '.join(missing)} (it should be {','.join(COLUMNS)})",
        )
    acts: list[Act] = []
    wrong: list[tuple[int, str, str]] = []
    for line, cells in rows:
        row = dict(zip(header, (meant(cell.strip()) for cell in cells), strict=False))
        bad = [name for name, good in _judged(row).items() if not good]
        if bad:
            wrong.append((line, f"{'、'.join(bad)} 无效", f"{', '.join(bad)} not valid"))
            continue
        act = Act(**{**{name: row[name] for name in COLUMNS}, "as_of": date.fromisoformat(row["as_of"])})  # type: ignore[arg-type]  # as_of is replaced by a date
        if act.kind == "freeze" and any((one.kind, one.subject) == ("freeze", act.subject) for one in acts):
            wrong.append((line, f"{act.subject} 年已定稿", f"{act.subject} is final already"))
        acts.append(act)
    if wrong:
        raise DecisionError(
            f"{path} 有错误，未采用：" + "；".join(f"第 {line} 行 {zh}" for line, zh, _ in wrong),
            f"{path} is not usable: " + "; ".join(f"line {line}: {en}" for line, _, en in wrong),
        )
    return acts


def acts_or_stop(home: Home) -> list[Act]:
    """All acts, for a command that can't go on without them."""
    try:
        return read_acts(home)
    except DecisionError as error:
        raise Stop(2, "decisions", error.zh, error.en) from error


def append(home: Home, act: Act) -> None:
    """Add one line, whole or not at all; what people wrote in the file stays as it is, further columns too.

    The same act of the same person once more (after a power cut between two steps) is no second line.
    """
    acts = read_acts(home)
    if acts and astuple(acts[-1])[:-1] == astuple(act)[:-1]:
        return
    header, _ = _rows(home)
    before = decode(home.approvals.read_bytes()) if header else ",".join(COLUMNS) + "\n"
    line = io.StringIO()
    told = act.told()
    csv.writer(line, lineterminator="\n").writerow(
        [neutral(told.get(column, "")) for column in header or COLUMNS]
    )
    end = "" if before.endswith("\n") else "\n"
    home.decisions.mkdir(parents=True, exist_ok=True)
    # The mark at its beginning lets spreadsheets read the Chinese in it.
    write_atomic(home.approvals, (before + end + line.getvalue()).encode("utf-8-sig"))


def freezes(acts: Iterable[Act], as_of: date | None = None) -> list[Act]:
    """The years made final, of a run at this date: a release made before that is made again without them."""
    return [act for act in acts if act.kind == "freeze" and (as_of is None or act.as_of <= as_of)]


def freezes_hash(home: Home, as_of: date | None = None) -> str | None:
    """What of this file can change a figure, as one hash; None for nothing, a file that can't be read by its bytes.

    An approval and a rollback change which release is read, never what a run would compute.
    """
    try:
        final = freezes(read_acts(home), as_of)
    except DecisionError:  # the run that finds it new refuses it, in words
        return hashlib.sha256(home.approvals.read_bytes()).hexdigest()
    if not final:
        return None
    told = sorted((act.subject, act.current, act.manifest_sha256) for act in final)
    return hashlib.sha256(repr(told).encode()).hexdigest()


def told_of(acts: Iterable[Act], release_id: str) -> list[Act]:
    """The acts that a release has part in."""
    return [act for act in acts if release_id in {act.subject, act.current}]


def took_back(acts: Iterable[Act], release_id: str) -> Act | None:
    """The rollback by which a release no longer stands, unless an approval or a rollback brought it back."""
    by = None
    for act in acts:
        if act.kind in {"approve", "rollback"} and act.subject == release_id:
            by = None
        # Whatever was published between the two is taken back with the one that stood.
        elif act.kind == "rollback" and act.current and _between(act, release_id):
            by = act
    return by


def _between(act: Act, release_id: str) -> bool:
    return _number(act.subject) < _number(release_id) <= _number(act.current)


def _number(release_id: str) -> int:
    return run_seq(release_id.partition("-")[0])


def _rows(home: Home) -> tuple[list[str] | None, list[tuple[int, list[str]]]]:
    """The header, None without a file or in an empty one, and the lines that are not blank with their numbers."""
    if not home.approvals.exists():
        return None, []
    rows = list(csv.reader(decode(home.approvals.read_bytes()).splitlines()))
    header = [cell.strip() for cell in rows[0]] if rows else None
    return header, [(n, row) for n, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]


def _judged(row: Mapping[str, str]) -> dict[str, bool]:
    """Which cells of a line are as they should be."""
    kind, current = row.get("kind", ""), row.get("current", "")
    subject = _SUBJECT.get(kind)
    return {
        "kind": subject is not None,
        "subject": subject is None or bool(subject.fullmatch(row.get("subject", ""))),
        "manifest_sha256": bool(_SHA256.fullmatch(row.get("manifest_sha256", ""))),
        "current": bool(_RELEASE.fullmatch(current)) or (current == "" and kind != "freeze"),
        "as_of": _is_date(row.get("as_of", "")),
        "by": bool(row.get("by")),
        "reason": bool(row.get("reason")),
        "at": bool(row.get("at")),
    }


def _is_date(text: str) -> bool:
    with suppress(ValueError):
        return date.fromisoformat(text).isoformat() == text
    return False
