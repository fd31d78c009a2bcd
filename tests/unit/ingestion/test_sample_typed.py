"""The loader takes every file of the sample: none refused, rows conserved, a small share quarantined."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import duckdb
import pytest

from ingestion.contract import load_contracts
from ingestion.reference import Reference
from ingestion.sample import write_sample
from ingestion.sidecar import parse_sidecar
from ingestion.store import Delivery
from ingestion.typed import type_delivery
from ingestion.typed_receipt import Receipt

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
CONTRACTS = load_contracts()


def typed(inbox: Path, path: Path, out: Path) -> Receipt:
    source = CONTRACTS[path.relative_to(inbox).parts[0]]
    sidecar = path.with_name(path.name + ".meta.toml").read_text(encoding="utf-8")
    delivered_on = parse_sidecar(sidecar, source).delivered_on
    assert delivered_on is not None
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    delivery = Delivery(
        sha256, source.name, path.name, sha256, len(content), sidecar, delivered_on, "r000001", 1
    )
    return type_delivery(delivery, source, path, Reference(SEEDS), out / sha256)


@pytest.mark.slow
def test_every_file_is_taken_and_few_rows_are_quarantined(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    paths = write_sample(inbox, CONTRACTS, SEEDS, enterprises=1_500, as_of=date(2025, 4, 30))
    receipts = [typed(inbox, path, tmp_path / "typed") for path in paths]
    assert [(r.source, r.name, r.refused.zh) for r in receipts if r.refused] == []
    assert all(r.accepted + r.quarantined + r.skipped == r.rows_read for r in receipts)
    for source in {r.source for r in receipts}:
        rows = sum(r.rows_read for r in receipts if r.source == source)
        held = sum(r.quarantined for r in receipts if r.source == source)
        assert held <= 0.02 * rows + 2, source
    assert sum(r.quarantined for r in receipts) > 0


@pytest.mark.parametrize("size", [20, 600])
def test_the_register_gives_exactly_as_many_enterprises_as_asked(tmp_path: Path, size: int) -> None:
    register = {"enterprise_register": CONTRACTS["enterprise_register"]}
    inbox = tmp_path / "inbox"
    paths = write_sample(
        inbox, register, SEEDS, enterprises=size, years=(2023, 2025), as_of=date(2024, 12, 31)
    )
    assert [path.suffix for path in paths] == [".csv", ".xlsx"]
    typed(inbox, paths[-1], tmp_path / "typed")
    # Rows of one code that contradict each other are held back later, when deliveries are settled.
    (rows,) = (tmp_path / "typed").glob("*/rows.parquet")
    held = duckdb.sql(
        f"""SELECT uscc FROM '{rows}' WHERE _out IS NULL AND status = '在库' AND frame_year = 2024
        GROUP BY uscc HAVING count(DISTINCT name) = 1"""
    )
    assert len(held.fetchall()) == size
