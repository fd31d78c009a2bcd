"""What helps to mend one cell, read off the cell itself: the particulars beside a rule's own words.

Belongs here: such hints, as SQL over the cell (`value`) and as words of a column. Does not belong here: the rules'
words (`rules.yml`), hints that need other rows (`doubts`).
"""

from __future__ import annotations

from collections.abc import Collection

from ingestion.contract import Column
from ingestion.macros import literal

# What stands where a credit code is wanted, by its form, and what it is.
_OTHER_CODES = (
    ("[0-9]{15}", "这是15位的旧工商注册号", "this is an old registration number of 15 digits"),
    ("[0-9A-Z]{8}[0-9X]", "这是9位的组织机构代码", "this is an organisation code of 9 characters"),
    ("[0-9A-Z]{8}B", "这是分支机构（产业活动单位）的代码", "this is the code of a branch"),
)
# What a cell of a type looks like.
_FORMS = {
    "money": "1234.56、5亿", "decimal": "1234.56", "int": "12", "date": "2025-03-01、2025年3月1日", "month": "2025-03、202503",
    "period": "2025、2025-09", "year": "2025", "bool": "是、否", "industry": "C26、2611",
}  # fmt: skip
_SECTIONS = ", ".join(literal(chr(letter)) for letter in range(ord("A"), ord("T") + 1))


def hint_sql(language: str, rules: Collection[str]) -> str:
    """The hint for a line of issues that breaks one of the rules; else the line's own `detail`. Reads `delivered_on`.

    Rules that no line breaks are better left out: the engine prepares each pattern, which takes longer than a small file.
    """
    hints = " ".join(
        f"WHEN {literal(rule)} THEN {hint}" for rule, hint in _hints(language).items() if rule in rules
    )
    return f"CASE rule {hints} ELSE detail_{language} END" if hints else f"detail_{language}"


def _hints(language: str) -> dict[str, str]:
    zh = language == "zh"
    plain = "uscc_plain(value)"
    kinds = " ".join(
        f"WHEN regexp_full_match({plain}, {literal(form)}) THEN {literal(in_zh if zh else in_en)}"
        for form, in_zh, in_en in _OTHER_CODES
    )
    division = "regexp_extract(value, '[0-9]{2}')"
    # A list's division has one section: that under which the list of industries knows it.
    section = (
        f"list_filter([{_SECTIONS}], lambda s: try_cast(s || {division} AS industry_head) IS NOT NULL)[1]"
    )
    suggestion, length = ("'建议：'", "'现有 ' || length({0}) || ' 位'") if zh else (
        "'suggestion: '", "'it has ' || length({0}) || ' characters'")  # fmt: skip
    belongs = (
        f"{division} || ' 属于门类 ' || {section}" if zh else f"{division} || ' is of section ' || {section}"
    )
    return {
        "uscc_malformed": f"""coalesce({suggestion} || uscc_suggestion({plain}),
            CASE {kinds} WHEN length({plain}) <> 18 THEN {length.format(plain)} END, '')""",
        "in_future": f"{literal('报送日期 ' if zh else 'delivered on ')} || delivered_on",
        "industry_contradiction": f"coalesce({belongs}, '')",
    }


def column_hint(rule: str, column: Column | None) -> tuple[str, str]:
    """What the column tells: the values of a list, the forms of its type."""
    if rule in ("unreadable", "list_element") and column and column.values:
        return f"可填：{'、'.join(column.values)}", f"one of: {', '.join(column.values)}"
    if rule == "unreadable" and column and (form := _FORMS.get(column.type)):
        return f"应如 {form}", f"as in {form.replace('、', ' or ')}"
    return "", ""
