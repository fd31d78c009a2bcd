"""The data home: where everything lies (interface 2), and its private parts.

Here: paths, the making of an empty home, the next run's number, whether the home can be written.
Not here: what any of the files holds.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.messages import Stop

_RUN_NAME = re.compile(r"r(\d{6,})(?=-|\.|$)")


@dataclass(frozen=True)
class Home:
    """One data home; every path of it is derived here and nowhere else."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The settings that a statistician edits."""
        return self.root / "innostat.toml"

    @property
    def inbox(self) -> Path:
        """What providers deliver; never changed by the system."""
        return self.root / "inbox"

    @property
    def decisions(self) -> Path:
        """People's decisions as CSV."""
        return self.root / "decisions"

    @property
    def approvals(self) -> Path:
        """What people did to releases; only commands add to it."""
        return self.decisions / "approvals.csv"

    @property
    def raw(self) -> Path:
        """Every file ever seen."""
        return self.root / "raw"

    @property
    def warehouse(self) -> Path:
        """Private working state."""
        return self.root / "warehouse"

    @property
    def typed(self) -> Path:
        """The typed rows of every delivery, made again where they are missing."""
        return self.warehouse / "typed"

    @property
    def build(self) -> Path:
        """Working databases, one folder a run."""
        return self.warehouse / "build"

    @property
    def manifests(self) -> Path:
        """Parsed dbt manifests, by the hash of the project.

        They belong to the installed program and not to its data: a fresh home need not parse again (some 6 s). Where
        the environment is not ours to write, they are kept in the home.
        """
        shared = Path(sys.prefix) / "var" / "innostat"
        return shared if os.access(sys.prefix, os.W_OK) else self.warehouse / "manifest"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME of this data home."""
        return self.warehouse / "dagster"

    @property
    def lock_file(self) -> Path:
        """Held by the one run that is under way."""
        return self.warehouse / "lock"

    @property
    def queries(self) -> Path:
        """Who asked what of which release, one line a query."""
        return self.warehouse / "queries.jsonl"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.root / "runs"

    @property
    def releases(self) -> Path:
        """Published, immutable."""
        return self.root / "releases"

    def keep_out(self, path: Path) -> None:
        """Refuse to write a file of the user's where only runs write: releases and what was delivered never change."""
        for own in (self.releases, self.raw, self.warehouse, self.runs):
            if path.resolve().is_relative_to(own.resolve()):
                raise Stop(
                    2,
                    "not_yours",
                    f"不能写到 {path}：{own} 由系统管理，已发布的内容不可更改。请写到数据目录之外。",
                    f"nothing is written to {path}: {own} is the system's, what is published never changes."
                    " Choose a place outside the data home.",
                )

    def run_dir(self, run_id: str) -> Path:
        """Log, receipts, evidence and, while it is not published, the candidate of one run."""
        return self.runs / run_id

    def pruned(self, run_id: str) -> Path:
        """What was kept of a release that `prune` removed."""
        return self.run_dir(run_id) / "pruned"

    def build_db(self, run_id: str) -> Path:
        """The working database of one run; the stem is the database's name in every dbt model."""
        return self.build / run_id / "innostat.duckdb"

    def next_run_id(self) -> str:
        """One more than any run ever seen, whichever part of the home still remembers it."""
        return f"r{max(self._seen_run_numbers(), default=0) + 1:06d}"

    def _seen_run_numbers(self) -> Iterator[int]:
        for folder in (self.runs, self.releases, self.raw / "ledger"):
            if folder.is_dir():
                for entry in os.scandir(folder):
                    if match := _RUN_NAME.match(entry.name):
                        yield int(match[1])


def run_seq(run_id: str) -> int:
    """The running number in a run's name."""
    return int(run_id.removeprefix("r"))


_DECISIONS = ("links.csv", "corrections.csv", "targets.csv", "approvals.csv")
_TEMPLATES = Path(__file__).parent / "templates"


def make_home(root: Path, sources: list[str]) -> Home:
    """Create what is missing of a home; nothing that is there is touched."""
    home = Home(root.resolve())
    refuse_name(home.root)
    there = next(path for path in (home.root, *home.root.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise Stop(
            2,
            "no_home",
            f"{there} 不是文件夹，不能用作数据目录。请另指定：innostat init --home 目录",
            f"{there} is no folder and can be no data home. Name another place: innostat init --home DIR",
        )
    try:
        for source in sources:
            (home.inbox / source).mkdir(parents=True, exist_ok=True)
        for folder in (home.decisions, home.raw, home.build, home.dagster, home.runs, home.releases):
            folder.mkdir(parents=True, exist_ok=True)
        for target, template in (
            (home.settings_file, "innostat.toml"),
            *((home.decisions / name, name) for name in _DECISIONS),
        ):
            if not target.exists():
                target.write_bytes((_TEMPLATES / template).read_bytes())
    except OSError as error:
        raise _unwritable(home, error) from error
    return home


def open_home(root: Path) -> Home:
    """The home at `root`, or a clear word that there is none."""
    home = Home(root.resolve())
    refuse_name(home.root)
    if not home.settings_file.is_file() and not home.inbox.is_dir():
        raise Stop(
            2,
            "no_home",
            f"{home.root} 不是数据目录。请先运行：innostat init --home {home.root}",
            f"{home.root} is no data home. Make one: innostat init --home {home.root}",
        )
    return home


def refuse_name(root: Path) -> None:
    """DuckDB takes a backslash for a slash and a question mark for the end of a file's name, wherever they stand."""
    if found := sorted(set("?\\") & set(str(root))):
        signs = " ".join(found)
        raise Stop(
            2,
            "home_name",
            f"数据目录的路径不能含有 {signs}：{root}。请改用别的名称。",
            f"the path of a data home can't have {signs} in it: {root}. Choose another name.",
        )


def preflight(home: Home) -> None:
    """Refuse before any work where a folder that the run writes is missing, a file, or read-only (F13)."""
    try:
        for folder in (home.inbox, home.decisions):
            if os.path.lexists(folder) and not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        for folder in (home.raw, home.warehouse, home.build, home.dagster, home.runs, home.releases):
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        # What surveys answered lies in these as it was delivered, in files of the engine's own making.
        for folder in (home.typed, home.build):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        # Private, so it is kept as this version wants it: without it Dagster would call home.
        wanted, kept = (_TEMPLATES / "dagster.yaml").read_bytes(), home.dagster / "dagster.yaml"
        if not kept.is_file() or kept.read_bytes() != wanted:
            kept.write_bytes(wanted)
    except OSError as error:
        raise _unwritable(home, error) from error


def _unwritable(home: Home, error: OSError) -> Stop:
    where = error.filename or home.root
    return Stop(
        1,
        "home_not_writable",
        f"无法写入 {where}（{error.strerror}）。请检查该位置是否为文件夹、权限和磁盘空间。",
        f"cannot write {where} ({error.strerror}). Is it a folder? Check its rights and the free space.",
    )
