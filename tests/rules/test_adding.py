"""Adding is local: a source, an indicator, a check, a target, by the files that docs/development.md names.

The additions are made in a copy of the repository, which then takes a small province from files to a release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.rules.repository import ROOT, files

AS_OF = "2026-03-01"
FIRST, SECOND = "91340100AAAAAAAAA1", "91340100BBBBBBBBB2"

SOURCE = """
test_bench:
  register: "R99"
  title: 中试基地
  purpose: administrative
  delivery: upsert
  columns:
    bench_id: {type: text, key: true, required: true, headers: [基地编号]}
    uscc: {type: uscc, headers: [统一社会信用代码]}
    opened_on: {type: date, required: true, headers: [启用日期]}
"""
STAGING = "{{ staged('test_bench', ['bench_id', 'uscc', 'opened_on']) }}\n"
INDICATOR = """
select
  'T04-1' as indicator_id,
  'benches' as measure,
  'main' as reading,
  cast(years.reference_year as varchar) as period,
  '340000' as area_code,
  '' as category,
  cast(count(benches.bench_id) as double) as value,
  cast(count(benches.bench_id) as double) as numerator,
  cast(null as double) as denominator,
  false as is_unknown,
  false as is_provisional,
  cast(null as varchar) as note
from {{ ref('int_reference_year') }} as years
left join {{ ref('stg_test_bench') }} as benches on benches.opened_on <= years.reference_on
where years.is_published
group by years.reference_year
"""
CHECK = {
    "name": "a_bench_is_counted",
    "asset": "main.indicator_value",
    "engine": "sql",
    "severity": "error",
    "question_zh": "中试基地数都不为负吗？",
    "question_en": "Is no number of benches negative?",
    "because": "计数不会为负。 | A count is never negative.",
    "evaluated": "select count(*) from candidate.main.indicator_value where measure = 'benches'",
    "failures": "select * from candidate.main.indicator_value where measure = 'benches' and value < 0",
}
TARGET = "2025-05-15-draft,T04-1,benches,main,340000,2024,2027,>=,1,false,\n"

DELIVERED = {
    "enterprise_register/2025.csv": [
        "名录年份,统一社会信用代码,企业名称,行政区划代码,行业代码,状态",
        f"2025,{FIRST},甲,340102,26,在库",
        f"2025,{SECOND},乙,340202,38,在库",
    ],
    "enterprise_revenue/2025.csv": [
        "统一社会信用代码,报告期,营业收入（亿元）",
        f"{FIRST},2025,12",
        f"{SECOND},2025,1",
    ],
    # The second row is wrong on purpose; from 100 rows on the gate would hold that.
    "test_bench/2025.csv": [
        "基地编号,统一社会信用代码,启用日期",
        f"B1,{FIRST},2025-06-01",
        f"B2,{SECOND},2025-13-01",
    ],
}


def append(path: Path, key: str, entry: dict[str, object], inside: int | None = None) -> None:
    """One more entry in a list of a YAML file."""
    document = yaml.safe_load(path.read_text("utf-8"))
    (document[key] if inside is None else document[key][inside]["tables"]).append(entry)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The release of a copy of the repository in which one of each was added."""
    copy = tmp_path_factory.mktemp("copy")
    for name in files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)

    models = copy / "dbt_project" / "models"
    # a source: its contract, its staging model and a line each where dbt wants to know of it
    (copy / "ingestion/sources/test_bench.yml").write_text(SOURCE, "utf-8")
    (models / "staging/stg_test_bench.sql").write_text(STAGING, "utf-8")
    append(
        models / "staging/_sources.yml",
        "sources",
        {"name": "test_bench", "description": "One row per bench."},
        0,
    )
    append(
        models / "staging/_staging.yml",
        "models",
        {"name": "stg_test_bench", "description": "One row per bench."},
    )
    # an indicator: its SQL, its name in the list, its entry
    (models / "indicators/ind_bench.sql").write_text(INDICATOR, "utf-8")
    append(
        models / "indicators/_indicators.yml",
        "models",
        {"name": "ind_bench", "description": "One row per year."},
    )
    settings = copy / "dbt_project/dbt_project.yml"
    settings.write_text(
        settings.read_text("utf-8").replace("    - ind_coverage\n", "    - ind_coverage\n    - ind_bench\n"),
        "utf-8",
    )
    # a check, a target
    append(copy / "quality/checks.yml", "checks", CHECK)
    with (copy / "dbt_project/seeds/target.csv").open("a", encoding="utf-8") as seed:
        seed.write(TARGET)

    home = copy / "home"
    innostat(copy, "init", "--home", str(home))
    assert (home / "inbox/test_bench").is_dir()
    for name, rows in DELIVERED.items():
        (home / "inbox" / name).write_text("\n".join(rows) + "\n", "utf-8")
        (home / "inbox" / f"{name}.meta.toml").write_text("delivered_on = 2026-02-01\n", "utf-8")
    innostat(copy, "run", "--home", str(home), "--as-of", AS_OF)
    return duckdb.connect(str(home / "releases/current/warehouse.duckdb"), read_only=True)


def innostat(copy: Path, *arguments: str) -> None:
    """The copy's program, not the installed one: its root comes first on the path."""
    done = subprocess.run(
        [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
class TestAdding:
    def test_a_source_is_loaded_by_its_contract(self, release: duckdb.DuckDBPyConnection) -> None:
        counts = release.sql(
            "select rows_read, rows_accepted, rows_quarantined from delivery where source = 'test_bench'"
        )
        assert counts.fetchall() == [(2, 1, 1)]
        wrong = release.sql(
            "select row, column_name from quarantined_row where source = 'test_bench'"
        ).fetchall()
        assert wrong == [(3, "opened_on")]

    def test_an_indicator_is_computed_and_meets_its_target(self, release: duckdb.DuckDBPyConnection) -> None:
        found = release.sql(
            "select period, value, target_value, status from indicator_value where measure = 'benches'"
            " order by period"
        )
        assert found.fetchall() == [
            ("2024", 0.0, 1.0, "behind"),
            ("2025", 1.0, 1.0, "met"),
            ("2026", 1.0, 1.0, "met"),
        ]

    def test_a_check_is_asked(self, release: duckdb.DuckDBPyConnection) -> None:
        found = release.sql(
            "select evaluated, failed from check_result where \"check\" = 'a_bench_is_counted'"
        )
        assert found.fetchall() == [(3, 0)]
