"""From the inbox to typed rows: what is new is kept and put on record, and every delivery has its typed rows.

Belongs here: the order of these steps. Does not belong here: each step itself (`inbox`, `store`, `typed`),
what holds at a date (`settle`). Typed rows are a cache: those that other rules typed, or a dying run left
half written, are made again from the raw store.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from ingestion.contract import Source
from ingestion.inbox import InboxFile, Problem, problem
from ingestion.reference import Reference
from ingestion.rules import RefusedError
from ingestion.sidecar import parse_sidecar
from ingestion.store import Delivery, RawStore
from ingestion.typed import fingerprint, type_delivery
from ingestion.typed_receipt import Receipt, load_receipt

Progress = Callable[[int, int, str], None]

# A small file is mostly planning, which the engine does on one core: two at once. A large one takes all cores
# and its share of memory by itself.
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

    def type_one(delivery: Delivery) -> Receipt:
        source, blob = contracts[delivery.source], store.blob(delivery.sha256)
        return type_delivery(delivery, source, blob, reference, _folder(home, delivery))

    tell = progress or (lambda done, total, name: None)
    with closing(_typed(waiting, type_one)) as typed:
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
    waiting: Iterable[Delivery], type_one: Callable[[Delivery], Receipt]
) -> Generator[tuple[Delivery, Callable[[], Receipt]]]:
    """Each delivery with the call that waits for its receipt; closed early, it begins no further one."""
    large = [delivery for delivery in waiting if delivery.size >= _LARGE]
    small = [delivery for delivery in waiting if delivery.size < _LARGE]
    for delivery in large:
        yield delivery, partial(type_one, delivery)
    pool = ThreadPoolExecutor(_TYPISTS)
    try:
        for delivery, future in [(delivery, pool.submit(type_one, delivery)) for delivery in small]:
            yield delivery, future.result
    finally:
        pool.shutdown(cancel_futures=True)


def _folder(home: Path, delivery: Delivery) -> Path:
    return home / "warehouse" / "typed" / delivery.delivery_id


def _kept(home: Path, delivery: Delivery, source: Source, reference: Reference) -> Receipt | None:
    return load_receipt(_folder(home, delivery), fingerprint(delivery, source, reference))
