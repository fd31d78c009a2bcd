"""Which deliveries count at a date, and what is known of each: the rows of settling.file.

Belongs here: what a receipt, a sidecar and a contract say of a whole file. Does not belong here: its rows (`settle_sql`), the
columns of the table (`settle_tables`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ingestion.contract import Source
from ingestion.intake import Taken
from ingestion.rules import RefusedError
from ingestion.sidecar import Sidecar, parse_sidecar
from ingestion.store import Delivery
from ingestion.typed import ROWS


def delivered(contracts: Mapping[str, Source], taken: Iterable[Taken], as_of: date) -> list[dict[str, Any]]:
    """What is known of each delivery that counts at this date, numbered in the order of preference.

    Of equal rows the first file's stays: an administrative delivery's before a statistical one's.
    """
    files = [
        _file(one, contracts[one.delivery.source])
        for one in taken
        if one.delivery.source in contracts and one.delivery.delivered_on <= as_of
    ]
    files.sort(
        key=lambda file: (not file["administrative"], file["source"], file["name"], file["delivery_id"])
    )
    moments = _moments(files)
    return [
        {**file, "no": number, "moment": moments[file["source"], file["delivered_on"], file["run_seq"]]}
        for number, file in enumerate(files, start=1)
    ]


def _file(one: Taken, source: Source) -> dict[str, Any]:
    delivery, receipt = one.delivery, one.receipt
    said = _sidecar(delivery, source)
    purpose = "statistical" if "statistical" in (said.purpose, receipt.corrects) else source.purpose
    # Mended rows are a part of what they were returned from: they must not stand for the whole of it.
    mode = said.mode or ("upsert" if receipt.corrects else source.mode)
    refused = receipt.refused
    return {
        "delivery_id": delivery.delivery_id,
        "source": delivery.source,
        "name": delivery.name,
        "sha256": delivery.sha256,
        "purpose": purpose,
        "administrative": purpose == "administrative",
        "is_delete": said.mode == "delete",
        "is_full": mode == "full",
        "corrects": bool(receipt.corrects),
        "units": "、".join(receipt.units),
        "delivered_on": delivery.delivered_on,
        "run_id": delivery.run_id,
        "run_seq": delivery.run_seq,
        "folder": str(one.folder),
        "path": str(one.folder / ROWS),
        "issues": str(one.folder / "issues.parquet"),
        "refused_code": refused and refused.code,
        "refused_zh": refused and refused.zh,
        "refused_en": refused and refused.en,
        "rows_read": receipt.rows_read,
        "accepted": receipt.accepted,
        "quarantined": receipt.quarantined,
        "skipped": receipt.skipped,
    }


def _sidecar(delivery: Delivery, source: Source) -> Sidecar:
    try:
        return parse_sidecar(delivery.sidecar, source)
    except RefusedError:  # the file was refused for it when it was typed: it has no rows
        return Sidecar()


def _moments(files: Iterable[Mapping[str, Any]]) -> dict[tuple[str, date, int], int]:
    """The place of each (delivery date, run) in the order of its source's deliveries, from 1."""
    seen = sorted({(file["source"], file["delivered_on"], file["run_seq"]) for file in files})
    moments: dict[tuple[str, date, int], int] = {}
    last, place = "", 0
    for moment in seen:
        place = place + 1 if moment[0] == last else 1
        last = moment[0]
        moments[moment] = place
    return moments
