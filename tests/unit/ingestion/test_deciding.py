"""Decisions about names: judged before they are written, written whole or not at all, and then used."""

from __future__ import annotations

import csv
from datetime import date
from unicodedata import normalize

import pytest

from ingestion.contract import load_contracts
from ingestion.deciding import checks, decide_link
from ingestion.links import DecisionError, read_decisions
from tests.unit.ingestion.settle_world import A, World, enterprise, institution
from tests.unit.ingestion.typed_world import ALPHABET, check_digit, code

ON = date(2026, 3, 1)


def decide(path, name="甲公司", uscc="", by="张三", on=ON, source="rd_institution", **more):
    return decide_link(
        path, load_contracts(), source=source, name=name, uscc=uscc or code(1), by=by, on=on, **more
    )


def lines(path):
    return [
        (one.source, one.name, one.uscc, one.decided_by, one.decided_on)
        for one in read_decisions(path, ["rd_institution", "patent"], date.max)
    ]


def test_a_decision_is_written_into_a_new_file_and_read_back(tmp_path):
    path = tmp_path / "decisions" / "links.csv"
    assert decide(path, name=" 甲\n公司 ")
    assert lines(path) == [("rd_institution", "甲 公司", code(1), "张三", ON)]
    assert [one.name for one in path.parent.iterdir()] == ["links.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        '＝HYPERLINK("http://x","y")',
        "+cmd|'/C calc'!A0",
        "-2",
        "@SUM(1)",
        "'甲",
        "'=1",
        "''",
        "甲=乙",
    ],
)
def test_f62_a_name_that_a_spreadsheet_would_run_is_written_as_text_and_means_itself(tmp_path, name):
    path = tmp_path / "links.csv"
    assert decide(path, name=name, by=name)
    cells = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[1]
    assert not normalize("NFKC", cells[1]).startswith(("=", "+", "-", "@"))
    assert not normalize("NFKC", cells[3]).startswith(("=", "+", "-", "@"))
    assert [(line[1], line[3]) for line in lines(path)] == [(name, name)]
    assert not decide(path, name=name, by=name)  # it says so already


def test_f62_a_name_that_a_person_wrote_means_the_same(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(
        f"source,name,uscc,decided_by,decided_on\nrd_institution,=1+1,{code(1)},张三,2026-01-01\n",
        encoding="utf-8",
    )
    assert [one.name for one in read_decisions(path, ["rd_institution"], date.max)] == ["=1+1"]


def test_the_same_decision_again_changes_nothing(tmp_path):
    path = tmp_path / "links.csv"
    decide(path)
    before = path.read_bytes()
    assert not decide(path)
    assert path.read_bytes() == before


def test_lines_that_people_wrote_stay_as_they_are(tmp_path):
    path = tmp_path / "links.csv"
    mine = f"备注,name,source,uscc,decided_by,decided_on\r\n“旧”,乙,patent,{code(2)},李四,2026/2/1".encode(
        "gb18030"
    )
    path.write_bytes(mine)
    decide(path)
    text = path.read_bytes().decode("utf-8-sig")
    assert text.startswith(mine.decode("gb18030") + "\r\n")
    assert text.endswith(f",甲公司,rd_institution,{code(1)},张三,2026-03-01\r\n")
    assert len(lines(path)) == 2


def test_a_code_is_written_as_it_is_compared(tmp_path):
    path = tmp_path / "links.csv"
    decide(path, uscc=f"{code(1)[:9].lower()} {code(1)[9:]}")
    assert lines(path)[0][2] == code(1)


@pytest.mark.parametrize("wrong", ["", "123", "9134010OMA00000001", "O" * 18])
def test_what_is_no_code_is_refused(tmp_path, wrong):
    path = tmp_path / "links.csv"
    with pytest.raises(DecisionError, match="no credit code"):
        decide(path, uscc=wrong or " ")
    assert not path.exists()


def test_a_wrong_check_digit_is_refused_unless_the_register_has_the_code(tmp_path):
    path = tmp_path / "links.csv"
    wrong = code(1)[:17] + ALPHABET[(ALPHABET.index(check_digit(code(1)[:17])) + 1) % 31]
    assert checks(code(1)) and not checks(wrong)
    with pytest.raises(DecisionError, match="check digit"):
        decide(path, uscc=wrong)
    assert decide(path, uscc=wrong, registered={wrong})


def test_a_code_whose_check_digit_is_0_is_good():
    assert checks("9134010007049996X0")


def test_a_source_without_names_is_refused_and_the_others_named(tmp_path):
    with pytest.raises(DecisionError, match="rd_institution"):
        decide(tmp_path / "links.csv", source="enterprise_register")


def test_a_contradiction_on_one_day_is_refused_and_the_file_kept(tmp_path):
    path = tmp_path / "links.csv"
    decide(path)
    before = path.read_bytes()
    with pytest.raises(DecisionError, match=r"links\.csv.*line 3.*line 2"):
        decide(path, name="（甲公司）", uscc=code(2))
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["links.csv"]


def test_a_file_that_is_wrong_already_is_named_and_kept(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(
        "source,name,uscc,decided_by,decided_on\nnowhere,甲,1,张三,2026-03-01\n", encoding="utf-8"
    )
    before = path.read_bytes()
    with pytest.raises(DecisionError, match="line 2"):
        decide(path)
    assert path.read_bytes() == before


def test_the_decision_links_the_rows_that_waited(tmp_path):
    world = World(tmp_path)
    world.register(enterprise(A, "晶锐科技"))
    world.deliver("rd_institution", [institution("1", "晶瑞科技")])
    query = "SELECT host_uscc, _linked FROM raw.rd_institution"
    assert world.rows(query) == [(None, False)]
    decide(tmp_path / "decisions" / "links.csv", name="晶瑞科技", uscc=A, registered={A})
    assert world.rows(query) == [(A, True)]
