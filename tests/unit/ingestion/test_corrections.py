"""Corrections: a cell is changed only where it holds the wrong value, loudly if it does not, and on record."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.contract import load_contracts
from ingestion.corrections import COLUMNS, read_corrections
from ingestion.links import DecisionError
from tests.unit.ingestion.loading_world import Home
from tests.unit.ingestion.typed_world import code

HEAD = "统一社会信用代码,企业名称,报告期,营业收入（万元）,研发费用（万元）"
MARCH = date(2026, 3, 1)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    text = f"{HEAD}\n{code(1)},甲,2025,100.5,1\n{code(2)},乙,2025,2OO.25,2\n{code(3)},丙,2025,300,3\n"
    home.put("enterprise_revenue", "营收.csv", text)
    return home


KEY = f"uscc={code(1)};period=2025"


def line(key=KEY, column="revenue", wrong="1005000", right="1005000000", **more):
    usual = {
        "source": "enterprise_revenue", "key": key, "column": column, "wrong_value": wrong, "right_value": right,
        "reason": "电话核实", "decided_by": "张三", "decided_on": "2026-03-01",
    }  # fmt: skip
    cells = {**usual, **more}
    return ",".join(f'"{cells[name]}"' for name in COLUMNS)


def decide(home, *lines):
    folder = home.root / "decisions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corrections.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]), encoding="utf-8")


def revenues(home):
    query = "SELECT uscc, revenue::BIGINT, rd_expense::BIGINT FROM raw.enterprise_revenue ORDER BY 1"
    return {uscc: rest for uscc, *rest in home.all(query)}


def test_it_changes_that_cell_and_nothing_else(home):
    home.run()
    before = revenues(home)
    decide(home, line())
    home.run()
    assert revenues(home) == {**before, code(1): [1_005_000_000, 10_000]}


def test_it_is_on_record_with_the_row_that_it_changed(home):
    decide(home, line())
    home.run()
    query = (
        "SELECT source, key, column_name, wrong_value, right_value, reason, decided_by, file, row, purpose"
    )
    assert home.all(f"{query} FROM raw.correction") == [
        ("enterprise_revenue", f"uscc={code(1)};period=2025", "revenue", "1005000", "1005000000", "电话核实", "张三",
         "营收.csv", 2, "administrative"),
    ]  # fmt: skip


def test_it_cures_a_row_in_quarantine_and_the_file_is_conserved(home):
    home.run()
    assert home.deliveries() == {"营收.csv": [3, 2, 1, 0]}
    decide(home, line(f"uscc={code(2)};period=2025", wrong="2OO.25", right="2,002,500"))
    receipt = home.run()["enterprise_revenue"]
    assert revenues(home)[code(2)] == [2_002_500, 20_000]
    assert home.deliveries() == {"营收.csv": [3, 3, 0, 0]}
    assert home.all("FROM raw.quarantined_row") == []
    import openpyxl

    assert "退回修改" not in openpyxl.load_workbook(receipt).sheetnames


def test_two_cells_of_one_row_and_two_rows_are_corrected_together(home):
    decide(
        home,
        line(),
        line(column="rd_expense", wrong="10000", right="20,000"),
        line(f"uscc={code(2)};period=2025", wrong="2OO.25", right="7元"),
    )
    home.run()
    assert revenues(home)[code(1)] == [1_005_000_000, 20_000] and revenues(home)[code(2)][0] == 7


def test_a_key_may_be_what_is_wrong(home):
    wrong, right = code(1), code(9)
    decide(home, line(column="uscc", wrong=wrong, right=right))
    home.run()
    assert set(revenues(home)) == {right, code(3)}


def test_a_value_can_be_taken_away(home):
    decide(home, line(column="rd_expense", wrong="10000", right=""))
    home.run()
    assert revenues(home)[code(1)] == [1_005_000, None]


def test_a_later_delivery_of_the_same_wrong_value_is_corrected_too(home):
    decide(home, line())
    home.run()
    home.put("enterprise_revenue", "再报.csv", f"{HEAD}\n{code(1)},甲,2025,100.5,9\n")
    home.run(date(2026, 4, 1))
    assert revenues(home)[code(1)] == [1_005_000_000, 90_000]
    assert home.all("SELECT file FROM raw.correction") == [("再报.csv",)]


def test_it_is_refused_once_its_provider_delivered_the_right_value(home):
    decide(home, line())
    home.run()
    home.put("enterprise_revenue", "再报.csv", f"{HEAD}\n{code(1)},甲,2025,100500,1\n")
    with pytest.raises(DecisionError, match=r"line 2.*later delivery"):
        home.run(date(2026, 4, 1))


def test_it_settles_a_contradiction(home):
    home.put("enterprise_revenue", "又一.csv", f"{HEAD}\n{code(1)},甲,2025,100500,1\n")
    home.run()
    assert set(revenues(home)) == {code(3)}
    decide(home, line())
    home.run()
    assert revenues(home)[code(1)] == [1_005_000_000, 10_000]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"wrong": "1"}, r"now '1005000', not '1'"),
        ({"key": f"uscc={code(8)};period=2025"}, "no row of the key"),
        ({"right": "很多"}, "still not accepted"),
    ],
)
def test_what_does_not_bite_is_refused_with_its_line(home, changed, said):
    decide(home, line(**changed))
    with pytest.raises(DecisionError, match=said) as refusal:
        home.run()
    assert "第 2 行" in refusal.value.zh and "line 2" in refusal.value.en


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"source": "patents"}, "no source 'patents'"),
        ({"column": "turnover"}, "no column 'turnover'"),
        ({"key": f"uscc={code(1)}"}, "not whole"),
        ({"key": "firm=1;period=2025"}, "no column firm"),
        ({"reason": ""}, "reason is blank"),
        ({"decided_by": ""}, "decided_by is blank"),
        ({"decided_on": "soon"}, "no date"),
        ({"right": "1005000"}, "the same"),
    ],
)
def test_a_wrong_line_is_refused_in_words(home, changed, said):
    decide(home, line(), line(**changed))
    with pytest.raises(DecisionError, match=f"line 3: .*{said}") as refusal:
        read_corrections(home.root / "decisions" / "corrections.csv", load_contracts(), MARCH)
    assert "第 3 行" in refusal.value.zh


def test_two_lines_for_one_cell_are_refused(home):
    decide(home, line(), line(f"period=2025;uscc={code(1)}", right="3"))
    with pytest.raises(DecisionError, match="same cell as line 2"):
        home.run()


def test_a_later_decision_is_not_known_yet(home):
    decide(home, line(decided_on="2026/3/2"))
    home.run(MARCH)
    assert revenues(home)[code(1)][0] == 1_005_000
    home.run(date(2026, 3, 2))
    assert revenues(home)[code(1)][0] == 1_005_000_000


def test_what_was_typed_from_the_delivery_stays_as_it_was(home):
    home.run()
    kept = {path: path.read_bytes() for path in (home.root / "warehouse" / "typed").glob("*/*.parquet")}
    decide(home, line())
    home.run()
    assert kept and all(path.read_bytes() == content for path, content in kept.items())
    decide(home)
    home.run()
    assert revenues(home)[code(1)][0] == 1_005_000


def test_a_survey_correction_stays_with_the_survey(home):
    home.put("survey_finance", "b203.csv", f"{HEAD}\n{code(1)},甲,2025,1,1\n")
    decide(home, line(source="survey_finance", wrong="10000", right="20000"))
    home.run()
    assert home.all("SELECT source, purpose FROM raw.correction") == [("survey_finance", "statistical")]
