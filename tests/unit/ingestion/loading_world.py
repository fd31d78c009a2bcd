"""A home whose runs load, settle and write receipts, as `innostat run` does before it builds. Helpers only, no tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import openpyxl

from ingestion.contract import load_contracts
from ingestion.inbox import scan
from ingestion.intake import take_in
from ingestion.receipts import write_receipts
from ingestion.returned import SHEET
from ingestion.settle import RunSetting, settle
from tests.unit.ingestion.typed_world import REFERENCE


class Home:
    """A home whose runs load, settle and write receipts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = 0
        self.con = duckdb.connect()

    def put(self, source: str, name: str, text: str, sidecar: str = "") -> None:
        folder = self.root / "inbox" / source
        folder.mkdir(parents=True, exist_ok=True)
        if sidecar:
            (folder / f"{name}.meta.toml").write_text(sidecar, encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")

    def run(self, as_of: date = date(2026, 3, 1)) -> dict[str, Path]:
        self.runs += 1
        contracts = load_contracts()
        found = scan(self.root, contracts)
        intake = take_in(
            self.root, contracts, REFERENCE, found.files,
            run_id=f"r{self.runs:06d}", run_seq=self.runs, as_of=as_of,
        )  # fmt: skip
        self.con = duckdb.connect()
        setting = RunSetting(f"r{self.runs:06d}", self.runs, as_of, 2024, "2025-05-15-draft")
        settle(self.con, self.root, contracts, intake.taken, setting, reference=REFERENCE)
        folder = self.root / "runs" / str(self.runs)
        return {path.stem: path for path in write_receipts(self.con, contracts, intake.taken, folder)}

    def mend(self, receipt: Path, source: str, name: str | None = None, **cells: object) -> Path:
        """Change cells of the first returned row as a person would, and put the whole workbook into the inbox."""
        book = openpyxl.load_workbook(receipt)
        sheet = book[SHEET]
        titles = [cell.value for cell in sheet[3]]
        for title, value in cells.items():
            sheet.cell(4, titles.index(title) + 1).value = value
        path = self.root / "inbox" / source / (name or receipt.name)
        book.save(path)
        return path

    def all(self, query: str) -> list[tuple[object, ...]]:
        return self.con.execute(query).fetchall()

    def deliveries(self) -> dict[object, tuple[object, ...]]:
        query = "SELECT name, rows_read, rows_accepted, rows_quarantined, rows_skipped FROM raw.delivery"
        return {name: counts for name, *counts in self.all(query)}
