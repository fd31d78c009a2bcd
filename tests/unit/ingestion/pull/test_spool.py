"""What is news and what is not: the staging folder beside the ledger of deliveries."""

from datetime import date

import pytest

from ingestion.contract import load_contracts
from ingestion.pull.contract import Postgres
from ingestion.pull.spool import Spool, sidecar_text
from ingestion.pull.words import PullRefusedError, refused
from ingestion.store import RawStore

PULL = Postgres(source="patent", dsn_env="DSN", query="select 1")
SIDECAR = 'mode = "upsert"\n'


def stage(home, text, mark=None, pull=PULL):
    spool = Spool(home, "库", pull)
    spool.new_file().write_text(text, encoding="utf-8")
    return spool.keep(SIDECAR, mark)


def load(home, files, run):
    added = RawStore(home).add(
        files, run_id=f"r{run:06}", run_seq=run, as_of=date(2026, 11, run), says_delivered_on=lambda *_: None
    )
    return added.deliveries


def test_the_same_again_is_no_news(tmp_path):
    (first,) = stage(tmp_path, "a\n1\n")
    assert (first.source, first.name, first.sidecar) == ("patent", "[pull.库].csv", SIDECAR.encode())
    assert len(load(tmp_path, [first], 1)) == 1
    assert stage(tmp_path, "a\n1\n") == []


def test_a_state_that_comes_back_is_news_each_time(tmp_path):
    """A, B, A: the third is on record already, but it is how the source is now."""
    for run, text in enumerate(("a\n1\n", "a\n2\n", "a\n1\n", "a\n2\n", "a\n1\n"), 1):
        files = stage(tmp_path, text)
        assert len(load(tmp_path, files, run)) == 1, run
        assert stage(tmp_path, text) == []


def test_what_a_dead_run_staged_waits_until_it_is_on_record(tmp_path):
    (first,) = stage(tmp_path, "a\n1\n")
    assert Spool(tmp_path, "库", PULL).waiting() == [first]
    load(tmp_path, [first], 1)
    assert Spool(tmp_path, "库", PULL).waiting() == []


def test_a_mark_counts_only_when_its_file_is_on_record(tmp_path):
    first = stage(tmp_path, "a\n1\n", {"watermark": "1", "tail": "x"})
    assert Spool(tmp_path, "库", PULL).mark is None
    load(tmp_path, first, 1)
    assert Spool(tmp_path, "库", PULL).mark == {"watermark": "1", "tail": "x"}
    stage(tmp_path, "a\n2\n", {"watermark": "2", "tail": "y"})
    assert Spool(tmp_path, "库", PULL).mark == {"watermark": "1", "tail": "x"}


def test_another_question_begins_anew(tmp_path):
    load(tmp_path, stage(tmp_path, "a\n1\n", {"watermark": "1", "tail": "x"}), 1)
    other = Postgres(source="patent", dsn_env="DSN", query="select 2")
    assert Spool(tmp_path, "库", other).mark is None


def test_a_column_that_is_gone_is_refused_unless_the_question_changed(tmp_path):
    load(tmp_path, stage(tmp_path, "a,b\n1,2\n"), 1)
    Spool(tmp_path, "库", PULL).succeeded(date(2026, 11, 1))
    with pytest.raises(PullRefusedError) as error:
        Spool(tmp_path, "库", PULL).check_columns(["a"])
    assert error.value.code == "pull_column_gone" and "b" in error.value.en
    other = Postgres(source="patent", dsn_env="DSN", query="select 2")
    Spool(tmp_path, "库", other).check_columns(["a"])


def test_a_lost_or_broken_memory_costs_nothing_but_time(tmp_path):
    load(tmp_path, stage(tmp_path, "a\n1\n", {"watermark": "1", "tail": "x"}), 1)
    (tmp_path / "warehouse/pulled/库/state.json").write_text("{broken")
    assert Spool(tmp_path, "库", PULL).mark is None
    assert stage(tmp_path, "a\n1\n", {"watermark": "1", "tail": "x"}) == []
    assert Spool(tmp_path, "库", PULL).mark == {"watermark": "1", "tail": "x"}


def test_age_is_told_from_memory_else_from_the_ledger(tmp_path):
    reason = refused("empty")
    never = Spool(tmp_path, "库", PULL).stale(reason, date(2026, 11, 5))
    assert "从未" in never.zh and "nothing was ever pulled" in never.en
    load(tmp_path, stage(tmp_path, "a\n1\n"), 1)
    by_ledger = Spool(tmp_path, "库", PULL).stale(reason, date(2026, 11, 5))
    assert "2026-11-01" in by_ledger.zh and "4 days ago" in by_ledger.en
    Spool(tmp_path, "库", PULL).succeeded(date(2026, 11, 3))
    told = Spool(tmp_path, "库", PULL).stale(reason, date(2026, 11, 5))
    assert "2026-11-03" in told.zh and "2 days ago" in told.en


def test_the_query_may_stand_in_a_file_of_the_home_only(tmp_path):
    (tmp_path / "home/decisions").mkdir(parents=True)
    (tmp_path / "home/decisions/q.sql").write_text("select 3")
    (tmp_path / "outside.sql").write_text("select 4")
    asked = Postgres(source="patent", dsn_env="DSN", query_file="decisions/q.sql")
    assert Spool(tmp_path / "home", "库", asked).query() == "select 3"
    outside = Postgres(source="patent", dsn_env="DSN", query_file="../outside.sql")
    with pytest.raises(PullRefusedError):
        Spool(tmp_path / "home", "库", outside).query()


def test_the_sidecar_is_one_that_typing_reads():
    from ingestion.sidecar import parse_sidecar

    source = load_contracts()["enterprise_revenue"]
    text = sidecar_text(source, mode="", unit="万元", constants={"period": '2025"年', "name": 3})
    said = parse_sidecar(text + "# 2\n", source)
    assert (said.mode, said.unit, said.delivered_on) == ("upsert", "万元", None)
    assert said.constants == {"period": '2025"年', "name": "3"}
