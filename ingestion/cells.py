"""How a cell becomes a value: for each column type the SQL that reads it and the SQL that says what is wrong
with it.

Belongs here: the grammar of cells. Does not belong here: rows and files (`typed`), finding columns
(`header`). Nothing here comes from data: the only literals are those of the contracts and of this module.

A cell passes through stages, each an expression over the ones before: `text` (NULL where missing),
`parse` (normalised or taken apart), `read`, `value`, and `rule` (the name of the rule that it breaks,
NULL if none). Stages, not nested macros: a macro's argument is copied to each place of its use, and plans
grow by multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingestion.contract import PLANNED_PERIODS, Column, Source
from ingestion.macros import ANY_SPACE, OWN_UNIT, USCC, literals

# How a spreadsheet writes a code that it took for a number.
_NUMERIC_ID = r"[0-9](\.[0-9]+)?E\+[0-9]{2}"
_NUMERIC_CODE = r"[0-9](\.[0-9]*)?E\+?[0-9]+|[0-9]{15,20}\.0*"

SQL_TYPE = {
    "text": "VARCHAR", "uscc": "VARCHAR", "area": "VARCHAR", "industry": "VARCHAR", "enum": "VARCHAR",
    "period": "VARCHAR", "int": "BIGINT", "decimal": "DECIMAL(24,6)", "money": "DECIMAL(24,6)",
    "bool": "BOOLEAN", "date": "DATE", "month": "DATE", "year": "INTEGER", "list": "VARCHAR[]",
}  # fmt: skip

WARNINGS = frozenset(
    {
        "uscc_check_digit", "area_not_county", "industry_padded", "industry_short", "list_element", "rounded", "maybe_cut",
        "consolidated", "abolished_without_date",
    }
)  # fmt: skip

# Rules about a cell that says nothing: in an optional column it is missing, and the row is warned of.
LENIENT = frozenset({"area_unknown", "error_cell", "formula_without_value", "unreadable"})


def is_nfkc(column: Column) -> bool:
    """Whether the column's cells are read after NFKC; names and titles stay as they were delivered."""
    return column.type != "text" or column.key


def quarantines(rule: str, column: Column) -> bool:
    """Whether breaking the rule in this column keeps the row out; else the row is accepted with a warning."""
    if rule == "unreadable":
        return column.required
    if rule in LENIENT:
        coded = column.type == "uscc" or column.name in ("operating_area_code", "area_code")
        return column.required or coded
    return rule not in WARNINGS


@dataclass(frozen=True)
class Cell:
    """The expressions of one column, each over the identifiers of those before."""

    parse: str
    read: str
    value: str
    rule: str


@dataclass(frozen=True)
class Names:
    """The identifiers under which a column's stages stand in the statement."""

    text: str
    parse: str
    read: str
    value: str
    sound: str  # of a credit code: whether it is known to be one (codes.py)
    number: str  # of a number or a year that is written plainly: what it is (plain_numbers.py)


def cell_sql(column: Column, source: Source, power: int, names: Names) -> Cell:
    """The expressions for a column; `power` is the power of ten of its unit of money.

    The macros and types of `Reference.connect` must exist, and a column `_delivered_on`.
    """
    found = _READERS[column.type](column, names, power)
    future = _in_future(column, source, names)
    rule = (
        found.rule if future is None else f"coalesce({found.rule}, CASE WHEN {future} THEN 'in_future' END)"
    )
    broken = rule if rule == "NULL" else f"CASE WHEN {names.text} IS NOT NULL THEN {rule} END"
    return Cell(found.parse, found.read, found.value, broken)


def _plain(read: str, column: Column, n: Names) -> Cell:
    """A cell that is read in one step, or cannot be read."""
    return Cell("NULL", read, n.read, f"CASE WHEN {n.read} IS NULL THEN 'unreadable' END")


def _in_future(column: Column, source: Source, n: Names) -> str | None:
    """The condition under which a value that begins something lies after the delivery date."""
    value = n.value
    if column.begins:
        planned = ""
        if source.name == "promotion_event" and column.name == "held_on":
            planned = " AND status IS DISTINCT FROM '计划'"
        return f"{value} > _delivered_on{planned}"
    if column.type == "period" and source.name not in PLANNED_PERIODS:
        return (
            f"NOT coalesce({n.number} < year(_delivered_on), false) AND period_end({value}) > _delivered_on"
        )
    if column.type == "year":
        # A survey's year is told when it is over; a frame, or any other register, may belong to
        # the running year.
        surveyed = column.name == "year" and source.purpose == "statistical"
        return f"make_date({value}, 12, 31) > _delivered_on" if surveyed else f"{value} > year(_delivered_on)"
    return None


def _text(column: Column, n: Names, power: int) -> Cell:
    # Of a number that tells rows apart a spreadsheet has dropped the last digits: two rows would pass for one.
    rule = f"CASE WHEN regexp_full_match({n.text}, '{_NUMERIC_ID}') THEN 'code_as_number' END"
    return Cell("NULL", n.text, n.read, rule if column.key else "NULL")


def _enum(column: Column, n: Names, power: int) -> Cell:
    return _plain(f"CASE WHEN {n.text} IN ({literals(column.values)}) THEN {n.text} END", column, n)


def _bool(column: Column, n: Names, power: int) -> Cell:
    true, false = literals(("是", "y", "1", "true")), literals(("否", "n", "0", "false"))
    read = f"CASE WHEN lower({n.text}) IN ({true}) THEN true WHEN lower({n.text}) IN ({false}) THEN false END"
    cell = _plain(read, column, n)
    return replace(cell, value=f"coalesce({n.read}, false)")


def _uscc(column: Column, n: Names, power: int) -> Cell:
    rule = f"""CASE
        WHEN NOT regexp_full_match({n.read}, '{USCC}') THEN
            CASE WHEN regexp_full_match({n.read}, '{_NUMERIC_CODE}') THEN 'code_as_number'
            ELSE 'uscc_malformed' END
        WHEN NOT uscc_checks({n.read}) THEN
            CASE WHEN regexp_full_match({n.read}, '[0-9]{{18}}') THEN 'code_as_number'
            ELSE 'uscc_check_digit' END
        END"""
    read = f"CASE WHEN {n.sound} THEN {n.text} ELSE uscc_plain({n.text}) END"
    return Cell("NULL", read, n.read, rule)


def _area(column: Column, n: Names, power: int) -> Cell:
    above = "NULL" if "city_code" in column.name else "'area_not_county'"
    rule = f"CASE {n.parse} WHEN 'county' THEN NULL WHEN 'above' THEN {above} ELSE 'area_unknown' END"
    return Cell(f"area_kind({n.text})", f"CASE WHEN {n.parse} IS NOT NULL THEN {n.text} END", n.read, rule)


def _industry(column: Column, n: Names, power: int) -> Cell:
    # 6 for 06: a spreadsheet has dropped the zero; no other division could be meant. 610 may be a group of services, or
    # have been 0610 (mining): it is taken as it stands, and somebody should look.
    parse = f"""CASE WHEN regexp_full_match({n.text}, '[1-9]') THEN '0' || {n.text}
        ELSE regexp_replace(upper({n.text}), '{ANY_SPACE}', '', 'g') END"""
    shape = f"regexp_full_match({n.parse}, '[A-T]|[A-T]?[0-9]{{2,4}}')"
    head = f"try_cast(regexp_extract({n.parse}, '^[A-T]?([0-9]{{2}})?') AS industry_head)"
    division = f"try_cast(regexp_extract({n.parse}, '[0-9]{{2}}') AS industry_head)"
    rule = f"""CASE WHEN {n.read} IS NOT NULL
            THEN CASE WHEN regexp_full_match({n.text}, '[0-9]') THEN 'industry_padded'
                 WHEN regexp_full_match({n.text}, '[6-9][0-9]{{2}}') THEN 'industry_short' END
        WHEN {shape} AND {division} IS NOT NULL THEN 'industry_contradiction' ELSE 'unreadable' END"""
    return Cell(parse, f"CASE WHEN {shape} AND {head} IS NOT NULL THEN {n.parse} END", n.read, rule)


def _money(column: Column, n: Names, power: int) -> Cell:
    negative = f"WHEN {n.read} < 0 THEN 'negative_money'" if column.never_negative else ""
    # What was taken apart and still gave no amount is too fine, or too large to be one.
    rule = f"""CASE WHEN {n.read} IS NULL THEN
            CASE WHEN length({n.parse}.fraction) - {n.parse}.power > 6 THEN 'too_precise'
            ELSE 'unreadable' END
        {negative} END"""
    parse, read = _amount(n, power, OWN_UNIT)
    return Cell(parse, read, n.read, rule)


def _amount(n: Names, power: int, unit: str) -> tuple[str, str]:
    """How a number is taken apart, and read: nearly every one is known before the statement begins."""
    scaled = f"try_cast({n.number}::DECIMAL(28,6) * {10**power}::DECIMAL(9,0) AS {SQL_TYPE['money']})"
    known = scaled if power else f"{n.number}::{SQL_TYPE['money']}"
    return (
        f"CASE WHEN {n.number} IS NULL THEN taken_apart({n.text}, {power}, '{unit}') END",
        f"CASE WHEN {n.number} IS NULL THEN amount({n.text}, {n.parse}, {power}) ELSE {known} END",
    )


def _int(column: Column, n: Names, power: int) -> Cell:
    parse, read = _amount(n, 0, "")
    value = f"CASE WHEN {n.read} = trunc({n.read}) THEN try_cast({n.read} AS BIGINT) END"
    rule = f"CASE WHEN {n.value} IS NULL THEN 'unreadable' END"
    return Cell(parse, read, value, rule)


def _decimal(column: Column, n: Names, power: int) -> Cell:
    rounded = f"""CASE WHEN regexp_full_match({n.text}, '-?[0-9]{{1,17}}\\.[0-9]+')
        THEN try_cast(left({n.text}, 36) AS DECIMAL(38,18))::DECIMAL(24,6) END"""
    rule = f"CASE WHEN {n.value} IS NULL THEN 'unreadable' WHEN {n.read} IS NULL THEN 'rounded' END"
    parse, read = _amount(n, 0, "")
    return Cell(parse, read, f"coalesce({n.read}, {rounded})", rule)


def _date(column: Column, n: Names, power: int) -> Cell:
    return replace(_plain(f"sane({n.parse})", column, n), parse=f"day_text({n.text})")


def _month(column: Column, n: Names, power: int) -> Cell:
    rule = f"CASE WHEN {n.read} IS NULL AND {n.text} NOT IN ('000000', '0') THEN 'unreadable' END"
    read = f"date_trunc('month', sane({n.parse}))::DATE"
    return Cell(f"coalesce(month_text({n.text}), day_text({n.text}))", read, n.read, rule)


def _is_year(n: Names) -> str:
    """Whether the cell is a year and nothing else, as nearly all are; the patterns below say the same."""
    return f"{n.number} BETWEEN 1900 AND 2100 AND strlen({n.text}) = 4"


def _year(column: Column, n: Names, power: int) -> Cell:
    year = f"regexp_extract({n.text}, '^((?:19|20)[0-9]{{2}}|2100)(?: ?年度?|\\.0+)?$', 1)"
    read = f"CASE WHEN {_is_year(n)} THEN {n.number} ELSE try_cast({year} AS INTEGER) END"
    return _plain(read, column, n)


def _period(column: Column, n: Names, power: int) -> Cell:
    # A month that a spreadsheet took for a date is its first day; a report's date may be its last.
    read = f"""CASE WHEN length({n.parse}) = 4 THEN {n.parse}
        WHEN sane({n.parse}) IN (date_trunc('month', sane({n.parse})), last_day(sane({n.parse})))
        THEN strftime(sane({n.parse}), '%Y-%m') END"""
    parse = f"CASE WHEN {_is_year(n)} THEN {n.text} ELSE period_text({n.text}) END"
    return replace(_plain(read, column, n), parse=parse)


def _list(column: Column, n: Names, power: int) -> Cell:
    """Places are kept, so that two lists of one row stay in step; a place that cannot be read is empty."""
    parse, good, soft = f"places({n.text})", "true", "NULL"
    if column.element == "uscc":
        parse = f"list_transform({parse}, lambda x: uscc_plain(x))"
        good = (
            f"regexp_full_match(x, '{USCC}') AND (uscc_checks(x) OR NOT regexp_full_match(x, '[0-9]{{18}}'))"
        )
        wrong = f"list_bool_or(list_transform({n.read}, lambda x: NOT uscc_checks(x)))"
        soft = f"CASE WHEN {wrong} THEN 'uscc_check_digit' END"
    elif column.element == "area":
        good = "area_kind(x) IS NOT NULL"
        above = f"list_contains(list_transform({n.read}, lambda x: area_kind(x)), 'above')"
        soft = f"CASE WHEN {above} THEN 'area_not_county' END"
    elif column.element == "enum":
        good = f"x IN ({literals(column.values)})"
    read = n.parse if good == "true" else f"list_transform({n.parse}, lambda x: CASE WHEN {good} THEN x END)"
    rule = f"CASE WHEN list_count({n.read}) < list_count({n.parse}) THEN 'list_element' ELSE {soft} END"
    return Cell(parse, read, n.read, "NULL" if good == "true" else rule)


_READERS = {
    "text": _text, "enum": _enum, "bool": _bool, "uscc": _uscc, "area": _area, "industry": _industry,
    "money": _money, "int": _int, "decimal": _decimal, "date": _date, "month": _month, "year": _year,
    "period": _period, "list": _list,
}  # fmt: skip
