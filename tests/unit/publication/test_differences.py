"""Two small releases side by side, worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publication.differences import Differences, TableDifference, differing
from publication.errors import ReleaseError

KEYS = {
    "coverage": ("reference_year", "tier_basis", "purpose", "obligation", "dimension", "member_code"),
    "keyed": ("id", "part"),
}
COVERAGE = """
    CREATE TABLE coverage AS
    SELECT 2025 AS reference_year, 'CY' AS tier_basis, 'statistical' AS purpose, 'activity' AS obligation,
        'province' AS dimension, '340000' AS member_code, {met}::BIGINT AS n_met, 10::BIGINT AS n_asked, {met} / 10 AS rate"""


def release(folder: Path, *statements: str) -> Path:
    folder.mkdir()
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        for statement in statements:
            con.execute(statement)
    return folder


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Differences]:
    old = release(
        tmp_path / "a",
        COVERAGE.format(met=6),
        """CREATE TABLE keyed AS SELECT * FROM (VALUES
            (1, NULL, 100.0, 'same', NULL, true), (2, 'x', 1.0, 'gone', NULL, true), (3, 'x', 0.1, 'as it was', 7, true)
        ) AS t(id, part, amount, "words", number, dropped)""",
        "CREATE TABLE loose AS SELECT unnest(['a', 'a', 'b']) AS what",
        "CREATE TABLE removed AS SELECT 1 AS only",
    )
    new = release(
        tmp_path / "b",
        COVERAGE.format(met=7),
        """CREATE TABLE keyed AS SELECT * FROM (VALUES
            (4, 'x', 5.0, 'come', NULL, 'n'), (3, 'x', 0.1, 'as it was', 7, NULL), (1, NULL, 99.99, 'same', 0, NULL)
        ) AS t(id, part, amount, "words", number, put_in)""",
        "CREATE TABLE loose AS SELECT unnest(['b', 'a', NULL]) AS what",
    )
    with differing(old, new, KEYS) as both:
        yield both


def cells(found: Differences, table: str) -> set[tuple[Any, ...]]:
    return {tuple(line.values())[1:] for line in found.cells(table).to_pylist()}


def test_cells_of_a_row_that_both_have(found: Differences) -> None:
    first, third = '{"id":1,"part":null}', '{"id":3,"part":"x"}'
    assert {line for line in cells(found, "keyed") if line[0] == "changed"} == {
        ("changed", first, "amount", "100.0", "99.99"),  # a decrease is a change too (trap 41)
        ("changed", first, "number", None, "0"),
        ("changed", first, "dropped", "true", None),
        ("changed", third, "dropped", "true", None),
    }


def test_rows_that_one_has_alone(found: Differences) -> None:
    assert {line for line in cells(found, "keyed") if line[0] != "changed"} == {
        ("added", '{"id":4,"part":"x"}', None, None, None),
        ("added", '{"id":4,"part":"x"}', "amount", None, "5.00"),
        ("added", '{"id":4,"part":"x"}', "words", None, "come"),
        ("added", '{"id":4,"part":"x"}', "put_in", None, "n"),
        ("removed", '{"id":2,"part":"x"}', None, None, None),
        ("removed", '{"id":2,"part":"x"}', "amount", "1.0", None),
        ("removed", '{"id":2,"part":"x"}', "words", "gone", None),
        ("removed", '{"id":2,"part":"x"}', "dropped", "true", None),
    }


def test_rows_without_a_key_are_added_and_removed_as_a_whole_each_as_often_as_it_stands_there(
    found: Differences,
) -> None:
    assert cells(found, "loose") == {
        ("removed", None, None, '{"what":"a"}', None),
        ("added", None, None, None, '{"what":null}'),
    }
    assert cells(found, "removed") == {("removed", None, None, '{"only":"1"}', None)}


def test_each_table_is_counted(found: Differences) -> None:
    assert found.summary() == [
        TableDifference("coverage", 0, 0, 1, 2),
        TableDifference("keyed", 1, 1, 2, 4),
        TableDifference("loose", 1, 1, 0, 0),
        TableDifference("removed", 0, 1, 0, 0),
    ]
    assert found.cells().num_rows == 2 + 12 + 2 + 1


def test_rates_change_by_points(found: Differences) -> None:
    (line,) = found.headline()
    assert (line["old_met"], line["new_met"], line["old_rate"], line["new_rate"]) == (6, 7, 0.6, 0.7)
    assert line["points"] == pytest.approx(10)  # trap 46


def test_a_release_does_not_differ_from_itself(tmp_path: Path) -> None:
    same = release(
        tmp_path / "a",
        COVERAGE.format(met=6),
        "CREATE TABLE t AS SELECT 'nan'::DOUBLE AS x, [1, NULL] AS y, 1 AS k",
    )
    with differing(same, same, {**KEYS, "t": ("k",)}) as found:
        assert found.summary() == []
        assert found.cells().num_rows == 0


def test_a_name_in_a_database_is_no_sql(tmp_path: Path) -> None:
    odd = """t'"); DROP"""
    sql = 'CREATE TABLE "t\'""); DROP" AS SELECT 1 AS k, {value} AS "c""\'"'
    folders = [
        release(tmp_path / name, COVERAGE.format(met=6), sql.format(value=value))
        for name, value in (("a", 1), ("b", 2))
    ]
    with differing(*folders, {**KEYS, odd: ("k",)}) as found:
        (line,) = found.cells(odd).to_pylist()
    assert (line["table_name"], json.loads(line["key"]), line["column_name"]) == (odd, {"k": 1}, "c\"'")


def test_a_damaged_release_is_named(tmp_path: Path) -> None:
    sound = release(tmp_path / "a", COVERAGE.format(met=6))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "warehouse.duckdb").write_bytes(b"nothing")
    with pytest.raises(ReleaseError, match="can't be opened"), differing(sound, tmp_path / "b", KEYS):
        pass
