"""From the inbox to typed rows: loaded once, typed once, typed again when rules or the cache have changed."""

import os
from datetime import date
from itertools import chain
from pathlib import Path

import duckdb
import pytest

from ingestion import intake, typed
from ingestion.contract import load_contracts
from ingestion.inbox import scan
from ingestion.intake import take_in
from ingestion.reference import Reference
from ingestion.settle import RunSetting, settle
from ingestion.store import Delivery

CONTRACTS = load_contracts()
REFERENCE = Reference(Path(intake.__file__).parents[1] / "dbt_project" / "seeds")
GOOD, OTHER = "91340100MA2N00000X", "91340100MA2N00001X"
AS_OF = date(2026, 3, 1)


@pytest.fixture
def home(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path


def put(home, name, text):
    path = home / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def load(home, seq=1, as_of=AS_OF, *, files=None, **more):
    found = scan(home, CONTRACTS).files if files is None else files
    return take_in(home, CONTRACTS, REFERENCE, found, run_id=f"r{seq:06d}", run_seq=seq, as_of=as_of, **more)


def revenues(home, taken, as_of):
    con = duckdb.connect()
    try:
        contracts = {name: CONTRACTS[name] for name in ("enterprise_register", "enterprise_revenue")}
        settle(con, home, contracts, taken, RunSetting("r000009", 9, as_of, 2024, "p"))
        return con.execute(
            "SELECT uscc, revenue::INTEGER FROM raw.enterprise_revenue ORDER BY ALL"
        ).fetchall()
    finally:
        con.close()


def revenue_file(*rows):
    return "\n".join(["统一社会信用代码,报告期,营业收入（元）", *rows, ""])


def test_new_files_are_loaded_and_typed_once(home):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    told = []
    first = load(home, 1, progress=lambda *step: told.append(step))
    assert [delivery.name for delivery in first.new] == ["a.csv"]
    assert told == [(0, 1, "enterprise_revenue/a.csv"), (1, 1, "")]
    told.clear()
    second = load(home, 2, progress=lambda *step: told.append(step))
    assert second.new == [] and second.taken == first.taken
    assert told == [(0, 0, "")]


def test_a_sidecar_says_the_delivery_date_and_a_bad_one_refuses_its_file(home):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    put(home, "enterprise_revenue/a.csv.meta.toml", "delivered_on = 2026-02-03")
    put(home, "enterprise_revenue/b.csv", revenue_file(f"{OTHER},2025,1"))
    put(home, "enterprise_revenue/b.csv.meta.toml", "delivered_on = ")
    good, bad = load(home).taken
    assert (good.delivery.delivered_on, good.receipt.refused) == (date(2026, 2, 3), None)
    assert (bad.delivery.delivered_on, bad.receipt.refused.code) == (AS_OF, "sidecar_invalid")


def test_f55_a_delivery_of_tomorrow_is_on_record_today_and_counts_tomorrow(home):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    put(home, "enterprise_revenue/a.csv.meta.toml", "delivered_on = 2026-03-02")
    taken = load(home).taken
    assert len(taken) == 1
    assert revenues(home, taken, AS_OF) == []
    assert revenues(home, taken, date(2026, 3, 2)) == [(GOOD, 1)]


def test_a_run_of_an_earlier_date_loads_nothing_and_sees_what_there_was(home):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    load(home, 1)
    put(home, "enterprise_revenue/b.csv", revenue_file(f"{GOOD},2025,2"))
    load(home, 2, date(2026, 5, 1))
    put(home, "enterprise_revenue/c.csv", revenue_file(f"{GOOD},2025,3"))
    back = load(home, 3, AS_OF, files=[])
    assert back.new == [] and len(back.taken) == 2
    assert revenues(home, back.taken, AS_OF) == [(GOOD, 1)]
    assert revenues(home, back.taken, date(2026, 5, 1)) == [(GOOD, 2)]


@pytest.mark.parametrize("harm", ["no receipt", "half a receipt", "rows cut short", "no rows", "no folder"])
def test_f05_f59_typed_rows_that_are_not_whole_are_made_again(home, harm):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    (first,) = load(home).taken
    receipt = first.folder / "receipt.json"
    if harm == "no receipt":
        receipt.unlink()
    elif harm == "half a receipt":
        receipt.write_bytes(receipt.read_bytes()[:50])
    elif harm == "rows cut short":
        os.truncate(first.folder / "rows.parquet", 0)  # as a power cut leaves what was never flushed
    elif harm == "no rows":
        (first.folder / "rows.parquet").unlink()
    else:
        for path in first.folder.iterdir():
            path.unlink()
        first.folder.rmdir()
    assert load(home, 2).taken == [first]
    assert revenues(home, [first], AS_OF) == [(GOOD, 1)]


def test_other_rules_type_again_from_the_raw_copy_though_the_inbox_is_empty(home, monkeypatch):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    (first,) = load(home).taken
    (home / "inbox/enterprise_revenue/a.csv").unlink()
    monkeypatch.setattr(typed, "_code", lambda: "other code")
    (again,) = load(home, 2).taken
    assert again.delivery == first.delivery
    assert again.receipt.fingerprint != first.receipt.fingerprint
    assert again.receipt.accepted == 1


def test_files_of_a_source_without_contract_are_named(home):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    load(home)
    fewer = {name: source for name, source in CONTRACTS.items() if name != "enterprise_revenue"}
    back = take_in(home, fewer, REFERENCE, [], run_id="r000002", run_seq=2, as_of=AS_OF)
    assert back.taken == []
    assert [(problem.code, problem.path) for problem in back.problems] == [
        ("no_contract", "enterprise_revenue")
    ]


def test_a_file_split_in_two_settles_the_same(home, tmp_path):
    rows = [f"{GOOD},2025,1", f"{OTHER},2025,2", f"{GOOD},2024,3"]
    put(home, "enterprise_revenue/whole.csv", revenue_file(*rows))
    other = tmp_path / "other"
    put(other, "enterprise_revenue/1.csv", revenue_file(rows[2]))
    put(other, "enterprise_revenue/2.csv", revenue_file(rows[1], rows[0]))
    assert revenues(home, load(home).taken, AS_OF) == revenues(other, load(other).taken, AS_OF) != []


@pytest.mark.parametrize("large", [0, 1 << 40])
def test_large_files_are_typed_alone_and_small_ones_in_pairs_to_the_same_end(home, monkeypatch, large):
    monkeypatch.setattr(intake, "_LARGE", large)
    for number in range(5):
        put(home, f"enterprise_revenue/{number}.csv", revenue_file(f"{GOOD},{2020 + number},{number}"))
    told = []
    taken = load(home, progress=lambda *step: told.append(step)).taken
    assert [one.receipt.name for one in taken] == [f"{number}.csv" for number in range(5)]
    assert [step[0] for step in told] == [0, 1, 2, 3, 4, 5]
    assert len(revenues(home, taken, AS_OF)) == 5


def test_many_small_files_of_one_source_are_shared_among_typists(home):
    def file(number: int, size: int) -> Delivery:
        return Delivery(str(number), "patent", f"{number}.csv", "", size, None, AS_OF, "r000001", 1)

    few, many = (
        [file(number, 1 << 20) for number in range(5)],
        [file(number, 30 << 20) for number in range(5)],
    )
    assert [len(share) for share in intake._shares(few)] == [5]
    assert [len(share) for share in intake._shares(many)] == [3, 2]
    assert sorted(chain.from_iterable(intake._shares(many)), key=str) == sorted(many, key=str)


def test_an_error_while_typing_is_not_swallowed(home, monkeypatch):
    def fails(*_):
        raise RuntimeError("out of order")

    monkeypatch.setattr(intake, "type_delivery", fails)
    for number in range(5):
        put(home, f"enterprise_revenue/{number}.csv", revenue_file(f"{GOOD},2025,{number}"))
    with pytest.raises(RuntimeError, match="out of order"):
        load(home)


def test_what_a_killed_run_left_of_its_typing_is_cleared_away(home):
    put(home, "enterprise_revenue/a.csv", revenue_file(f"{GOOD},2025,1"))
    aside = intake.typing_folder(home)
    for leftover in (aside / ".typist-killed/written.parquet", aside / ".spill/duckdb_temp_storage-0.tmp"):
        leftover.parent.mkdir(parents=True)
        leftover.write_bytes(b"half")
    load(home)
    assert list(aside.iterdir()) == []
