"""A second, plain implementation agrees with the pipeline on every cell of random provinces (interface 3 and 4).

Here: a dozen seeded provinces, each run by run; `make oracle` compares 200, `make oracle SEEDS=300-349` those
(INNOSTAT_ORACLE says the same to pytest).
Not here: proof that the provinces reach every boundary (test_teeth.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.compare import differences
from tests.oracle.pipeline import Pipeline, Workshop
from tests.oracle.province import make_province
from tests.oracle.seeds import seeds
from tests.oracle.tables import Oracle

pytestmark = pytest.mark.slow
SHOWN = 40


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.mark.parametrize("seed", seeds())
def test_the_pipeline_and_the_oracle_agree(seed: int, tmp_path: Path, dbt: Workshop) -> None:
    province = make_province(seed)
    for run, built in enumerate(Pipeline(province, tmp_path, dbt).runs()):
        found = differences(Oracle(province, run), built)
        shown = "\n".join(found[:SHOWN])
        assert not found, (
            f"province {seed}, run {run + 1} as of {province.as_ofs[run]}: {len(found)} differences\n{shown}"
        )
        built.database.unlink()


def test_the_same_seed_makes_the_same_province() -> None:
    assert make_province(7) == make_province(7)
