"""The raw store: every file ever seen, once, by content hash, and the ledger of who delivered what when.

Belongs here: blobs, ledger files, the identity of a delivery. Does not belong here: looking for files
(`inbox`), reading what is in them (`typed`), what holds at a date (`settle`). Standard library only: a day
with nothing new comes no further than this module.

A run's ledger file is written after every blob of the run is safe on disk, and says all of it or nothing. A
run that dies before leaves blobs that nothing points to; the next run finds them there and uses them again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from ingestion.inbox import CHUNK, InboxFile, Problem, decode, open_regular, problem

# What is being written; a dead run leaves it, the next one clears it away.
ASIDE = ".tmp-"


class LedgerError(RuntimeError):
    """The record of deliveries is damaged; nothing may be built on a guess."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Delivery:
    """One file as it was delivered: the same source, bytes and sidecar are the same delivery for ever."""

    delivery_id: str
    source: str
    name: str  # below inbox/<source>, as it was first seen
    sha256: str
    size: int
    sidecar: str | None  # the TOML text
    delivered_on: date
    run_id: str  # the run that first loaded it
    run_seq: int


@dataclass(frozen=True)
class Added:
    """What is newly on record, and files that were no longer what the scan had seen."""

    deliveries: list[Delivery]
    problems: list[Problem]


def delivery_id(source: str, sha256: str, sidecar_sha256: str) -> str:
    """The name of a delivery says what it is, whatever the file was called ("" = no sidecar)."""
    return hashlib.sha256(f"{source}\0{sha256}\0{sidecar_sha256}".encode()).hexdigest()


class RawStore:
    """`home/raw`: blobs by content hash, and one ledger file for each run that loaded something."""

    def __init__(self, home: Path) -> None:
        self.blobs = home / "raw" / "blobs"
        self._ledger = home / "raw" / "ledger"

    def blob(self, sha256: str) -> Path:
        """Where the bytes with this hash are kept."""
        return self.blobs / sha256[:2] / sha256

    def deliveries(self) -> list[Delivery]:
        """All deliveries ever recorded, in the order in which they were loaded."""
        entries = [_read_entry(path) for path in self.ledgers()]
        entries.sort(key=lambda entry: int(entry["run_seq"]))
        return [delivery for entry in entries for delivery in self._deliveries_of(entry)]

    def ledgers(self) -> list[Path]:
        """The files of the ledger, one for each run that loaded something."""
        return sorted(self._ledger.glob("*.json"))

    def recorded(self, ledger: Path) -> list[tuple[str, str]]:
        """The hash of all bytes that a file of the ledger names, sidecars too, and whose they are."""
        return [
            (row[kind], f"{row['source']}/{row['name']}{mark}")
            for row in _read_entry(ledger)["deliveries"]
            for kind, mark in (("sha256", ""), ("sidecar_sha256", " .meta.toml"))
            if row[kind]
        ]

    def unknown(self, files: Iterable[InboxFile]) -> list[InboxFile]:
        """The files that are on no record yet, each content once (under the first of its names)."""
        seen = {delivery.delivery_id for delivery in self.deliveries()}
        new: list[InboxFile] = []
        for file in sorted(files, key=lambda file: (file.source, file.name)):
            identity = delivery_id(file.source, file.sha256, file.sidecar_sha256)
            if identity not in seen:
                seen.add(identity)
                new.append(file)
        return new

    def add(
        self,
        files: Iterable[InboxFile],
        *,
        run_id: str,
        run_seq: int,
        as_of: date,
        says_delivered_on: Callable[[str, str], date | None],
    ) -> Added:
        """Keep those of the files that are not on record and record them, together, as loaded by this run.

        `says_delivered_on` reads the delivery date, if any, out of a source's sidecar.
        """
        for leftover in (*self.blobs.glob(f"*/{ASIDE}*"), *self._ledger.glob(f"{ASIDE}*")):
            leftover.unlink()
        rows: list[dict[str, Any]] = []
        problems: list[Problem] = []
        for file in self.unknown(files):
            if not self._keep_file(file):
                problems.append(problem("file_changing", f"{file.source}/{file.name}"))
                continue
            delivered_on = as_of
            if file.sidecar is not None:
                self._keep_bytes(file.sidecar, file.sidecar_sha256)
                delivered_on = says_delivered_on(file.source, decode(file.sidecar)) or as_of
            rows.append(
                {
                    "source": file.source,
                    "name": file.name,
                    "sha256": file.sha256,
                    "size": file.size,
                    "sidecar_sha256": file.sidecar_sha256,
                    "delivered_on": delivered_on.isoformat(),
                }
            )
        entry = {"run_id": run_id, "run_seq": run_seq, "as_of": as_of.isoformat(), "deliveries": rows}
        if rows:
            # Names must survive a power cut too: those of the blobs before the ledger names them.
            hashes = {row[kind] for row in rows for kind in ("sha256", "sidecar_sha256")} - {""}
            _sync({self.blob(sha256).parent for sha256 in hashes} | {self.blobs, self.blobs.parent})
            # A run that loads twice must not forget what it loaded first.
            path = self._ledger / f"{run_id}.json"
            before = _read_entry(path)["deliveries"] if path.exists() else []
            text = json.dumps({**entry, "deliveries": before + rows}, ensure_ascii=False, indent=1)
            with _Replacement(path) as kept:
                kept.handle.write(text.encode())
                kept.commit()
            _sync({self._ledger, self._ledger.parent})
        return Added(self._deliveries_of(entry), problems)

    def _deliveries_of(self, entry: dict[str, Any]) -> list[Delivery]:
        return [
            Delivery(
                delivery_id=delivery_id(row["source"], row["sha256"], row["sidecar_sha256"]),
                source=row["source"],
                name=row["name"],
                sha256=row["sha256"],
                size=row["size"],
                sidecar=self._sidecar(row["sidecar_sha256"]),
                delivered_on=date.fromisoformat(row["delivered_on"]),
                run_id=entry["run_id"],
                run_seq=entry["run_seq"],
            )
            for row in entry["deliveries"]
        ]

    def _sidecar(self, sha256: str) -> str | None:
        if not sha256:
            return None
        try:
            return decode(self.blob(sha256).read_bytes())
        except FileNotFoundError:
            raise LedgerError(
                f"原始文件库缺少内容 {sha256}。请从备份恢复 raw 文件夹。",
                f"the raw store lacks the content {sha256}; restore the folder raw from a backup",
            ) from None

    def _keep_file(self, file: InboxFile) -> bool:
        """Copy the file in; False if it is no longer what the scan hashed."""
        target = self.blob(file.sha256)
        if target.exists():
            return True
        digest = hashlib.sha256()
        try:
            incoming = os.fdopen(open_regular(file.path), "rb")
        except OSError:  # gone, or a link by now
            return False
        with incoming, _Replacement(target) as kept:
            while chunk := incoming.read(CHUNK):
                digest.update(chunk)
                kept.handle.write(chunk)
            same = digest.hexdigest() == file.sha256
            if same:
                kept.commit()
        return same

    def _keep_bytes(self, content: bytes, sha256: str) -> None:
        target = self.blob(sha256)
        if not target.exists():
            with _Replacement(target) as kept:
                kept.handle.write(content)
                kept.commit()


class _Replacement:
    """A file written aside in the target's folder; `commit` flushes it and puts it in place, else it goes.

    The caller flushes the folder, once for many files.
    """

    handle: BinaryIO

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> _Replacement:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, self._temporary = tempfile.mkstemp(dir=self._target.parent, prefix=ASIDE)
        self.handle = os.fdopen(descriptor, "wb")
        return self

    def commit(self) -> None:
        self.handle.flush()
        os.fchmod(self.handle.fileno(), 0o400)
        os.fsync(self.handle.fileno())
        os.replace(self._temporary, self._target)

    def __exit__(self, *_: object) -> None:
        self.handle.close()
        Path(self._temporary).unlink(missing_ok=True)


def _sync(folders: set[Path]) -> None:
    for folder in sorted(folders):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read_entry(path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(path.read_bytes())
        entry["run_seq"], entry["run_id"], entry["deliveries"]
    except (ValueError, KeyError, TypeError):
        raise LedgerError(
            f"接收台账 {path.name} 已损坏。请从备份恢复 raw/ledger。",
            f"the ledger file {path.name} is damaged; restore raw/ledger from a backup",
        ) from None
    return dict(entry)
