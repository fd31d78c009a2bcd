"""What the models say of themselves: one grain each, every published column in both languages."""

from __future__ import annotations

import re

from tests.rules.repository import model_files, models, offenders

HAN = re.compile(r"[一-鿿]")
LATIN = re.compile(r"[A-Za-z]{2}")


def bilingual(description: str) -> bool:
    """'中文。 | English.': Chinese before the bar, English after it."""
    zh, bar, en = description.partition("。 | ")
    return bool(bar) and bool(HAN.search(zh)) and bool(LATIN.search(en)) and not HAN.match(en)


def test_every_model_has_an_entry_and_every_entry_a_model() -> None:
    assert not model_files().keys() ^ models().keys(), offenders(list(model_files().keys() ^ models().keys()))


def test_every_model_names_its_grain() -> None:
    found = [
        f"{name}: {str(model.get('description', '')).strip()[:60]!r}"
        for name, model in models().items()
        if not re.match(r"One row per ", str(model.get("description", "")).strip())
    ]
    assert not found, offenders(found)


def test_every_published_column_is_described_in_both_languages() -> None:
    found = [
        f"{mart}.{column['name']}: {column.get('description', '')!r}"
        for mart in model_files("marts")
        for column in models().get(mart, {}).get("columns", [{"name": "(no columns)"}])
        if not bilingual(str(column.get("description", "")).strip())
    ]
    assert not found, offenders(found)


def test_every_mart_has_an_enforced_contract_and_says_where_it_is_published() -> None:
    found = []
    for mart in model_files("marts"):
        model = models().get(mart, {})
        meta = {**model.get("meta", {}), **model.get("config", {}).get("meta", {})}
        publish = set(meta.get("publish", []))
        if not publish or publish - {"warehouse", "confidential"}:
            found.append(f"{mart}: meta.publish is {sorted(publish)}")
        if "warehouse" not in publish and meta.get("public"):
            found.append(f"{mart}: confidential and public at once")
        if not model.get("config", {}).get("contract", {}).get("enforced"):
            found.append(f"{mart}: no enforced contract")
    assert not found, offenders(found)


def test_names_say_the_layer() -> None:
    rules = {"staging": r"stg_", "intermediate": r"int_", "indicators": r"ind_"}
    found = [
        path
        for folder, prefix in rules.items()
        for name, path in model_files(folder).items()
        if not re.match(prefix, name)
    ]
    assert not found, offenders(found)


def test_the_rule_knows_a_bilingual_description() -> None:
    assert bilingual("参照年度。 | Reference year.")
    assert not bilingual("Reference year.")
    assert not bilingual("参照年度。")
    assert not bilingual("参照年度。 | 年度")
