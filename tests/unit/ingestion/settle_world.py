"""A small home for tests of settling: typed rows written by hand, without reading any provider's file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contract import Source, load_contracts
from ingestion.intake import Taken
from ingestion.rules import Refusal
from ingestion.settle import RunSetting, settle
from ingestion.store import Delivery
from ingestion.typed_receipt import Receipt

A, B, C = "91340100A00000001A", "91340100B00000002B", "91340100C00000003C"
DAY = date(2026, 3, 1)
NOW = date(2026, 11, 23)
_ARROW = {
    "int": pa.int64(),
    "decimal": pa.decimal128(24, 6),
    "money": pa.decimal128(24, 6),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "month": pa.date32(),
    "year": pa.int32(),
    "list": pa.list_(pa.string()),
}
_WORDS = ("column_name", "value", "rule", "severity", "detail_zh", "detail_en")
_ISSUES = pa.schema(
    [("_sheet", pa.string()), ("_row", pa.int64()), *((name, pa.string()) for name in _WORDS)]
)


def revenue(uscc: str | None, amount: int | str, period: str = "2025", **more: Any) -> dict[str, Any]:
    """A row of enterprise_revenue or survey_finance."""
    return {"uscc": uscc, "period": period, "revenue": Decimal(amount), **more}


def enterprise(uscc: str, name: str, year: int = 2025, *former: str, **more: Any) -> dict[str, Any]:
    """A row of enterprise_register."""
    usual = {"operating_area_code": "340104", "industry_code": "C26", "status": "在库"}
    return {
        "frame_year": year,
        "uscc": uscc,
        "name": name,
        "former_names": list(former) or None,
        **usual,
        **more,
    }


def institution(number: str, host: str, uscc: str | None = None, **more: Any) -> dict[str, Any]:
    """A row of rd_institution."""
    usual = {"name": "中心", "kind": "企业技术中心", "level": "省", "recognised_on": date(2024, 1, 1)}
    return {"institution_id": number, "host_name": host, "host_uscc": uscc, **usual, **more}


@dataclass
class World:
    """A home with deliveries in the order in which they came."""

    home: Path
    contracts: Mapping[str, Source] = field(default_factory=load_contracts)
    taken: list[Taken] = field(default_factory=list)

    def deliver(
        self,
        source: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        name: str | None = None,
        on: date = DAY,
        seq: int = 1,
        sidecar: str | None = None,
        issues: Sequence[Mapping[str, Any]] = (),
        quarantined: int = 0,
        refused: Refusal | None = None,
    ) -> str:
        """Write the typed files of one delivery as typing would, and put it on record."""
        name = name or f"file{len(self.taken)}.csv"
        identity = hashlib.sha256(f"{source}/{name}/{len(self.taken)}".encode()).hexdigest()
        folder = self.home / "warehouse" / "typed" / identity
        folder.mkdir(parents=True)
        columns = self.contracts[source].columns
        fields = [(column, _ARROW.get(c.type, pa.string())) for column, c in columns.items()]
        schema = pa.schema([*fields, ("_sheet", pa.string()), ("_row", pa.int64()), ("_out", pa.bool_())])
        blank = {column: False if c.type == "bool" else None for column, c in columns.items()}
        whole = [{**blank, "_sheet": "", "_row": number, **row} for number, row in enumerate(rows, start=2)]
        pq.write_table(pa.Table.from_pylist(whole, schema), folder / "rows.parquet")
        pq.write_table(pa.Table.from_pylist(list(issues), _ISSUES), folder / "issues.parquet")
        returned = pa.schema([("_sheet", pa.string()), ("_row", pa.int64()), ("_units", pa.string()),
                              *((column, pa.string()) for column in columns)])  # fmt: skip
        pq.write_table(returned.empty_table(), folder / "returned.parquet")
        delivery = Delivery(identity, source, name, identity, 1, sidecar, on, f"r{seq:06d}", seq)
        counts = (len(rows) + quarantined, len(rows), quarantined, 0)
        self.taken.append(Taken(delivery, Receipt(identity, source, name, "", *counts, refused), folder))
        return identity

    def register(self, *rows: Mapping[str, Any], **more: Any) -> None:
        """Deliver these enterprises as the register."""
        self.deliver("enterprise_register", rows, **more)

    def decide(self, *lines: str) -> None:
        """Write decisions/links.csv."""
        folder = self.home / "decisions"
        folder.mkdir(exist_ok=True)
        text = "\n".join(["source,name,uscc,decided_by,decided_on", *lines, ""])
        (folder / "links.csv").write_text(text, encoding="utf-8")

    @contextmanager
    def settled(self, as_of: date = NOW, **settings: Any) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build database as it stands at a date."""
        used = {"enterprise_register", *(one.delivery.source for one in self.taken)}
        contracts = {name: c for name, c in self.contracts.items() if name in used or not self.taken}
        con = duckdb.connect()
        run = RunSetting("r000099", 99, as_of, 2024, "2025-05-15-draft", **settings)
        try:
            settle(con, self.home, contracts, self.taken, run)
            yield con
        finally:
            con.close()

    def rows(self, query: str, as_of: date = NOW) -> list[tuple[Any, ...]]:
        """The answer to one query over the settled database."""
        with self.settled(as_of) as con:
            return con.execute(query).fetchall()

    def revenues(self, as_of: date = NOW) -> list[tuple[Any, ...]]:
        """What enterprise_revenue holds: code, amount in yuan, in statistical use, in administrative use."""
        columns = "uscc, revenue::INTEGER, _statistical, _administrative"
        return self.rows(f"SELECT {columns} FROM raw.enterprise_revenue ORDER BY ALL", as_of)
