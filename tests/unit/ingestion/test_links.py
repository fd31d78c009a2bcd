"""Names without codes: what links, what waits, what a person decides, what is suggested."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.decisions import DecisionError
from ingestion.links import name_form, read_decisions
from tests.unit.ingestion.settle_world import NOW, A, B, C, World, enterprise, institution, revenue

EARLY, LATE = date(2026, 3, 1), date(2026, 5, 1)
HOSTS = "SELECT institution_id, host_uscc, _linked FROM raw.rd_institution ORDER BY 1"
WAITING = """
    SELECT source, file, row, name, list_transform(suggestions, lambda one: one.uscc)
    FROM raw.unlinked_row ORDER BY ALL
"""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def form(name):
    return name_form(pa.array([name])).to_pylist()[0]


@pytest.mark.parametrize(
    "other",
    [
        "安徽甲乙（集团）有限公司",
        "安徽甲乙(集团)有限公司",
        " 安徽 甲乙　集团有限公司\n",
        "安徽甲乙【集团】有限公司",
        "安徽甲·乙•集团・有限公司",
        "《安徽甲乙》〔集团〕［有限］｛公司｝〈〉",
        "安徽甲乙\u00a0集团\u2003有限公司\t",
    ],
)
def test_names_that_are_the_same(other):
    assert form(other) == form("安徽甲乙集团有限公司")


@pytest.mark.parametrize("other", ["安徽甲乙有限公司", "安徽甲乙-集团有限公司", "安徽甲乙集团有限公司分公司"])
def test_names_that_are_not_the_same(other):
    assert form(other) != form("安徽甲乙集团有限公司")


def test_full_width_letters_are_letters_and_capitals_stay_capitals():
    assert form("ＴＣＬ家电（合肥）") == form("TCL家电合肥")
    assert form("TCL家电") != form("tcl家电")


@given(st.text())
def test_the_form_of_a_form_is_itself(text):
    assert form(form(text)) == form(text)


def test_a_current_a_former_and_an_older_frames_name_link(world):
    world.register(enterprise(A, "老甲", 2024), enterprise(A, "新甲", 2025, "更早的甲"))
    rows = [institution(str(n), name) for n, name in enumerate(["老甲", "（新）甲", "更早·的甲"])]
    world.deliver("rd_institution", rows)
    assert world.rows(HOSTS) == [("0", A, True), ("1", A, True), ("2", A, True)]
    assert world.rows(WAITING) == []


def test_one_name_of_two_enterprises_waits_with_both_suggested(world):
    world.register(enterprise(A, "甲", 2024), enterprise(B, "甲", 2025), enterprise(C, "丙", 2025))
    world.deliver("rd_institution", [institution("1", "甲")])
    assert world.rows(HOSTS) == [("1", None, False)]
    assert world.rows(WAITING) == [("rd_institution", "file1.csv", 2, "甲", [A, B])]


def test_a_name_that_only_resembles_waits_with_a_suggestion(world):
    world.register(enterprise(A, "安徽晶锐科技有限公司"), enterprise(B, "合肥水泥股份有限公司"))
    world.deliver("rd_institution", [institution("1", "安徽晶瑞科技有限公司"), institution("2", "完全不同")])
    assert world.rows(HOSTS) == [("1", None, False), ("2", None, False)]
    assert [(row[3], row[4]) for row in world.rows(WAITING)] == [
        ("安徽晶瑞科技有限公司", [A]),
        ("完全不同", []),
    ]


def test_a_name_in_letters_of_another_case_waits_with_a_suggestion(world):
    world.register(enterprise(A, "TCL 科技公司"))
    world.deliver("rd_institution", [institution("1", "tcl科技公司")])
    assert world.rows(WAITING) == [("rd_institution", "file1.csv", 2, "tcl科技公司", [A])]


def test_shared_words_alone_are_no_resemblance(world):
    world.register(enterprise(A, "口子酒业集团股份有限公司"))
    world.deliver("rd_institution", [institution("1", "安纳达集团股份有限公司")])
    assert world.rows(WAITING)[0][4] == []


def test_suggestions_are_ranked_and_five_at_most(world):
    names = ["阳光电源", "阳光电源一", "阳光电源一二", "阳光电", "阳光", "阳光电源一二三", "天光电源"]
    codes = [f"91340100{n:09d}A" for n in range(len(names))]
    world.register(*(enterprise(code, name) for code, name in zip(codes, names, strict=True)))
    world.deliver("rd_institution", [institution("1", "阳光电源股份")])
    ((suggestions,),) = world.rows("SELECT suggestions FROM raw.unlinked_row")
    assert len(suggestions) == 5
    assert suggestions[0]["uscc"] == codes[0]
    scores = [one["score"] for one in suggestions]
    assert scores == sorted(scores, reverse=True) and scores[-1] >= 60


def test_a_row_with_a_code_keeps_it(world):
    world.register(enterprise(A, "甲"))
    world.decide(f"rd_institution,甲,{A},张三,2026-01-01")
    world.deliver("rd_institution", [institution("1", "甲", B)])
    assert world.rows(HOSTS) == [("1", B, True)]


def test_a_decision_beats_the_register_and_holds_from_its_day(world):
    world.register(enterprise(A, "甲"), enterprise(B, "乙"))
    world.deliver("rd_institution", [institution("1", "甲")])
    world.decide(f"rd_institution,（甲）,{B},张三,2026-05-01")
    assert world.rows(HOSTS, date(2026, 4, 30)) == [("1", A, True)]
    assert world.rows(HOSTS, LATE) == [("1", B, True)]


def test_a_decision_is_for_its_source_only(world):
    world.deliver("rd_institution", [institution("1", "甲")])
    world.deliver("enterprise_revenue", [revenue(None, 1, name="甲")])
    world.decide(f"enterprise_revenue,甲,{A},张三,2026-01-01")
    assert world.rows(HOSTS) == [("1", None, False)]
    assert world.revenues() == [(A, 1, True, True)]


def test_the_later_of_two_decisions_holds(world):
    world.deliver("rd_institution", [institution("1", "甲")])
    world.decide(f"rd_institution,甲,{A},张三,2026-01-01", f"rd_institution,甲,{B},李四,2026-05-01")
    assert world.rows(HOSTS, date(2026, 4, 1)) == [("1", A, True)]
    assert world.rows(HOSTS) == [("1", B, True)]


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        (f"rd_institution,甲,{A},张三,", "决定日期", "decided_on"),
        (f"rd_institution,甲,{A},张三,去年", "决定日期", "decided_on"),
        (f"rd_institution,甲,{A},,2026-01-01", "由谁决定", "decided_by"),
        (f"rd_institution,,{A},张三,2026-01-01", "名称为空", "name is blank"),
        ("rd_institution,甲,9134,张三,2026-01-01", "信用代码", "credit code"),
        (f"patents,甲,{A},张三,2026-01-01", "来源", "no source"),
        (f"survey_rd_activity,甲,{A},张三,2026-01-01", "来源", "no source"),
    ],
)
def test_a_wrong_decision_is_refused_in_words(world, line, zh, en):
    world.decide(f"rd_institution,乙,{A},张三,2026-01-01", line)
    with pytest.raises(DecisionError) as refusal, world.settled():
        pass
    assert "第 3 行" in refusal.value.zh and zh in refusal.value.zh
    assert "line 3" in refusal.value.en and en in refusal.value.en


def test_contradicting_decisions_of_one_day_are_refused(world):
    world.decide(f"rd_institution,甲,{A},张三,2026-01-01", f"rd_institution,（甲）,{B},李四,2026-01-01")
    with pytest.raises(DecisionError, match=r"line 3.*line 2"), world.settled():
        pass


def test_decisions_out_of_a_chinese_spreadsheet(tmp_path):
    path = tmp_path / "links.csv"
    path.write_bytes(
        f"source,name,uscc,decided_by,decided_on,备注\r\npatent,甲,{A},张三,2026/3/1,x\r\n\r\n".encode(
            "gb18030"
        )
    )
    (decision,) = read_decisions(path, ["patent"], NOW)
    assert (decision.name, decision.decided_on) == ("甲", date(2026, 3, 1))
    path.write_text("来源,名称\n", encoding="utf-8")
    with pytest.raises(DecisionError, match="first line"):
        read_decisions(path, ["patent"], NOW)
    assert read_decisions(tmp_path / "none.csv", ["patent"], NOW) == []


def test_the_key_is_taken_after_linking(world):
    world.register(enterprise(A, "甲"))
    world.deliver("enterprise_revenue", [revenue(A, 1, name="甲")], on=EARLY)
    world.deliver("enterprise_revenue", [revenue(None, 2, name="甲")], on=LATE)
    assert world.revenues() == [(A, 2, True, True)]


def test_a_row_linked_by_name_and_one_by_code_can_contradict_each_other(world):
    world.register(enterprise(A, "甲"))
    world.deliver("enterprise_revenue", [revenue(A, 1, name="甲"), revenue(None, 2, name="甲")])
    assert world.revenues() == []
    assert world.rows("SELECT count(*) FROM raw.quarantined_row") == [(2,)]


def test_waiting_rows_of_one_name_are_no_conflict_for_they_may_be_two_enterprises(world):
    rows = [revenue(None, 1, name="甲"), revenue(None, 2, name="甲"), revenue(None, 2, name="甲")]
    world.deliver("enterprise_revenue", rows, on=EARLY)
    assert world.revenues() == [(None, 1, True, True), (None, 2, True, True)]
    assert [row[2] for row in world.rows(WAITING)] == [2, 3]
    world.deliver("enterprise_revenue", [revenue(None, 3, name="（甲）")], on=LATE)
    assert world.revenues() == [(None, 3, True, True)]


def test_a_decision_cures_waiting_rows_and_shows_their_conflict(world):
    world.deliver("enterprise_revenue", [revenue(None, 1, name="甲"), revenue(None, 2, name="甲")])
    world.decide(f"enterprise_revenue,甲,{A},张三,2026-01-01")
    assert world.revenues() == []
    assert world.rows("SELECT DISTINCT rule FROM raw.quarantined_row") == [("conflicting_rows",)]


def test_a_waiting_row_whose_key_is_its_number_can_conflict(world):
    world.deliver("rd_institution", [institution("1", "甲"), institution("1", "乙")])
    assert world.rows(HOSTS) == []


def test_superseded_rows_wait_no_longer(world):
    world.deliver("rd_institution", [institution("1", "甲")], on=EARLY)
    world.deliver("rd_institution", [institution("1", "甲", A)], on=LATE)
    assert world.rows(WAITING) == []


def test_a_delete_by_a_name_that_nobody_has_says_so(world):
    world.deliver("enterprise_revenue", [revenue(A, 1)], on=EARLY)
    gone = {"uscc": None, "name": "没有此企业", "period": "2025"}
    world.deliver("enterprise_revenue", [gone], on=LATE, sidecar='mode = "delete"')
    assert [row[3] for row in world.rows(WAITING)] == ["没有此企业"]
    assert world.revenues() == [(A, 1, True, True)]


def patent(number, holders, codes=None):
    return {"patent_no": number, "kind": "发明", "holders": holders, "holder_usccs": codes}


def test_holders_of_a_patent_are_linked_one_by_one(world):
    world.register(enterprise(A, "甲"), enterprise(B, "乙"))
    world.deliver(
        "patent",
        [
            patent("1", ["某大学", "甲", "乙"]),
            patent("2", ["甲", "乙"], [None, C]),
            patent("3", ["甲", "乙"], [C]),
            patent("4", ["某大学"], [None]),
            patent("5", ["甲"], [A]),
        ],
    )
    query = "SELECT patent_no, holder_usccs, _linked FROM raw.patent ORDER BY 1"
    assert world.rows(query) == [
        ("1", [None, A, B], True),
        ("2", [A, C], True),
        ("3", [C, B], True),
        ("4", [None], True),
        ("5", [A], True),
    ]
    assert world.rows(WAITING) == []


def test_a_holder_that_may_be_two_enterprises_waits(world):
    world.register(enterprise(A, "甲"), enterprise(B, "甲", 2024), enterprise(C, "丙"))
    world.deliver("patent", [patent("1", ["甲", "丙", "某大学"])])
    assert world.rows("SELECT holder_usccs, _linked FROM raw.patent") == [([None, C, None], False)]
    assert world.rows(WAITING) == [("patent", "file1.csv", 2, "甲", [A, B])]
    world.decide(f"patent,甲,{B},张三,2026-01-01")
    assert world.rows("SELECT holder_usccs, _linked FROM raw.patent") == [([B, C, None], True)]


def test_a_source_whose_link_may_be_blank_does_not_wait_for_nothing(world):
    row = {"task_id": "1", "title": "题", "mode": "揭榜挂帅", "status": "发榜"}
    world.deliver("challenge_task", [row])
    assert world.rows("SELECT lead_uscc, _linked FROM raw.challenge_task") == [(None, True)]
