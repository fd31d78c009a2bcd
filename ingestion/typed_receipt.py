"""What became of one delivery, as it is kept beside its typed rows.

Belongs here: the receipt, saving and loading it. Not here: typing (`typed`), the workbook for the provider (`receipts`).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.rules import Note, Refusal


@dataclass(frozen=True)
class SheetReceipt:
    """What became of one sheet."""

    name: str
    hidden: bool
    read: bool  # False: no header, passed over
    header_row: int  # as a spreadsheet counts; 0 where there is none
    rows_read: int
    units: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery; accepted + quarantined + skipped = rows read."""

    delivery_id: str
    source: str
    name: str
    fingerprint: str
    rows_read: int = 0
    accepted: int = 0
    quarantined: int = 0
    skipped: int = 0
    refused: Refusal | None = None
    sheets: tuple[SheetReceipt, ...] = ()
    notes: tuple[Note, ...] = ()
    # A returned sheet that was mended: the use to which its rows were restricted; "" for any other file.
    corrects: str = ""

    @property
    def units(self) -> tuple[str, ...]:
        """The units of money that the file's sheets say."""
        return tuple(dict.fromkeys(unit for sheet in self.sheets for unit in sheet.units))


def load_receipt(out_dir: Path, wanted_fingerprint: str) -> Receipt | None:
    """The receipt of rows typed earlier; None if there is none, other rules or lists made them, or they are not whole."""
    try:
        kept = json.loads((out_dir / "receipt.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("fingerprint") != wanted_fingerprint:
        return None
    if kept.pop("files", None) != _sizes(out_dir):
        return None
    kept["refused"] = kept["refused"] and Refusal(**kept["refused"])
    kept["sheets"] = tuple(
        SheetReceipt(**{**sheet, "units": tuple(sheet["units"])}) for sheet in kept["sheets"]
    )
    kept["notes"] = tuple(Note(**words) for words in kept["notes"])
    return Receipt(**kept)


def save_receipt(receipt: Receipt, out_dir: Path) -> None:
    """Write it in one step, with the sizes of the files beside it.

    Nothing waits for the disk here: after a power cut the receipt may be there and a file it tells of be cut short.
    """
    aside = out_dir / "receipt.json.tmp"
    kept = {**asdict(receipt), "files": _sizes(out_dir)}
    aside.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(aside, out_dir / "receipt.json")


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(folder.glob("*.parquet"))}
