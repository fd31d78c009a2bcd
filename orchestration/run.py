"""One run: opened under the lock, given to the stages, closed truthfully however it ends.

Here: number, record, folders, temporary files, cancellation. Not here: the stages themselves (cycle.py).
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.inbox import Scan
from orchestration import clock, lock, records
from orchestration.beside import beside
from orchestration.home import Home, preflight, run_seq
from orchestration.lacking import lacking, require_room
from orchestration.news import News, is_aside, look
from orchestration.progress import Progress, log, log_to
from orchestration.records import Record
from orchestration.recovery import recover
from orchestration.settings import Settings
from orchestration.stages import boundary
from orchestration.standing import refuse_damaged

if TYPE_CHECKING:
    from concurrent.futures import Future

    from duckdb import DuckDBPyConnection

    from ingestion.intake import Intake
    from orchestration.dbt_worker import DbtWorker
    from publication.candidate import Rows
    from quality.gx import GxWorker


@dataclass
class Run:
    """A run under way; what one stage must tell the next is on disk or here."""

    home: Home
    settings: Settings
    record: Record
    progress: Progress
    news: News = field(init=False)
    gx: GxWorker | None = None
    dbt: DbtWorker | None = None
    receipts: Future[list[Path]] | None = None
    tables: Future[Rows] | None = None
    intake: Intake | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    failure: BaseException | None = None
    # Held while a release is put in place or a conclusion written, and by a cancellation from then on to the end of the
    # process: what was begun is waited for, and after it no stage begins and nothing else is concluded.
    committing: threading.RLock = field(default_factory=threading.RLock)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def run_id(self) -> str:
        """The run's name, r000001 and so on."""
        return self.record.run_id

    @property
    def run_seq(self) -> int:
        """The run's number."""
        return run_seq(self.run_id)

    @property
    def as_of(self) -> date:
        """The reference date."""
        return self.record.as_of_date

    @property
    def folder(self) -> Path:
        """runs/<run>."""
        return self.home.run_dir(self.run_id)

    @property
    def evidence(self) -> Path:
        """Where each stage leaves what it did, for the gate."""
        return self.folder / "evidence"

    @property
    def candidate(self) -> Path:
        """The release while it is being written."""
        return self.folder / "candidate"

    @property
    def database(self) -> Path:
        """The working database of this run."""
        return self.home.build_db(self.run_id)

    def connect(self, path: Path | None = None) -> DuckDBPyConnection:
        """The working database, or another one beside it, opened within the limits of the settings."""
        import duckdb

        # A run that dies leaves its working databases to nobody: nothing waits for the disk.
        engine = {**self.settings.run.engine, "fsync_mode": "none"}
        return duckdb.connect(str(path or self.database), config=engine)

    @property
    def release_id(self) -> str:
        """What the release of this run is called."""
        return f"{self.run_id}-{self.record.as_of}"

    @property
    def previous(self) -> str | None:
        """The release that this one would follow; beside a later one there is nothing to compare with."""
        return None if self.record.aside else self.news.standing

    @contextmanager
    def stage(self, name: str, passed: str) -> Iterator[None]:
        """Do one stage: shown, recorded, and its boundary passed at the end."""
        with self.committing:
            self.record.stage = name
            records.save(self.home, self.record)
        self.progress.begin(name)
        yield
        self.progress.end()
        boundary(passed)

    def warm(self) -> GxWorker:
        """The process that asks great-expectations; it imports while dbt builds."""
        if self.gx is None:
            from quality import gx

            self.gx = gx.start(self.folder / "gx.log")
        return self.gx

    def builder(self) -> DbtWorker:
        """The process that builds with dbt; it imports and prepares while the run takes in and settles."""
        if self.dbt is None:
            from orchestration import dbt_worker

            limits = (self.settings.run.threads, self.settings.run.memory_limit)
            self.dbt = dbt_worker.start(self.home, self.database, *limits, self.folder / "dbt.log")
        return self.dbt

    def write_tables(self, manifest: Mapping[str, Any]) -> Future[Rows]:
        """The candidate's tables, which are written beside the checks of the build; begun once."""
        if self.tables is None:
            from orchestration.summary import heading
            from publication.candidate import write_tables

            engine = self.settings.run.engine
            self.tables = beside(
                lambda: write_tables(self.database, manifest, self.candidate, heading(self), engine)
            )
        return self.tables

    def clear(self, *, at_once: bool = False) -> None:
        """Remove what only this run needed; a candidate stays where it waits for a person.

        `at_once` does not wait for what is still being written.
        """
        if not at_once:
            begun: list[Future[Any]] = [one for one in (self.receipts, self.tables) if one is not None]
            wait(begun)
        if self.gx is not None:
            self.gx.close()
            self.gx = None
        if self.dbt is not None:
            self.dbt.close()
            self.dbt = None
        if self.record.state != "held":
            # Under another name first: whoever still writes into it finds no way there any more.
            with suppress(OSError):
                self.candidate.rename(self.database.parent / self.candidate.name)
            shutil.rmtree(self.candidate, ignore_errors=True)
        shutil.rmtree(self.database.parent, ignore_errors=True)

    def give_up(self) -> None:
        """End a run that came to no conclusion of its own, and say why."""
        error = self.failure
        if error is None:
            self.conclude("partial")
            return
        log.error("stage %s", self.record.stage, exc_info=error)
        zh, en = (getattr(error, name, None) or f"{type(error).__name__}: {error}" for name in ("zh", "en"))
        self.record.reasons = [{"code": "failed", "zh": zh, "en": en}]
        # What is no Exception is an interruption: Ctrl-C, or a stop pressed in Dagster's web page.
        self.conclude("failed" if isinstance(error, Exception) else "cancelled")

    def conclude(self, state: records.State) -> None:
        """Write how the run ended."""
        with self.committing:
            self.record.state, self.record.ended_at = state, clock.now()
            records.save(self.home, self.record)


@contextmanager
def open_run(home: Home, settings: Settings, as_of: date, progress: Progress) -> Iterator[Run]:
    """Take the lock, tidy up after the dead, find out what is new, and record how the run ends."""
    preflight(home)
    with lock.hold(home.lock_file) as held:
        recover(home)
        refuse_damaged(home, as_of)
        earlier = records.load_all(home)
        record = Record(home.next_run_id(), as_of.isoformat(), os.getpid(), clock.now())
        held.describe(record.run_id, record.started_at)
        records.save(home, record)
        with log_to(home.run_dir(record.run_id) / "log.txt"):
            run = Run(home, settings, record, progress)
            try:
                latest = records.latest_as_of(earlier)
                pulled = None if is_aside(as_of, latest) else pull(run)
                run.news = look(home, settings, as_of, latest, pulled)
                require_room(home, run.news)
                record.aside = run.news.aside
                log.info("run %s as of %s, news: %s", run.run_id, as_of, run.news.reasons)
                boundary("started")
                yield run
            except BaseException as error:
                run.failure = error
                if lacked := lacking(home, settings.run.memory_limit, error):
                    run.failure = lacked
                    raise lacked from error
                raise
            finally:
                while run.cancelled.is_set():  # its thread tidies up, says so and ends the process
                    time.sleep(0.1)
                progress.stop()
                run.clear()
                if record.state == "running":
                    run.give_up()


def pull(run: Run) -> Scan | None:
    """Fetch what `[pull]` names; the files join the inbox's, and what could not be fetched is a problem to tell."""
    if not run.settings.pull:
        return None
    from ingestion.contract import load_contracts
    from ingestion.pull import pull_all

    run.progress.begin("pull")
    pulled = pull_all(run.home.root, run.settings.pull, load_contracts(), run.as_of, run.progress.tell)
    run.progress.end()
    return Scan(pulled.files, pulled.problems)


@contextmanager
def cancellable(run: Run, tell: Callable[[str, str], None]) -> Iterator[None]:
    """SIGTERM and Ctrl-C end the run within seconds, even while the main thread is inside a library's C code.

    `tell` says in Chinese and English that it was cancelled.
    Python runs signal handlers in the main thread between two bytecodes, which may be minutes away; the
    wake-up descriptor is written at once, and a thread of ours reads it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    earlier = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_wait_for_signal, args=(run, tell, reader), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in earlier.items():
            signal.signal(number, handler)
        os.close(writer)


def _ignore(number: int, frame: object) -> None:
    """The thread that reads the wake-up descriptor does the work."""


def _wait_for_signal(run: Run, tell: Callable[[str, str], None], reader: int) -> None:
    if not os.read(reader, 1):
        os.close(reader)
        return
    run.cancelled.set()
    with run.committing:
        if run.record.state != "running":  # it came to its end first, and says so itself
            run.cancelled.clear()
            return
        try:
            run.conclude("cancelled")
            run.progress.stop()
            run.clear(at_once=True)
            tell("已取消，临时文件已清除，现行发布不变。", "cancelled; the current release stands.")
        finally:
            # The main thread may be deep in a library that hears no signal.
            os._exit(1)
