"""Traps of computing coverage (domain.md 5), in one small province that is run once: each test asks the release about one trap.

Here: the province's files, in which every enterprise walks into a trap or two, and what its release must say. Not here: traps
that a pure function or a unit test of a model shows (their numbers are in those tests' names).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest

from tests.worlds.codes import ALPHABET, credit_code
from tests.worlds.test_provinces import deliver

Ask = Callable[..., list[tuple[Any, ...]]]
CODES = {letter: credit_code(letter) for letter in ALPHABET if letter.isalpha()}


def issued_by(office: str) -> str:
    """A valid code whose digits 3 to 8 are those of another registering office."""
    stem = f"91{office}MA0000777"
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(stem))
    return stem + ALPHABET[(31 - total % 31) % 31]


PROVINCIAL, ABOLISHED = (
    issued_by("340000"),
    issued_by("341402"),
)  # the provincial office; a district of former 巢湖

REGISTER = "名录年份,统一社会信用代码,企业名称,经营地区划代码,注册地区划代码,行业代码,园区代码,状态"
FILES: dict[tuple[str, str], str] = {
    ("enterprise_register", "2024-12-31"): f"""{REGISTER}
2024,{{A}},甲旧名有限公司,340104,,C26,P1,在库
2024,{{B}},乙有限公司,340202,,C26,,在库
2024,{{C}},丙有限公司,340302,,C26,,在库
2024,{{M}},子有限公司,340503,,C26,,在库
2024,{{R}},注销有限公司,340104,,C26,,在库
""",
    ("enterprise_register", "2025-12-31"): f"""{REGISTER}
2025,{{A}},甲新名有限公司,340104,,C27,P1,在库
2025,{{B}},乙有限公司,340202,,C26,,在库
2025,{{C}},丙有限公司,340302,,C26,,在库
2025,{{D}},丁有限公司,340402,,C26,,在库
2025,{{E}},滁州经营有限公司,341102,340104,C26,,在库
2025,{{F}},三家中心有限公司,340503,,C26,,在库
2025,{{G}},共建有限公司,340602,,C26,,在库
2025,{{H}},旧产品有限公司,340403,,C26,,在库
2025,{{J}},后撤销有限公司,340503,,C26,,在库
2025,{{K}},月报有限公司,340504,,C26,,在库
2025,{{L}},九月有限公司,340504,,C26,,在库
2025,{{M}},子有限公司,340503,,C26,,在库
2025,{{N}},回落有限公司,340504,,C26,,在库
2025,{{P}},集团有限公司,340104,,C26,,在库
2025,{{Q}},软件有限公司,340104,,I65,,在库
2025,{{R}},注销有限公司,340104,,C26,,注销
2025,{{U}},宿马园区有限公司,341371,,C26,,在库
2025,{{W}},枞阳有限公司,340823,,C26,,在库
2025,{{X}},同名有限公司,340104,,C26,,在库
2025,{{Y}},同名有限公司,340202,,C26,,在库
2025,{PROVINCIAL},省局登记有限公司,340104,,C26,,在库
2025,{ABOLISHED},旧区登记有限公司,341702,,C26,,在库
""",
    (
        "enterprise_revenue",
        "2026-02-01",
    ): f"""统一社会信用代码,报告期,营业收入（亿元）,研发费用（亿元）,是否合并报表
{{A}},2024,12,0.1,否
{{A}},2025,12,0.1,否
{{B}},2024,0.8,,否
{{B}},2025,1.3,0.01,否
{{C}},2024,11,,否
{{C}},2025,11,,否
{{D}},2025,11,,否
{{E}},2025,2,0.01,否
{{F}},2025,6,,否
{{G}},2025,6,,否
{{H}},2025,11,,否
{{J}},2025,6,,否
{{K}},2025-02,0.6,,否
{{K}},2025-03,0.9,,否
{{L}},2025-09,1.1,,否
{{M}},2024,1.2,,否
{{M}},2025-10,0.9,,否
{{N}},2025-09,1.1,,否
{{N}},2025-10,1.05,,否
{{P}},2025,80,1,是
{{Q}},2025,12,,否
{{R}},2024,12,,否
{{R}},2025,12,,否
{{T}},2025-09,3,,否
{{U}},2025,2,,否
{{W}},2025,2,,否
{{X}},2025,6,,否
{{Y}},2025,6,,否
{PROVINCIAL},2025,2,,否
{ABOLISHED},2025,2,,否
""",
    ("survey_finance", "2026-02-02"): """统一社会信用代码,报告期,营业收入（亿元）
{P},2025,12
""",
    (
        "survey_rd_activity",
        "2026-02-15",
    ): """计量单位：千元
统一社会信用代码,年度,研究开发人员合计,研究开发费用合计,期末机构数,期末有效发明专利数,新产品销售收入,形成国家或行业标准
{P},2025,0,0,0,0,0,0
""",
    ("survey_rd_project", "2026-02-15"): """统一社会信用代码,年度,项目序号,项目名称,项目经费支出（千元）
{C},2025,1,年产10万吨生产线技改,100
""",
    (
        "rd_institution",
        "2026-02-20",
    ): """机构编号,机构名称,机构类别,级别,依托单位,依托单位统一社会信用代码,共建单位,认定日期,撤销日期
F1,一中心,企业技术中心,省,三家中心有限公司,{F},,2020-01-01,
F2,二中心,企业研发中心,省,三家中心有限公司,{F},共建有限公司,2020-01-01,
F3,三中心,工业设计中心,市,三家中心有限公司,{F},,2020-01-01,
J1,撤销中心,企业技术中心,省,后撤销有限公司,{J},,2020-01-01,2026-02-15
X1,同名中心,企业技术中心,省,同名有限公司,,,2020-01-01,
""",
    (
        "innovative_product",
        "2026-01-10",
    ): """产品编号,产品名称,统一社会信用代码,企业名称,产品类别,认定日期,有效期至
P1,旧产品,{H},旧产品有限公司,省级新产品,2021-06-01,2024-05-31
""",
    ("patent", "2026-01-10"): """专利号,专利类型,专利权人,专利权人统一社会信用代码,授权日
ZL1,发明,丙有限公司；丁有限公司,{C}；{D},2015-05-05
""",
}
YEAR = "reference_year = 2025 AND purpose = 'administrative'"
STATUS = (
    f"SELECT status FROM obligation_status WHERE {YEAR} AND tier_basis = 'CY' AND obligation = ? AND uscc = ?"
)
BASES = f"SELECT DISTINCT tier_basis FROM obligation_status WHERE {YEAR} AND obligation = 'activity' AND uscc = ? ORDER BY 1"
CITY = "SELECT area.city_code FROM enterprise AS area WHERE uscc = ? AND valid_to IS NULL"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, innostat: Callable[..., CompletedProcess[str]]) -> Path:
    root = tmp_path_factory.mktemp("traps")
    texts = dict(FILES)
    for letter, code in CODES.items():
        texts = {key: text.replace(f"{{{letter}}}", code) for key, text in texts.items()}
    files = [
        {"source": source, "name": f"{day}.csv", "delivered_on": day, "text": text}
        for (source, day), text in texts.items()
    ]
    assert innostat("init", home=root).returncode == 0
    deliver({"files": files}, root)
    run = innostat("run", "--as-of", "2026-03-01", home=root)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "refused" not in run.stdout, run.stdout
    return root


@pytest.fixture
def ask(home: Path) -> Iterator[Ask]:
    with duckdb.connect(str(home / "releases" / "current" / "warehouse.duckdb"), read_only=True) as con:
        yield lambda query, *values: con.execute(query, values).fetchall()


def test_trap_03_a_revenue_of_exactly_a_threshold_is_in_however_it_was_rounded(ask: Ask) -> None:
    """Interface 4 asks by >=, exactly: what a source rounds is not known, and no tier is called uncertain."""
    met = ask("SELECT DISTINCT threshold_yuan FROM coverage WHERE obligation = 'activity'")
    assert [(str(threshold), threshold >= 100_000_000) for (threshold,) in met] == [
        ("100000000.000000", True)
    ]


def test_trap_04_money_of_enterprises_is_decimal_in_every_table(ask: Ask) -> None:
    wrong = ask("""SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'warehouse'
        AND column_name IN ('revenue_yuan', 'revenue_so_far_yuan', 'revenue_before_yuan', 'threshold_yuan')
        AND NOT starts_with(data_type, 'DECIMAL')""")
    assert wrong == []


def test_trap_05_cumulative_figures_are_never_added_up(ask: Ask) -> None:
    """0.6 to February and 0.9 to March are 0.9, not 1.5: not asked, and not said to be below either."""
    assert ask(STATUS, "activity", CODES["K"]) == []


def test_trap_06_a_part_of_the_year_can_prove_a_tier_and_never_disprove_it(ask: Ask) -> None:
    assert ask(STATUS, "activity", CODES["L"]) == [("UNKNOWN",)]  # 1.1 by September: asked
    assert ask(BASES, CODES["M"]) == [("PY",)]  # 0.9 by October after 1.2: undecided, kept under PY
    tiers = ask(
        f"SELECT n_tier_unknown FROM coverage WHERE {YEAR} AND tier_basis = 'CY' AND obligation = 'activity'"
        " AND dimension = 'province'"
    )
    assert tiers == [(3,)]  # K, M, and P, of which only a consolidated figure is known


def test_trap_07_the_year_of_the_tier_is_a_parameter_and_stands_in_every_row(ask: Ask) -> None:
    assert ask(BASES, CODES["B"]) == [("CY",)]  # 0.8 the year before, 1.3 in the year


def test_trap_08_twelve_months_rolling_are_no_basis(ask: Ask) -> None:
    assert ask("SELECT DISTINCT tier_basis FROM coverage ORDER BY 1") == [("CY",), ("PY",)]


def test_trap_09_an_enterprise_of_12_yi_is_in_all_three_tiers(ask: Ask) -> None:
    asked = ask(
        f"SELECT obligation FROM obligation_status WHERE {YEAR} AND tier_basis = 'CY' AND uscc = ? ORDER BY 1",
        CODES["A"],
    )
    assert asked == [("activity",), ("institution",), ("outcome",)]
    leaves = ask(f"""SELECT count(*) FILTER (revenue_yuan < 500000000),
        count(*) FILTER (revenue_yuan BETWEEN 500000000 AND 999999999),
        count(*) FILTER (revenue_yuan >= 1000000000), count(*)
        FROM obligation_status WHERE {YEAR} AND tier_basis = 'CY' AND obligation = 'activity'""")
    ((small, middle, large, together),) = leaves
    assert (small + middle + large, middle + large, large) == (together, 9, 4) == (17, 9, 4)


def test_trap_10_a_consolidated_figure_is_listed_and_used_for_nothing(ask: Ask) -> None:
    assert ask("SELECT rule, value FROM warned_row WHERE rule = 'consolidated'") == [("consolidated", "")]
    assert ask(BASES, CODES["P"]) == []


def test_trap_12_an_enterprise_counts_where_it_operates_not_where_it_is_registered(ask: Ask) -> None:
    """Registered in 合肥, as its code and its own column say; operating in 滁州."""
    found = ask("SELECT city_code, registered_area_code FROM enterprise WHERE uscc = ?", CODES["E"])
    assert found == [("341100", "340104")]


@pytest.mark.parametrize(("code", "city"), [(PROVINCIAL, "340100"), (ABOLISHED, "341700")])
def test_trap_13_no_city_is_read_off_a_credit_code(ask: Ask, code: str, city: str) -> None:
    assert ask(CITY, code) == [(city,)]


def test_trap_14_a_plant_that_is_not_yet_in_the_register_is_shown_apart(ask: Ask) -> None:
    assert ask("SELECT source, uscc, n_rows FROM outside_register") == [("enterprise_revenue", CODES["T"], 1)]
    assert ask(BASES, CODES["T"]) == []


def test_trap_17_two_names_of_one_code_are_one_enterprise(ask: Ask) -> None:
    names = ask("SELECT name FROM enterprise WHERE uscc = ? ORDER BY valid_from", CODES["A"])
    assert names == [("甲旧名有限公司",), ("甲新名有限公司",)]
    assert len(ask(STATUS, "activity", CODES["A"])) == 1


def test_trap_18_two_codes_of_one_name_are_never_merged(ask: Ask) -> None:
    ((suggested,),) = ask(
        "SELECT [one.uscc FOR one IN suggestions] FROM unlinked_row WHERE source = 'rd_institution'"
    )
    assert sorted(suggested) == sorted([CODES["X"], CODES["Y"]])
    assert ask(STATUS, "institution", CODES["X"]) == ask(STATUS, "institution", CODES["Y"]) == [("UNKNOWN",)]


def test_trap_25_three_institutions_cover_their_host_once(ask: Ask) -> None:
    found = ask(
        f"SELECT status, evidence_count FROM obligation_status WHERE {YEAR} AND tier_basis = 'CY'"
        " AND obligation = 'institution' AND uscc = ?", CODES["F"],
    )  # fmt: skip
    assert found == [("MET", 3)]


def test_trap_26_a_joint_centre_covers_its_host_only(ask: Ask) -> None:
    assert ask(STATUS, "institution", CODES["G"]) == [("UNKNOWN",)]


def test_trap_27_28_every_holder_of_a_joint_patent_is_covered_the_second_too(ask: Ask) -> None:
    assert ask(STATUS, "outcome", CODES["C"]) == ask(STATUS, "outcome", CODES["D"]) == [("MET",)]


def test_trap_29_a_product_of_2021_is_no_outcome_at_the_end_of_2025(ask: Ask) -> None:
    assert ask(STATUS, "outcome", CODES["H"]) == [("UNKNOWN",)]


def test_trap_31_a_revocation_of_2026_leaves_2025_as_it_was(ask: Ask) -> None:
    assert ask(STATUS, "institution", CODES["J"]) == [("MET",)]
    later = STATUS.replace("2025", "2026").replace("'CY'", "'PY'")
    assert ask(later, "institution", CODES["J"]) == [("UNKNOWN",)]


def test_trap_37_silence_is_unknown_and_the_rate_has_its_bounds(ask: Ask) -> None:
    wrong = ask("""SELECT * FROM coverage WHERE n_asked > 0
        AND (abs(rate - n_met / n_asked) > 1e-12 OR abs(rate_upper - (n_met + n_unknown) / n_asked) > 1e-12)""")
    assert wrong == []
    found = ask(
        f"SELECT n_asked, n_met, n_not_met, n_unknown, rate_upper FROM coverage WHERE {YEAR} AND tier_basis = 'CY'"
        " AND obligation = 'institution' AND dimension = 'province'"
    )
    assert found == [(9, 2, 0, 7, 1.0)]


def test_trap_42_the_provinces_rate_is_of_counts_not_a_mean_of_its_cities(ask: Ask) -> None:
    where = f"{YEAR} AND tier_basis = 'CY' AND obligation = 'activity'"
    ((rate,),) = ask(f"SELECT rate FROM coverage WHERE {where} AND dimension = 'province'")
    ((counted, mean),) = ask(
        f"SELECT sum(n_met) / sum(n_asked), avg(rate) FROM coverage WHERE {where} AND dimension = 'city' AND member_code <> '_U'"
    )
    assert rate == counted == 3 / 17
    assert rate != mean


def test_trap_44_a_city_without_such_enterprises_has_no_rate(ask: Ask) -> None:
    found = ask(
        f"SELECT n_asked, rate, rate_upper FROM coverage WHERE {YEAR} AND obligation = 'outcome' AND member_code = '341000'"
    )
    assert found == [(0, None, None)] * 2


def test_trap_46_a_change_of_a_rate_is_in_points(ask: Ask) -> None:
    """From a fourth to three seventeenths are 7.35 points less, not 29 %."""
    change = (
        "SELECT rate_change FROM coverage_change WHERE purpose = 'administrative' AND reference_year = 2025"
    )
    ((points,),) = ask(f"{change} AND tier_basis = 'CY' AND obligation = 'activity' AND area_code = '340000'")
    assert points == pytest.approx(3 / 17 - 1 / 4)


def test_trap_47_a_county_that_moved_counts_for_its_city_of_today_and_keeps_its_code(ask: Ask) -> None:
    found = ask(
        "SELECT city_code, county_code, operating_area_code_delivered FROM enterprise WHERE uscc = ?",
        CODES["W"],
    )
    assert found == [("340700", "340722", "340823")]


def test_trap_48_a_park_is_another_dimension_and_no_part_of_the_counties(ask: Ask) -> None:
    sums = ask(
        f"SELECT dimension, sum(n_asked) FROM coverage WHERE {YEAR} AND tier_basis = 'CY' AND obligation = 'activity'"
        " AND dimension IN ('park', 'county', 'province') GROUP BY 1 ORDER BY 1"
    )
    assert sums == [("county", 17), ("park", 17), ("province", 17)]


def test_trap_49_a_park_of_two_cities_counts_where_it_lies(ask: Ask) -> None:
    assert ask(CITY, CODES["U"]) == [("341300",)]


def test_trap_50_the_industry_is_that_of_the_reference_year(ask: Ask) -> None:
    asked = f"SELECT n_asked FROM coverage WHERE {YEAR} AND tier_basis = 'CY' AND obligation = 'activity' AND member_code = '27'"
    assert ask(asked) == [(1,)]
    assert ask(asked.replace("2025", "2024")) == []


@pytest.mark.parametrize("letter", ["Q", "R"], ids=["trap_51_software", "trap_62_cancelled"])
def test_who_is_no_industrial_enterprise_of_the_frame_is_not_asked(ask: Ask, letter: str) -> None:
    assert ask(BASES, CODES[letter]) == []


def test_trap_62_an_enterprise_cancelled_in_2025_was_asked_in_2024(ask: Ask) -> None:
    asked = "SELECT DISTINCT reference_year FROM obligation_status WHERE uscc = ? AND tier_basis = 'CY'"
    assert ask(asked, CODES["R"]) == [(2024,)]


def test_trap_52_an_institution_without_activity_is_allowed(ask: Ask) -> None:
    assert ask(STATUS, "institution", CODES["F"]) == [("MET",)]
    assert ask(STATUS, "activity", CODES["F"]) == [("UNKNOWN",)]


def test_trap_54_what_the_survey_reports_as_projects_is_no_recognised_activity(ask: Ask) -> None:
    """`年产…生产线技改` with money spent answers for C in statistics only; which projects are R&D no source decides."""
    assert ask(STATUS, "activity", CODES["C"]) == [("UNKNOWN",)]
    names = ask("SELECT name_zh FROM indicator WHERE indicator_id IN ('H9', 'H1') ORDER BY indicator_id")
    assert len(set(names)) == 2


def test_trap_60_no_survey_answer_asks_or_clears_anyone_on_the_gap_list(ask: Ask, home: Path) -> None:
    """P's revenue is known from the survey alone: asked in statistics, and on no list of enterprises."""
    assert ask("SELECT * FROM gap_list WHERE uscc = ?", CODES["P"]) == []
    assert ask(
        "SELECT missing_activity FROM gap_list WHERE reference_year = 2025 AND uscc = ?", CODES["C"]
    ) == [("unknown",)]
    with duckdb.connect(str(home / "releases" / "current" / "confidential.duckdb"), read_only=True) as con:
        status = STATUS.replace("administrative", "statistical")
        assert con.execute(status, ["activity", CODES["P"]]).fetchall() == [("NOT_MET",)]
        assert con.execute(status, ["activity", CODES["C"]]).fetchall() == [("MET",)]


def test_trap_63_a_cumulative_figure_may_fall(ask: Ask) -> None:
    found = ask(
        f"SELECT revenue_yuan FROM obligation_status WHERE {YEAR} AND tier_basis = 'CY' AND obligation = 'activity' AND uscc = ?",
        CODES["N"],
    )
    assert found == [(105_000_000,)]


def test_trap_64_every_target_says_which_text_of_the_policy_it_is_of(ask: Ask) -> None:
    assert ask("SELECT DISTINCT policy_version FROM indicator_value WHERE target_value IS NOT NULL") == [
        ("2025-05-15-draft",)
    ]
