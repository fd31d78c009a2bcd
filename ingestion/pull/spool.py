"""The staging folder of a pull, `warehouse/pulled/<name>`, and what is known of the pulls before.

Belongs here: where pulled bytes wait until they are on record, whether they differ from the last ones, the
age of the last success. Does not belong here: fetching them. Standard library only.

The raw store's ledger is the record of what was pulled; `state.json` is a memory beside it. Losing it costs
a pull of everything once more, never correctness: a mark counts only when the file that it belongs to is on
record.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.inbox import InboxFile, Problem
from ingestion.pull.contract import Pull
from ingestion.pull.words import PullRefusedError, refused
from ingestion.store import Delivery, RawStore, delivery_id

if TYPE_CHECKING:
    from ingestion.contract import Source


class Spool:
    """Where one pull puts what it fetched."""

    def __init__(self, home: Path, name: str, pull: Pull) -> None:
        self.home, self.name, self.pull = home, name, pull
        self.folder = home / "warehouse" / "pulled" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = RawStore(home)
        self.title = f"[pull.{name}]"
        self.state = self._load()
        on_record = self.store.deliveries()
        self.known = {one.delivery_id for one in on_record}
        self._earlier = [one for one in on_record if one.source == pull.source]

    @property
    def settings(self) -> str:
        """A fingerprint of what was asked: marks and columns of another question do not count."""
        asked = {key: value for key, value in asdict(self.pull).items() if key != "timeout"}
        if asked.get("query_file"):
            asked["query"] = self.query()
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def query(self) -> str:
        """The text of the query, out of the settings or the file that they name."""
        file = getattr(self.pull, "query_file", "")
        if not file:
            return str(getattr(self.pull, "query", ""))
        path = (self.home / file).resolve()
        if not path.is_relative_to(self.home.resolve()):
            raise refused("query_file", file=file)
        try:
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise refused("query_file", file=file) from None

    @property
    def mark(self) -> dict[str, str] | None:
        """How far the last pull on record came, if it asked the same."""
        for one in (self.state.get("staged"), self.state.get("recorded")):
            if (
                one
                and one.get("mark")
                and one["settings"] == self.settings
                and self._identity(one) in self.known
            ):
                return dict(one["mark"])
        return None

    def new_file(self) -> Path:
        """Where the rows are written while they come; not yet anything that counts."""
        return self.folder / ".rows.part"

    def check_columns(self, titles: Sequence[str]) -> None:
        """Refuse if a column is gone although the same was asked: its values would become blanks."""
        last = self._last()
        if last is None or self.state.get("settings") != self.settings:
            return
        with self.store.blob(last.sha256).open(encoding="utf-8", newline="") as file:
            before = next(csv.reader(file), [])
        if gone := [title for title in before if title not in titles]:
            raise refused("column_gone", columns="、".join(gone), name=self.name)

    def keep(self, sidecar: str, mark: dict[str, str] | None = None) -> list[InboxFile]:
        """Stage the new file for loading; nothing if it says what the last one on record said.

        A state that comes back after another one is news, though the same bytes are on record: a file that
        a person sends twice changes nothing, but this is the source as it is now. A comment tells them apart.
        """
        sha256 = _sha256(self.new_file())
        last = self._last()
        same = last is not None and last.sha256 == sha256 and (last.sidecar or "").startswith(sidecar)
        if last is not None and same:
            sidecar = last.sidecar or ""
        elif again := sum(
            one.sha256 == sha256 and (one.sidecar or "").startswith(sidecar) for one in self._earlier
        ):
            sidecar += f"# {again + 1}\n"
        os.replace(self.new_file(), self.folder / "rows.csv")
        staged = self.state.get("staged")
        if staged and self._identity(staged) in self.known:
            self.state["recorded"] = staged
        self.state["staged"] = {"sha256": sha256, "sidecar": sidecar, "mark": mark, "settings": self.settings}
        self.save()
        return self.waiting()

    def waiting(self) -> list[InboxFile]:
        """What an earlier pull staged, if the run that did so ended before it was on record."""
        staged, rows = self.state.get("staged"), self.folder / "rows.csv"
        if not staged or self._identity(staged) in self.known or not rows.is_file():
            return []
        name, sidecar = f"{self.title}.csv", staged["sidecar"].encode()
        return [InboxFile(self.pull.source, name, rows, staged["sha256"], rows.stat().st_size, sidecar)]

    def succeeded(self, on: date) -> None:
        """Remember that the source was asked in full today."""
        self.state |= {"succeeded_on": on.isoformat(), "settings": self.settings}
        self.save()

    def stale(self, reason: PullRefusedError, on: date) -> Problem:
        """What is said of a refused pull: why, and how old the data are that stay in force."""
        last = self.state.get("succeeded_on") or max(
            (one.delivered_on.isoformat() for one in self._earlier if one.name.startswith(self.title)),
            default=None,
        )
        if last is None:
            zh, en = "从未成功取到过数据", "nothing was ever pulled from there"
        else:
            days = (on - date.fromisoformat(last)).days
            zh = f"沿用 {last} 成功取到的数据（{days} 天前）"
            en = f"the data of {last}, the last good pull ({days} days ago), stay in force"
        return Problem(
            reason.code,
            self.title,
            f"{self.title} 未能取数（{self.pull.source}）：{reason.zh}。{zh}。",
            f"{self.title} pulled nothing ({self.pull.source}): {reason.en}; {en}",
        )

    def save(self) -> None:
        """Write the memory, whole or not at all."""
        temporary = self.folder / ".state.json"
        temporary.write_text(json.dumps(self.state, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(temporary, self.folder / "state.json")

    def _load(self) -> dict[str, Any]:
        try:
            state = json.loads((self.folder / "state.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _last(self) -> Delivery | None:
        """The latest delivery of this pull on record."""
        return next((one for one in reversed(self._earlier) if one.name == f"{self.title}.csv"), None)

    def _identity(self, staged: dict[str, Any]) -> str:
        sidecar = hashlib.sha256(staged["sidecar"].encode()).hexdigest()
        return delivery_id(self.pull.source, staged["sha256"], sidecar)


def sidecar_text(source: Source, *, mode: str, unit: str, constants: dict[str, str | int]) -> str:
    """The sidecar of pulled rows; never a date: they are delivered on the day of the run that loads them."""
    said = io.StringIO()
    said.write(f'mode = "{mode or source.mode}"\n')
    if unit:
        said.write(f'unit = "{unit}"\n')
    if constants:
        said.write("[constants]\n")
        for name, value in sorted(constants.items()):
            said.write(f"{name} = {json.dumps(value, ensure_ascii=False)}\n")
    return said.getvalue()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
