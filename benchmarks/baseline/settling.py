"""From cells as text to the rows that hold: types, quarantine, names linked, later deliveries before earlier ones.

Not here: files (reading.py), what the rows say (coverage.py and on).
"""

from __future__ import annotations

from typing import Any

import duckdb

# What ends or plans something may lie ahead of the delivery, and so may the periods of registers that plan.
AHEAD = {
    "due_on", "original_due_on", "valid_until", "revoked_on", "lapsed_on", "abolished_on", "ended_on", "closed_on",
    "finished_on", "exited_on", "withdrawn_on", "left_on", "planned_on",
}  # fmt: skip
PLANS = {"reporting_round", "return_roster"}
PLACES = (
    "operating_area_code",
    "area_code",
)  # an unknown one keeps its row out; of other areas nothing is known then

MACROS = r"""
create macro val(x) as case when trim(x) in ('', '--', '-', '—', '/', 'null', 'N/A', 'nan', '无') then null else trim(x) end;
create macro half(x) as translate(x,
  '０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＴＵＷＸＹ（）', '0123456789ABCDEFGHJKLMNPQRTUWXY()');
create macro code_of(x) as case when regexp_full_match(x, '[0-9A-HJ-NPQRTUWXY]{18}') then x
  else upper(regexp_replace(half(val(x)), '[\s　-]', '', 'g')) end;
create macro name_of(x) as regexp_replace(half(x), '[\s　()\[\]【】·•・]', '', 'g');
create macro number_of(x) as replace(val(x), ',', '');
create macro date_of(x) as case when x like '____-__-__' then try_cast(x as date) else coalesce(
  try_strptime(val(x), ['%Y-%m-%d', '%Y/%m/%d', '%Y%m%d', '%Y.%m.%d', '%Y年%m月%d日'])::date,
  date '1899-12-30' + try_cast(try_cast(val(x) as double) as integer)) end;
create macro month_of(x) as try_strptime(nullif(replace(val(x), '-', ''), '000000') || '01', '%Y%m%d')::date;
create macro list_of(x) as list_transform(string_split_regex(val(x), '[；;、|]'), lambda item: nullif(trim(half(item)), ''));
create macro period_of(x) as case
  when regexp_full_match(val(x), '\d{4}(\.0)?年?') then left(val(x), 4)
  when regexp_full_match(val(x), '\d{4}-\d\d') then val(x)
  when regexp_full_match(val(x), '\d{4}年1-\d+月')
  then left(val(x), 4) || '-' || lpad(regexp_extract(val(x), '-(\d+)月', 1), 2, '0') end;
create macro well_formed(code) as case
  when regexp_full_match(code, '\d{18}') then (31 - list_sum(list_transform(range(1, 18),
    lambda i: substr(code, i, 1)::integer * [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28][i])) % 31) % 31
  = right(code, 1)::integer
  else regexp_full_match(code, '[0-9A-HJ-NPQRTUWXY]{18}') end;
create macro checked(code) as well_formed(code) and (31 - list_sum(list_transform(range(1, 18),
    lambda i: (strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, i, 1)) - 1)
      * [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28][i])) % 31) % 31
  = strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', right(code, 1)) - 1;
create macro area_of(x) as case when val(x) in (select code from area union all select old_code from area_change) then val(x) end;
create table quarantined_row (source varchar, file integer, sheet varchar, row bigint, column_name varchar, rule varchar);
create table file (source varchar, file integer, name varchar, sha256 varchar, delivered_on date);
create table loaded (source varchar, file integer, delivered_on date, n bigint, broken bigint, passed bigint);
create table matched (source varchar, delivered_on date, n bigint, linked bigint);
"""
TYPED = {
    "text": "val({})", "enum": "val({})", "area": "val({})", "other area": "area_of({})", "industry": "val({})", "uscc": "code_of({})",
    "int": "try_cast(number_of({}) as bigint)", "decimal": "try_cast(number_of({}) as decimal(24, 6))",
    "money": "try_cast(number_of({}) as decimal(24, 6)) * factor", "bool": "coalesce(lower(val({})) in ('是', 'y', '1', 'true'), false)",
    "date": "date_of({})", "month": "month_of({})", "year": "try_cast(left(val({}), 4) as integer)",
    "period": "period_of({})", "list": "list_of({})",
}  # fmt: skip


def settle(con: duckdb.DuckDBPyConnection, source: str, contract: dict[str, Any]) -> None:
    """Types, quarantine, links, one row a key."""
    columns, links = contract["columns"], contract.get("links", {})
    kinds = {name: column["type"] for name, column in columns.items()}
    kinds |= {name: "other area" for name, kind in kinds.items() if kind == "area" and name not in PLACES}
    cells = ", ".join([
        *(f"{TYPED[kind].format(name)} as {name}" for name, kind in kinds.items()),
        *(f"val({name}) is null as no_{name}" for name, column in columns.items() if column.get("required")),
    ])  # fmt: skip
    found = [
        (name, *rule) for name, column in columns.items() for rule in rules(source, name, column, contract)
    ]
    faults = " or ".join(["false", *(f"({test})" for *_, test in found)])
    codes = [name for name, kind in kinds.items() if kind == "uscc"]
    # The check digit is asked of rows that nothing keeps out.
    broken = " or ".join(["false", *(f"({test})" for name, _, test in found if name in codes),
                          *(f"not bad and {name} in (select code from (select distinct {name} as code from cell) where not checked(code))" for name in codes)])  # fmt: skip
    con.sql(f"""
        create table typed_{source} as
        with cell as (select file, sheet, row, delivered_on, factor, {cells} from raw_{source} where not passed)
        select *, coalesce({broken}, false) as broken from (select *, coalesce({faults}, false) as bad from cell)
    """)
    # Of a cell the first rule that it breaks.
    names = {
        name: " ".join(f"when {test} then '{rule}'" for n, rule, test in found if n == name)
        for name, *_ in found
    }
    broken_cells = ", ".join(f"case {whens} end" for whens in names.values())
    if found:
        con.execute(f"""
            insert into quarantined_row select '{source}', file, sheet, row, unnest({list(names)}) as column_name, unnest([{broken_cells}]) as rule
            from typed_{source} where bad""")
    # Names become codes before rows are compared; the holders of patents, a list, are linked where they are counted.
    by_name = {code: name for code, name in links.items() if code in codes}
    values = ", ".join(f"coalesce(t.{c}, n_{c}.uscc) as {c}" if c in by_name else f"t.{c}" for c in columns)
    joins = " ".join(
        f"left join names as n_{code} on case when t.{code} is null then name_of(t.{name}) end = n_{code}.name"
        for code, name in by_name.items()
    )
    linked = " and ".join(
        ["true", *(f"({code} is not null or {name} is null)" for code, name in by_name.items())]
    )
    # Where no code is known a name stands for its enterprise, unless several of the register have it: each row waits alone.
    alone = (
        "case when name_of({0}) in (from homonym) then concat_ws('/', file, sheet, row) else name_of({0}) end"
    )
    keys = [
        f"coalesce({name}, {alone.format(by_name[name])})" if name in by_name else name
        for name, column in columns.items() if column.get("key")
    ]  # fmt: skip
    scope = ", ".join(keys)
    if other := contract.get("alternative_key"):
        usual = f"case when {' is null or '.join(other)} is null then [{', '.join(f'{key}::varchar' for key in keys)}] end"
        keys = [
            f"case when {' is null or '.join(other)} is null then null else [{', '.join(other)}] end",
            usual,
        ]
        scope = ", ".join(keys)
    if contract["delivery"].startswith("full"):  # a later delivery stands for all, or for all of its year
        scope = contract["delivery"].removeprefix("full").removeprefix(" per ") or "true"
    own = " and not consolidated" if "consolidated" in columns else ""
    con.sql(f"""
        create temp table compared as
        with linked as (select {values}, t.delivered_on, file, sheet, row from typed_{source} as t {joins} where not bad{own})
        select *, {linked} as linked, hash({", ".join(columns)}) as content, min(content) over same <> max(content) over same as clash,
          row_number() over same as place, hash({", ".join(keys)}) as key
        from linked window same as (partition by {", ".join(keys)}, delivered_on)
    """)
    con.sql(f"""
        create table {source} as select * exclude (file, sheet, row, content, clash, place, key) from compared where not clash and place = 1
        qualify delivered_on = max(delivered_on) over (partition by {scope})
    """)
    differing = ", ".join(
        f"case when count(distinct {name}) > 1 or count({name}) between 1 and count(*) - 1 then '{name}' end"
        for name in columns
    )
    con.sql(f"""
        insert into quarantined_row
        select '{source}', unnest(list(file)), unnest(list(sheet)), unnest(list(row)), list_filter([{differing}], lambda c: c is not null)[1], 'conflicting_rows'
        from compared where clash group by key, delivered_on
    """)
    con.sql("drop table compared")
    con.execute(f"""
        insert into loaded select '{source}', file, any_value(r.delivered_on), count(*) filter (not passed), count(*) filter (broken), count(*) filter (passed)
        from raw_{source} as r left join typed_{source} as t using (file, sheet, row) group by file""")
    if by_name:
        con.execute(
            f"insert into matched select '{source}', delivered_on, count(*), count(*) filter (linked) from {source} group by all"
        )
    if source == "enterprise_register":
        con.sql("""
            create temp table known as
            select name_of(any_name) as name, min(uscc) as uscc, count(distinct uscc) as bearers
            from (select uscc, unnest(list_append(coalesce(former_names, []), name)) as any_name from enterprise_register)
            where any_name is not null group by all;
            create table names as select name, uscc from known where bearers = 1;
            create table homonym as select name from known where bearers > 1
        """)


def either_will_do(contract: dict[str, Any]) -> dict[str, str]:
    """Codes and their names of which one must be there."""
    needed = {
        name for name, column in contract["columns"].items() if column.get("required") or column.get("key")
    }
    return {code: name for code, name in contract.get("links", {}).items() if {code, name} & needed}


def rules(source: str, name: str, column: dict[str, Any], contract: dict[str, Any]) -> list[tuple[str, str]]:
    """What keeps a row out: rules and their tests."""
    kind, pairs = column["type"], either_will_do(contract)
    found: list[tuple[str, str]] = []
    if name in pairs:
        found.append(("link_blank", f"{name} is null and {pairs[name]} is null"))
    elif column.get("required") and name not in pairs.values():
        found += [("required_blank", f"no_{name}"), ("unreadable", f"{name} is null")]
    if kind == "uscc":
        wrong = f"{name} is not null and not well_formed({name})"
        digits = f"regexp_full_match({name}, '\\d{{18}}')"  # a spreadsheet has made a number of it
        found += [("code_as_number", f"{wrong} and {digits}"), ("uscc_malformed", wrong)]
    if kind == "enum" and column.get("required"):
        found.append(("unreadable", f"{name} not in {tuple(column['values'])}"))
    if name in PLACES:
        found.append(
            (
                "area_unknown",
                f"{name} not in (select code from area union all select old_code from area_change)",
            )
        )
    if kind == "industry":
        found.append(("industry_contradiction", f"regexp_full_match({name}, '[A-Z]\\d+') and left({name}, 1) <> (select section from industry "
                     f"where code = substr({name}, 2, 2) and level = 'division')"))  # fmt: skip
    if kind == "money" and name in ("revenue", "rd_expense", "expenditure", "expense"):
        found.append(("negative_money", f"{name} < 0"))
    if kind == "date" and name not in AHEAD:
        planned = (
            " and status is distinct from '计划'"
            if name == "held_on" and "status" in contract["columns"]
            else ""
        )
        found.append(("in_future", f"{name} > delivered_on{planned}"))
    if kind == "year":
        over = contract["purpose"] == "statistical"  # a survey's year is told when it is over
        found.append(
            (
                "in_future",
                f"make_date({name}, 12, 31) > delivered_on" if over else f"{name} > year(delivered_on)",
            )
        )
    if kind == "period" and source not in PLANS:
        ends = f"last_day(make_date(left({name}, 4)::integer, coalesce(nullif(substr({name}, 6), ''), '12')::integer, 1))"
        found.append(("in_future", f"{ends} > delivered_on"))
    return found
