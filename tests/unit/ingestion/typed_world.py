"""A small world for typing: text or workbooks in, rows and issues out. Helpers only, no tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contract import load_contracts
from ingestion.reference import Reference
from ingestion.store import Delivery
from ingestion.typed import type_delivery
from ingestion.typed_receipt import Receipt

SEEDS = Path(__file__).resolve().parents[3] / "dbt_project" / "seeds"
REFERENCE = Reference(SEEDS)
ON = date(2026, 11, 23)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_digit(first_17: str) -> str:
    """GB 32100-2015, written out plainly."""
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first_17))
    return ALPHABET[(31 - total % 31) % 31]


def code(number: int) -> str:
    """A valid credit code."""
    first_17 = f"91340100MA{number:07d}"
    return first_17 + check_digit(first_17)


@dataclass(frozen=True)
class Typed:
    receipt: Receipt
    rows: list[dict[str, Any]]
    issues: list[dict[str, Any]]

    @property
    def refused(self) -> str | None:
        return self.receipt.refused and self.receipt.refused.code

    @property
    def counts(self) -> tuple[int, int, int, int]:
        r = self.receipt
        return r.rows_read, r.accepted, r.quarantined, r.skipped

    @property
    def broken(self) -> list[tuple[int, str, str, str]]:
        return [(i["_row"], i["column_name"], i["rule"], i["severity"]) for i in self.issues]


def deliver(
    folder: Path, source: str, content: str | bytes | Path, *, sidecar: str | None = None, on: date = ON
) -> Typed:
    """Type one delivery."""
    if isinstance(content, Path):
        content = content.read_bytes()
    raw = content.encode() if isinstance(content, str) else content
    sha256 = hashlib.sha256(raw).hexdigest()
    blob = folder / sha256
    blob.write_bytes(raw)
    delivery = Delivery(f"{source}-{sha256}", source, "file", sha256, len(raw), sidecar, on, "r000001", 1)
    out = folder / f"out-{sha256}-{hashlib.sha256((sidecar or '').encode()).hexdigest()}"
    receipt = type_delivery(delivery, load_contracts()[source], blob, REFERENCE, out)
    return Typed(receipt, accepted(out), table(out / "issues.parquet"))


def accepted(folder: Path) -> list[dict[str, Any]]:
    """The rows of a delivery that count, without what typing says of rows."""
    found = [row for row in table(folder / "rows.parquet") if row["_out"] is None]
    return [{name: cell for name, cell in row.items() if name not in ("_out", "_remark")} for row in found]


def table(path: Path) -> list[dict[str, Any]]:
    relation = duckdb.connect().from_parquet(str(path))
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def csv_text(*rows: Sequence[object]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def revenue(folder: Path, *cells: str, title: str = "营业收入（千元）", sidecar: str | None = None) -> Typed:
    """Rows of revenue with nothing else to go wrong, one for each cell (quoted)."""
    rows = [[code(i), "2025", f'"{cell}"'] for i, cell in enumerate(cells)]
    text = csv_text(["信用代码", "报告期", title], *rows)
    return deliver(folder, "enterprise_revenue", text, sidecar=sidecar)
