"""The blank workbook: fills in and loads, the example is never read, and a blank one is refused as empty."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from ingestion.contract import load_contracts
from ingestion.template import example, write_template
from tests.unit.ingestion.typed_world import deliver

CONTRACTS = load_contracts()


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_a_template_loads_when_its_example_is_copied_into_a_row(tmp_path: Path, name: str) -> None:
    path = tmp_path / "template.xlsx"
    write_template(CONTRACTS[name], path)
    assert deliver(tmp_path, name, path).refused == "no_rows"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for column in range(2, sheet.max_column + 1):
        sheet.cell(5, column).value = sheet.cell(4, column).value
    book.save(path)
    typed = deliver(tmp_path, name, path)
    assert typed.counts == (2, 1, 0, 1), typed.issues
    assert typed.issues == []
    assert [sheet.read for sheet in typed.receipt.sheets] == [True, False]


def test_what_a_provider_sees(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    source = CONTRACTS["enterprise_register"]
    write_template(source, path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[3]][1:]
    assert titles == [column.headers[0] for column in source.columns.values()]
    assert all(cell.comment for cell in sheet[3][1:])
    lists = {rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert '"在库,退库,注销"' in lists
    assert sheet.column_dimensions["C"].number_format == "@" or sheet.cell(5, 3).number_format in (
        "@",
        "General",
    )
    money = CONTRACTS["enterprise_revenue"]
    write_template(money, path)
    assert "营业收入（千元）" in [cell.value for cell in openpyxl.load_workbook(path).worksheets[0][3]]
    assert example(money.columns["uscc"]) == "91340000148950117P"
