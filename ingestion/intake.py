"""From the inbox to typed rows: what is new is kept and put on record, and every delivery has its typed rows.

Belongs here: the order of these steps. Does not belong here: each step itself (`inbox`, `store`, `typed`),
what holds at a date (`settle`). Typed rows are a cache: those that other rules typed, or a dying run left
half written, are made again from the raw store.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event

from ingestion.contract import Source
from ingestion.inbox import InboxFile, Problem, problem
from ingestion.reference import Reference
from ingestion.rules import RefusedError
from ingestion.sidecar import parse_sidecar
from ingestion.store import Delivery, RawStore
from ingestion.typed import fingerprint, type_delivery
from ingestion.typed_receipt import Receipt, load_receipt
from ingestion.typist import Typist

Progress = Callable[[int, int, str], None]

# Small files are mostly planning, which the engine does on one core: two sources at once, whose files share their plans.
# A large file takes all cores and its share of memory by itself.
_TYPISTS = 2
_LARGE = 32 << 20


@dataclass(frozen=True)
class Taken:
    """A delivery on record, what became of its rows, and the folder that holds them."""

    delivery: Delivery
    receipt: Receipt
    folder: Path


@dataclass(frozen=True)
class Intake:
    """All deliveries on record with their typed rows, those that this run loaded first, and what it left."""

    taken: list[Taken]
    new: list[Delivery]
    problems: list[Problem]


def take_in(
    home: Path,
    contracts: Mapping[str, Source],
    reference: Reference,
    files: Iterable[InboxFile],
    *,
    run_id: str,
    run_seq: int,
    as_of: date,
    progress: Progress | None = None,
) -> Intake:
    """Put the files that are new on record, and type every delivery whose typed rows are missing or stale.

    `files` are what a scan found (none, if the run is to load nothing new). `progress` is told how many of
    how many deliveries are typed, and the name of the one that comes next ("" at the end).
    """

    def says_delivered_on(source: str, sidecar: str) -> date | None:
        try:
            return parse_sidecar(sidecar, contracts[source]).delivered_on
        except RefusedError:  # typing refuses the file for it, in words
            return None

    store = RawStore(home)
    added = store.add(files, run_id=run_id, run_seq=run_seq, as_of=as_of, says_delivered_on=says_delivered_on)
    deliveries = store.deliveries()
    known = [delivery for delivery in deliveries if delivery.source in contracts]
    receipts = {delivery: _kept(home, delivery, contracts[delivery.source], reference) for delivery in known}
    waiting = [delivery for delivery, receipt in receipts.items() if receipt is None]

    def type_one(delivery: Delivery, typist: Typist) -> Receipt:
        blob = store.blob(delivery.sha256)
        return type_delivery(delivery, typist.source, blob, reference, _folder(home, delivery), typist)

    def typist(source: str, one_core: bool) -> Typist:
        return Typist(contracts[source], reference, typing_folder(home), one_core=one_core)

    tell = progress or (lambda done, total, name: None)
    shutil.rmtree(typing_folder(home), ignore_errors=True)  # of a run that was killed
    with closing(_typed(waiting, typist, type_one)) as typed:
        for done, (delivery, receipt) in enumerate(typed):
            tell(done, len(waiting), f"{delivery.source}/{delivery.name}")
            receipts[delivery] = receipt()
    tell(len(waiting), len(waiting), "")
    gone = sorted({delivery.source for delivery in deliveries} - set(contracts))
    return Intake(
        taken=[Taken(d, receipt, _folder(home, d)) for d, receipt in receipts.items() if receipt is not None],
        new=added.deliveries,
        problems=[*added.problems, *(problem("no_contract", source) for source in gone)],
    )


def typed_before(
    home: Path, contracts: Mapping[str, Source], reference: Reference
) -> tuple[list[Taken], list[Delivery]]:
    """The deliveries whose typed rows are there, and those that wait to be typed; only reads, so it needs no lock."""
    known = [delivery for delivery in RawStore(home).deliveries() if delivery.source in contracts]
    receipts = {delivery: _kept(home, delivery, contracts[delivery.source], reference) for delivery in known}
    return (
        [Taken(d, receipt, _folder(home, d)) for d, receipt in receipts.items() if receipt is not None],
        [delivery for delivery, receipt in receipts.items() if receipt is None],
    )


def _typed(
    waiting: Iterable[Delivery],
    typist: Callable[[str, bool], Typist],
    type_one: Callable[[Delivery, Typist], Receipt],
) -> Generator[tuple[Delivery, Callable[[], Receipt]]]:
    """Each delivery with the call that waits for its receipt; closed early, it begins no further one."""
    small: dict[str, list[Delivery]] = {}
    closed = Event()

    def type_alone(delivery: Delivery) -> Receipt:
        with typist(delivery.source, False) as one:
            return type_one(delivery, one)

    def type_all(share: list[Delivery]) -> dict[Delivery, Receipt]:
        with typist(share[0].source, True) as one:
            return {delivery: type_one(delivery, one) for delivery in share if not closed.is_set()}

    for delivery in waiting:
        if delivery.size >= _LARGE:
            yield delivery, partial(type_alone, delivery)
        else:
            small.setdefault(delivery.source, []).append(delivery)
    # What is most is begun first, so that none is left alone with it at the end.
    shares = sorted(chain.from_iterable(map(_shares, small.values())), key=_size, reverse=True)
    pool = ThreadPoolExecutor(_TYPISTS)
    try:
        for share, future in [(share, pool.submit(type_all, share)) for share in shares]:
            for delivery in share:
                yield delivery, partial(lambda future, delivery: future.result()[delivery], future, delivery)
    finally:
        closed.set()
        pool.shutdown(cancel_futures=True)


def _shares(deliveries: list[Delivery]) -> list[list[Delivery]]:
    """Small files of one source, for one typist each: all of them, or where they are much together a part."""
    parts = min(_TYPISTS, len(deliveries)) if _size(deliveries) >= _LARGE else 1
    return [deliveries[part::parts] for part in range(parts)]


def _size(deliveries: Iterable[Delivery]) -> int:
    return sum(delivery.size for delivery in deliveries)


def _typed_files(home: Path) -> Path:
    return home / "warehouse" / "typed"


def typing_folder(home: Path) -> Path:
    """What lasts no longer than typing: typists' own folders, and what the engine's memory does not hold."""
    return _typed_files(home) / ".typing"


def _folder(home: Path, delivery: Delivery) -> Path:
    return _typed_files(home) / delivery.delivery_id


def _kept(home: Path, delivery: Delivery, source: Source, reference: Reference) -> Receipt | None:
    return load_receipt(_folder(home, delivery), fingerprint(delivery, source, reference))
