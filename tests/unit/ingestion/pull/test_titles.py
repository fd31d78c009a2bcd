"""Pulled columns under the contract's own titles, or a refusal that names what is missing."""

import pytest

from ingestion.contract import load_contracts
from ingestion.pull.titles import canonical, identity
from ingestion.pull.words import PullRefusedError

CONTRACTS = load_contracts()


def test_chinese_names_become_the_contracts_names():
    titles = canonical(CONTRACTS["patent"], ["专利号", "KIND", "专利权人", "updated_at"], {})
    assert titles == ["patent_no", "kind", "holders", "updated_at"]


def test_money_keeps_a_title_that_may_say_its_unit():
    source = CONTRACTS["enterprise_revenue"]
    delivered = ["uscc", "period", "营业收入（千元）"]
    assert canonical(source, delivered, {})[-1] == "营业收入（千元）"
    assert canonical(source, ["uscc", "period", "Revenue_Yuan"], {})[-1] == "revenue_yuan"


def test_a_missing_required_column_is_refused():
    with pytest.raises(PullRefusedError) as error:
        canonical(CONTRACTS["patent"], ["patent_no", "kind"], {})
    assert error.value.code == "pull_missing_column" and "holders" in error.value.en


def test_a_constant_stands_in_for_a_column():
    source = CONTRACTS["patent"]
    assert canonical(source, ["patent_no", "holders"], {"kind": "发明"}) == ["patent_no", "holders"]


def test_two_columns_of_one_meaning_are_refused():
    with pytest.raises(PullRefusedError) as error:
        canonical(CONTRACTS["patent"], ["patent_no", "专利号", "kind", "holders"], {})
    assert error.value.code == "pull_columns_twice"


def test_a_name_tells_records_apart_where_a_code_of_the_key_may_be_blank():
    assert {"uscc", "name"} <= set(identity(CONTRACTS["enterprise_revenue"]))
    assert identity(CONTRACTS["patent"]) == ["patent_no"]
