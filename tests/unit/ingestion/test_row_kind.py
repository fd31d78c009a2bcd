"""What each row below a header is, told for a block of rows."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contract import load_contracts
from ingestion.header import Layout, Titles, find_header
from ingestion.readers.sheet import schema
from ingestion.row_kind import with_kinds

HEAD = ["序号", "企业名称", "统一社会信用代码"]
CELL = st.sampled_from(
    ["", "1", "12.0", "12345678", "2025", "1.5", "合计", "合 计", "总计：", "小计", "其中：", "注：", "注意", "单位负责人：张三",
     "合肥一家公司", "填表人", "安徽甲公司", *HEAD]
)  # fmt: skip


def layout() -> Layout:
    titles = Titles(load_contracts()["enterprise_register"])
    found = find_header([HEAD], titles, constants={"frame_year"}, keys_only=True)
    assert found is not None
    return found


def told(
    rows: list[list[str]], fields: list[int] | None = None, beyond: list[str | None] | None = None
) -> list[str | None]:
    """The kind of each row, None where it was passed over as blank."""
    columns = [
        pa.array(range(len(rows)), pa.int64()),
        pa.array(fields or [len(HEAD)] * len(rows), pa.int32()),
        pa.array(beyond or [None] * len(rows), pa.string()),
        *(pa.array([row[i] for row in rows], pa.string()) for i in range(len(HEAD))),
    ]
    cells, kinds = with_kinds(dict(zip(schema(len(HEAD)).names, columns, strict=True)), layout())
    found = dict(zip(cells["_row"].to_pylist(), kinds.to_pylist(), strict=True))
    return [found.get(number) for number in range(len(rows))]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["1", "安徽甲公司", "91340100MA2MRBKW3A"], "data"),
        (["合计", "", ""], "total"),
        (["3", "合　计", ""], "total"),
        (["", "总计（万元）", ""], "total"),
        (["2025", "其中：高新技术企业", ""], "skipped"),
        (["注:本表由企业填报", "", ""], "skipped"),
        (["1", "注意科技有限公司", ""], "data"),
        (["12345678", "合计", ""], "data"),  # too long for a serial number: the first text is a number
        (["序号", "企业名称", "统一社会信用代码"], "head"),
        (["", "", ""], None),
    ],
)
def test_rows_are_told_by_their_first_text(row: list[str], kind: str | None) -> None:
    assert told([row]) == [kind]
    assert told([["1", "安徽甲公司", ""], row, ["2", "安徽乙公司", ""]]) == ["data", kind, "data"]


def test_a_row_of_another_width_is_ragged_unless_it_is_a_footer() -> None:
    row = ["1", "安徽甲公司", ""]
    assert told([row, row, ["合计", "", ""], ["", "", ""]], [3, 2, 1, 4], [None, None, None, "外"]) == [
        "data", "ragged", "total", "ragged",
    ]  # fmt: skip


@given(st.lists(st.lists(CELL, min_size=3, max_size=3)))
def test_a_block_says_of_each_row_what_the_row_says_alone(rows: list[list[str]]) -> None:
    assert told(rows) == [_plainly(row) for row in rows]


def _plainly(row: list[str]) -> str | None:
    """The same rules for one row in plain Python."""
    if not any(row):
        return None
    text = next((cell for cell in row if not re.fullmatch(r"([0-9]{1,7}(\.0*)?)?", cell)), "")
    bare = re.sub(r"\s", "", text)
    if re.match("合计|总计", bare):
        return "total"
    if re.match("小计|其中|单位负责人|填表人|制表人|注[:：]", bare):
        return "skipped"
    titles = sum(cell == title for cell, title in zip(row[1:], HEAD[1:], strict=True))
    return "head" if titles >= 2 else "data"
