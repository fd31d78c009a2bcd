"""What holds at a date: superseding, conflicts, full deliveries, the two uses, the account of every row."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from ingestion.rules import Refusal
from ingestion.settle import ConservationError
from tests.unit.ingestion.settle_world import NOW, A, B, C, World, enterprise, institution, revenue

EARLY, LATE = date(2026, 3, 1), date(2026, 5, 1)
STATISTICAL = 'purpose = "statistical"'
DELETE, UPSERT = 'mode = "delete"', 'mode = "upsert"'
COUNTS = "SELECT name, rows_read, rows_accepted, rows_quarantined FROM raw.delivery ORDER BY name"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_every_source_has_its_table_with_nothing_delivered(world):
    with world.settled(complete={"activity": [2025, 2024, 2025]}) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
        assert {name for (name,) in tables} == {
            *world.contracts,
            *(
                "delivery",
                "quarantined_row",
                "warned_row",
                "unlinked_row",
                "run_setting",
                "complete_register",
                "whole_delivery",
                "target_decision",
                "first_published",
                "correction",
                "unit_peer",
                "unit_ratio",
                "frozen_year",
                "frozen_coverage",
                "frozen_value",
            ),
        }
        types = {row[0]: row[1] for row in con.execute("DESCRIBE raw.patent").fetchall()}
        assert types["holders"] == "VARCHAR[]" and types["granted_on"] == "DATE"
        assert con.execute("FROM raw.run_setting").fetchall() == [
            ("r000099", 99, NOW, 2024, "2025-05-15-draft")
        ]
        assert con.execute("FROM raw.complete_register").fetchall() == [
            ("activity", 2024),
            ("activity", 2025),
        ]


def test_empty_and_filled_tables_have_the_same_columns(world):
    with world.settled() as con:
        empty = con.execute("DESCRIBE raw.enterprise_revenue").fetchall()
    world.deliver("enterprise_revenue", [revenue(A, 1)])
    with world.settled() as con:
        assert con.execute("DESCRIBE raw.enterprise_revenue").fetchall() == empty


def test_a_row_keeps_its_place_and_its_delivery(world):
    identity = world.deliver("enterprise_revenue", [revenue(A, 1, _sheet="一月", _row=7)], on=EARLY, seq=3)
    query = "SELECT _delivery_id, _delivered_on, _run_seq, _sheet, _row, _linked FROM raw.enterprise_revenue"
    assert world.rows(query) == [(identity, EARLY, 3, "一月", 7, True)]


def test_a_later_delivery_supersedes_the_whole_row(world):
    world.deliver("enterprise_revenue", [revenue(A, 1, rd_expense=Decimal(5)), revenue(B, 2)], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(A, 3)], on=LATE)
    query = "SELECT uscc, revenue::INTEGER, rd_expense FROM raw.enterprise_revenue ORDER BY uscc"
    assert world.rows(query) == [(A, 3, None), (B, 2, None)]


def test_an_earlier_as_of_sees_the_old_value(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(A, 3)], on=LATE)
    assert world.revenues(date(2026, 4, 30)) == [(A, 1, True, True)]
    assert world.revenues(LATE) == [(A, 3, True, True)]
    assert world.rows("SELECT count(*) FROM raw.delivery", date(2026, 4, 30)) == [(1,)]


def test_of_one_delivery_date_the_later_run_supersedes(world):
    world.deliver("enterprise_revenue", [revenue(A, 9)], seq=2)
    world.deliver("enterprise_revenue", [revenue(A, 1)], seq=1)
    assert world.revenues() == [(A, 9, True, True)]


def test_the_delivery_date_comes_before_the_run(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], on=LATE, seq=1)
    world.deliver("enterprise_revenue", [revenue(A, 9)], on=EARLY, seq=2)
    assert world.revenues() == [(A, 1, True, True)]


def test_equal_rows_are_one_and_both_accepted(world):
    world.deliver("enterprise_revenue", [revenue(A, 1, name="甲 "), revenue(A, 1, name="甲")])
    world.deliver("enterprise_revenue", [revenue(A, "1.000", name="甲")])
    assert world.revenues() == [(A, 1, True, True)]
    assert world.rows(COUNTS) == [("file0.csv", 2, 2, 0), ("file1.csv", 1, 1, 0)]


def test_text_is_compared_after_nfkc(world):
    world.deliver("rd_institution", [institution("JG-1", "甲", A), institution("ＪＧ－1", "甲", A)])
    assert world.rows("SELECT count(*) FROM raw.rd_institution") == [(1,)]
    world.deliver("rd_institution", [institution("JG-1", "甲", A, name="另一个")], on=LATE)
    assert world.rows("SELECT name FROM raw.rd_institution") == [("另一个",)]


def test_rows_that_differ_only_where_one_is_blank_conflict(world):
    world.deliver("enterprise_revenue", [revenue(A, 1, rd_expense=Decimal(0)), revenue(A, 1)])
    assert world.revenues() == []
    query = "SELECT row, column_name, value FROM raw.quarantined_row ORDER BY row"
    assert world.rows(query) == [(2, "rd_expense", "0"), (3, "rd_expense", None)]


def test_contradicting_rows_are_all_quarantined_whichever_file_they_came_in(world):
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(B, 2)], name="a.csv")
    world.deliver("enterprise_revenue", [revenue(A, 3, _row=8)], name="b.csv")
    assert world.revenues() == [(B, 2, True, True)]
    assert world.rows(COUNTS) == [("a.csv", 2, 1, 1), ("b.csv", 1, 0, 1)]
    query = """
        SELECT file, row, column_name, value, rule, message_zh LIKE '%营业收入%a.csv:2、b.csv:8%',
            message_en LIKE '%revenue%a.csv:2, b.csv:8%'
        FROM raw.quarantined_row ORDER BY file
    """
    assert world.rows(query) == [
        ("a.csv", 2, "revenue", "1", "conflicting_rows", True, True),
        ("b.csv", 8, "revenue", "3", "conflicting_rows", True, True),
    ]


def test_quarantined_rows_supersede_nothing_and_a_correction_cures_them(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(A, 2), revenue(A, 3)], on=LATE)
    assert world.revenues() == [(A, 1, True, True)]
    world.deliver("enterprise_revenue", [revenue(A, 3)], on=date(2026, 6, 1))
    assert world.revenues() == [(A, 3, True, True)]
    assert world.rows("SELECT count(*) FROM raw.quarantined_row") == [(2,)]


def test_consolidated_rows_take_no_part(world):
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(A, 9, consolidated=True)], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(A, 8, consolidated=True)], on=LATE)
    assert world.revenues() == [(A, 1, True, True)]
    assert world.rows(COUNTS) == [("file0.csv", 2, 2, 0), ("file1.csv", 1, 1, 0)]


def test_a_full_delivery_replaces_its_frame_year_only(world):
    world.register(enterprise(A, "甲", 2024), enterprise(B, "乙", 2024))
    world.register(enterprise(A, "甲", 2025), enterprise(B, "乙", 2025), on=EARLY)
    world.register(enterprise(B, "乙", 2025), on=LATE)
    query = "SELECT frame_year, name FROM raw.enterprise_register ORDER BY ALL"
    assert world.rows(query) == [(2024, "乙"), (2024, "甲"), (2025, "乙")]
    assert len(world.rows(query, EARLY)) == 4


def test_files_of_one_date_and_run_replace_together_and_the_next_run_alone(world):
    world.register(enterprise(A, "甲"), on=EARLY, seq=1)
    world.register(enterprise(B, "乙"), on=EARLY, seq=1)
    query = "SELECT uscc FROM raw.enterprise_register ORDER BY ALL"
    assert world.rows(query) == [(A,), (B,)]
    world.register(enterprise(C, "丙"), on=EARLY, seq=2)
    assert world.rows(query) == [(C,)]


def test_a_full_delivery_without_an_accepted_row_replaces_nothing(world):
    world.register(enterprise(A, "甲"), on=EARLY)
    world.register(enterprise(A, "乙"), enterprise(A, "丙"), on=LATE)
    assert world.rows("SELECT name FROM raw.enterprise_register") == [("甲",)]


def test_single_rows_are_no_whole_delivery(world):
    world.deliver("enterprise_register", [enterprise(A, "甲", 2024)])
    world.deliver("enterprise_register", [enterprise(A, "甲", 2025)], sidecar=STATISTICAL)
    world.deliver("enterprise_register", [enterprise(A, "甲", 2026)], sidecar=UPSERT)
    assert world.rows("SELECT purpose, scope FROM raw.whole_delivery ORDER BY ALL DESC") == [
        ("statistical", "2025"),
        ("statistical", "2024"),
        ("administrative", "2024"),
    ]


def test_an_upsert_mends_a_full_delivery_key_by_key(world):
    world.register(enterprise(A, "甲"), enterprise(B, "乙"), on=EARLY)
    world.register(enterprise(B, "新乙"), enterprise(C, "丙"), on=LATE, sidecar=UPSERT)
    query = "SELECT name FROM raw.enterprise_register ORDER BY uscc"
    assert world.rows(query) == [("甲",), ("新乙",), ("丙",)]
    world.register(enterprise(B, "乙"), on=date(2026, 6, 1))
    assert world.rows(query) == [("乙",)]


def test_delete_ends_its_keys_from_its_date(world):
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(B, 2)], on=EARLY)
    world.deliver("enterprise_revenue", [{"uscc": A, "period": "2025"}], on=LATE, sidecar=DELETE)
    assert world.revenues() == [(B, 2, True, True)]
    assert world.revenues(EARLY) == [(A, 1, True, True), (B, 2, True, True)]
    world.deliver("enterprise_revenue", [revenue(A, 5)], on=date(2026, 6, 1))
    assert world.revenues() == [(A, 5, True, True), (B, 2, True, True)]


def test_delete_out_of_a_full_source(world):
    world.register(enterprise(A, "甲"), enterprise(B, "乙"), on=EARLY)
    world.register({"frame_year": 2025, "uscc": A}, on=LATE, sidecar=DELETE)
    assert world.rows("SELECT name FROM raw.enterprise_register") == [("乙",)]


def test_delete_and_delivery_of_one_key_at_one_moment_contradict_each_other(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)])
    world.deliver("enterprise_revenue", [{"uscc": A, "period": "2025"}], sidecar=DELETE)
    assert world.revenues() == []
    assert world.rows(COUNTS) == [("file0.csv", 1, 0, 1), ("file1.csv", 1, 0, 1)]
    assert world.rows("SELECT DISTINCT message_zh LIKE '%删除%' FROM raw.quarantined_row") == [(True,)]


def test_two_deletes_of_one_key_agree_whatever_else_they_say(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(A, 2)], on=LATE, sidecar=DELETE)
    assert world.revenues() == []
    assert world.rows("SELECT count(*) FROM raw.quarantined_row") == [(0,)]


def test_a_delivery_for_statistics_only_leaves_administrative_use_as_it_was(world):
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(B, 2)], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(A, 3), revenue(C, 4)], on=LATE, sidecar=STATISTICAL)
    assert world.revenues() == [
        (A, 1, False, True),
        (A, 3, True, False),
        (B, 2, True, True),
        (C, 4, True, False),
    ]
    world.deliver("enterprise_revenue", [revenue(A, 5)], on=date(2026, 6, 1))
    assert world.revenues()[0] == (A, 5, True, True)


def test_a_delete_for_statistics_only_leaves_the_administrative_row(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], on=EARLY)
    world.deliver(
        "enterprise_revenue", [{"uscc": A, "period": "2025"}], on=LATE, sidecar=f"{DELETE}\n{STATISTICAL}"
    )
    assert world.revenues() == [(A, 1, False, True)]


def test_a_full_delivery_for_statistics_only(world):
    world.register(enterprise(A, "甲"), on=EARLY)
    world.register(enterprise(B, "乙"), on=LATE, sidecar=STATISTICAL)
    query = "SELECT name, _statistical, _administrative FROM raw.enterprise_register ORDER BY name"
    assert world.rows(query) == [("乙", True, False), ("甲", False, True)]


def test_equal_rows_of_both_purposes_are_one_row_of_both_uses(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], name="a.csv", sidecar=STATISTICAL)
    world.deliver("enterprise_revenue", [revenue(A, 1)], name="b.csv")
    assert world.revenues() == [(A, 1, True, True)]


def test_a_survey_is_never_administrative(world):
    world.deliver("survey_finance", [revenue(A, 1)], sidecar='purpose = "administrative"')
    assert world.rows("SELECT _statistical, _administrative FROM raw.survey_finance") == [(True, False)]
    assert world.rows("SELECT purpose FROM raw.delivery") == [("statistical",)]


def test_issues_are_listed_with_their_words_and_counted_once_a_row(world):
    issue = {"_sheet": "表", "_row": 9, "value": "x", "detail_zh": "细节", "detail_en": "detail"}
    world.deliver(
        "enterprise_revenue",
        [revenue(A, 1)],
        quarantined=1,
        issues=[
            {**issue, "column_name": "revenue", "rule": "unreadable", "severity": "quarantine"},
            {**issue, "column_name": "period", "rule": "required_blank", "severity": "quarantine"},
            {**issue, "_row": 2, "column_name": "uscc", "rule": "uscc_check_digit", "severity": "warning"},
        ],
    )
    assert world.rows("SELECT column_name, rule FROM raw.quarantined_row ORDER BY ALL") == [
        ("period", "required_blank"),
        ("revenue", "unreadable"),
    ]
    ((zh, en),) = world.rows("SELECT message_zh, message_en FROM raw.warned_row")
    assert "：细节。" in zh and ": detail; " in en
    assert world.rows(COUNTS) == [("file0.csv", 2, 1, 1)]


def test_an_issue_of_a_rule_without_words_is_listed_all_the_same(world):
    issue = {
        "_sheet": "",
        "_row": 9,
        "column_name": "revenue",
        "rule": "no_such_rule",
        "severity": "quarantine",
    }
    world.deliver("enterprise_revenue", [revenue(A, 1)], quarantined=1, issues=[issue])
    assert world.rows("SELECT row, rule FROM raw.quarantined_row") == [(9, "no_such_rule")]


def test_a_refused_file_has_its_reason_and_no_rows(world):
    world.deliver("enterprise_revenue", [], refused=Refusal("unit_not_said", "没有单位", "no unit"))
    query = "SELECT rows_read, rows_accepted, refused_code, refused_zh, refused_en FROM raw.delivery"
    assert world.rows(query) == [(0, 0, "unit_not_said", "没有单位", "no unit")]


@pytest.mark.parametrize(
    "wrong", [{"rows_read": 3}, {"rows_read": 3, "accepted": 3}, {"rows_read": 3, "quarantined": 1}]
)
def test_a_file_whose_rows_do_not_add_up_stops_everything(world, wrong):
    world.deliver("enterprise_revenue", [revenue(A, 1), revenue(B, 1)])
    world.taken[0] = replace(world.taken[0], receipt=replace(world.taken[0].receipt, **wrong))
    with pytest.raises(ConservationError, match=r"enterprise_revenue/file0\.csv"), world.settled():
        pass


def test_names_of_files_and_values_are_never_sql(world):
    evil = """'; DROP TABLE raw.delivery; --".csv"""
    world.deliver("enterprise_revenue", [revenue(A, 1, name=evil), revenue(A, 2, name=evil)], name=evil)
    assert world.rows("SELECT name FROM raw.delivery") == [(evil,)]
    assert world.rows("SELECT DISTINCT file FROM raw.quarantined_row") == [(evil,)]


def test_a_home_with_a_quote_in_its_path(tmp_path):
    world = World(tmp_path / 'it\'s "mine"')
    world.deliver("enterprise_revenue", [revenue(A, 1)])
    assert world.revenues() == [(A, 1, True, True)]


def test_settling_twice_gives_the_same_tables(world):
    world.register(enterprise(A, "甲"))
    world.deliver("enterprise_revenue", [revenue(None, 1, name="甲"), revenue(B, 2), revenue(B, 3)])
    for table in ("enterprise_revenue", "quarantined_row", "unlinked_row", "delivery"):
        query = f"FROM raw.{table} ORDER BY ALL"
        assert world.rows(query) == world.rows(query)


def test_an_alternative_key_stands_for_the_usual_one_where_it_is_filled(world):
    source = world.contracts["rd_institution"]
    columns = {
        name: replace(column, key=name in ("kind", "host_uscc", "recognised_on"))
        for name, column in source.columns.items()
    }
    titled = replace(source, columns=columns, alternative_key=("kind", "country"))
    world.contracts = {**world.contracts, "rd_institution": titled}
    world.deliver(
        "rd_institution",
        [
            institution("1", "甲", A, country="证1"),
            institution("2", "甲", A),
            institution("3", "乙"),
            institution("4", "乙"),
        ],
        on=EARLY,
    )
    world.deliver(
        "rd_institution", [institution("5", "丙", B, country="证1"), institution("6", "甲", A)], on=LATE
    )
    held = world.rows("SELECT institution_id FROM raw.rd_institution ORDER BY 1")
    assert held == [("5",), ("6",)], "3 and 4 are told of one name and contradict each other"


def test_titles_of_one_name_and_day_that_contradict_each_other_are_held_back(world):
    """Without a certificate number and a code the name is part of the key (sources.yml)."""
    title = {
        "title": "高新技术企业",
        "enterprise_name": "无人认识公司",
        "stage": "认定",
        "recognised_on": EARLY,
    }
    other = {**title, "enterprise_name": "另一家公司"}
    world.deliver("enterprise_title", [title, {**title, "stage": "公示"}, other, other])
    with world.settled() as con:
        assert con.execute("SELECT enterprise_name FROM raw.enterprise_title").fetchall() == [("另一家公司",)]
        assert con.execute("SELECT rows_accepted, rows_quarantined FROM raw.delivery").fetchall() == [(2, 2)]
