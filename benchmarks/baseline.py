"""The yardstick: one DuckDB script as a skilled analyst writes it by hand for just these files.

From the same inbox to the same coverage: raw bytes kept by hash, every cell kept as text, typed rows, quarantine, names
linked, later deliveries superseding earlier ones, statuses, coverage in seven dimensions, gap list, one database, and CSV,
Parquet and XLSX of what is published. It knows what these files look like, trusts them to be no worse, and takes no care of
crashes, checks, evidence, disclosure or history.

Not here: anything that InnoStat imports or that imports InnoStat. Facts that have a home (columns and titles of a source,
thresholds, areas, industries) are read there, as files.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "dbt_project" / "seeds"
WINDOW = 36  # months for which an outcome is news
UNITS = {"元": 1, "千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8}
UNIT = re.compile("百万元|亿元|万元|千元|元")
PASSED_OVER = re.compile("^(合计|小计|总计|其中|单位负责人|填表人|制表人|注：)")
AHEAD = {
    "due_on", "original_due_on", "valid_until", "revoked_on", "lapsed_on", "abolished_on", "ended_on", "closed_on",
    "finished_on",
}  # fmt: skip

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
create macro list_of(x) as list_transform(string_split_regex(val(x), '[；;、|]'), lambda item: nullif(trim(item), ''));
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
"""
TYPED = {
    "text": "val({})", "enum": "val({})", "area": "val({})", "industry": "val({})", "uscc": "code_of({})",
    "int": "try_cast(number_of({}) as bigint)", "decimal": "try_cast(number_of({}) as decimal(24, 6))",
    "money": "try_cast(number_of({}) as decimal(24, 6)) * factor", "bool": "coalesce(lower(val({})) in ('是', 'y', '1', 'true'), false)",
    "date": "date_of({})", "month": "month_of({})", "year": "try_cast(left(val({}), 4) as integer)",
    "period": "period_of({})", "list": "list_of({})",
}  # fmt: skip


@dataclass
class File:
    """One delivered file and what its sidecar says."""

    number: int
    source: str
    path: Path
    delivered_on: date
    facts: dict[str, Any]


def main() -> None:
    """Read an inbox, write the outputs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("inbox", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.out, ignore_errors=True)
    (arguments.out / "raw").mkdir(parents=True)
    con = duckdb.connect(str(arguments.out / "warehouse.duckdb"))
    con.begin()
    con.sql(MACROS)
    reference(con, arguments.as_of)
    for source, contract in contracts().items():
        load(con, source, contract, deliveries(arguments.inbox, source, arguments.as_of), arguments.out)
    con.sql(STATISTICS)
    con.commit()
    publish(con, arguments.out)
    con.close()


def contracts() -> dict[str, dict[str, Any]]:
    """The register first: names are linked through it."""
    found = {
        path.stem: yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)[path.stem]
        for path in (ROOT / "ingestion/sources").glob("*.yml")
    }
    return dict(sorted(found.items(), key=lambda item: item[0] != "enterprise_register"))


def reference(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Code lists, thresholds and the years asked for."""
    for name in ("area", "area_change", "industry", "obligation", "trajectory"):
        con.read_csv(str(SEEDS / f"{name}.csv"), all_varchar=True, header=True).create(name)
    con.execute("create table years as select y as year, least(make_date(y, 12, 31), $1::date) as d "
                "from unnest(range(2024, year($1::date) + 1)) as r (y)", [as_of])  # fmt: skip


def deliveries(inbox: Path, source: str, as_of: date) -> list[File]:
    """The files of a source that had been delivered by then."""
    found: list[File] = []
    for path in sorted((inbox / source).rglob("*")):
        if path.suffix in (".csv", ".tsv", ".xlsx"):
            sidecar = path.with_name(path.name + ".meta.toml")
            facts = tomllib.loads(sidecar.read_text("utf-8")) if sidecar.exists() else {}
            delivered_on = facts.get("delivered_on", as_of)
            if delivered_on <= as_of:
                found.append(File(len(found), source, path, delivered_on, facts))
    return found


def load(
    con: duckdb.DuckDBPyConnection, source: str, contract: dict[str, Any], files: list[File], out: Path
) -> None:
    """Raw text, typed rows, quarantine, settled rows of one source."""
    columns = contract["columns"]
    names = ", ".join(f"{name} varchar" for name in columns)
    con.sql(f"create table raw_{source} (file integer, delivered_on date, factor bigint, {names})")
    for file in files:
        content = file.path.read_bytes()
        (out / "raw" / hashlib.sha256(content).hexdigest()).write_bytes(content)
        if file.path.suffix == ".xlsx":
            workbook(con, file, columns)
        else:
            delimited(con, file, columns, content, out / "part.csv")
    settle(con, source, contract)


def head(
    lines: list[list[str]], columns: dict[str, Any], facts: dict[str, Any]
) -> tuple[int, list[str], int]:
    """Where the rows begin, the columns in their order, and what a unit of money is in yuan."""
    titles = {title: name for name, column in columns.items() for title in (name, *column["headers"])}
    titles |= facts.get("columns", {})
    # One row of titles, or two of which the upper one holds merged groups: the best row says where, the rest fills in.
    counts = [sum(bare(cell) in titles for cell in line) for line in lines]
    at = counts.index(max(counts))
    found = [titles.get(bare(cell), "") for cell in lines[at]]
    for other in (at - 1, at + 1):
        if 0 <= other < len(lines) and counts[other]:
            found += [""] * (len(lines[other]) - len(found))
            found = [
                name or titles.get(bare(cell), "")
                for name, cell in zip(found, [*lines[other], *[""] * len(found)], strict=False)
            ]
            at = max(at, other)
    above = " ".join(cell for line in lines[: at + 1] for cell in line if "元" in cell)
    unit = UNIT.search(facts.get("unit", "") or above)
    start = at + 1
    if start < len(lines) and all(
        re.fullmatch(r"[甲乙丙丁戊己庚辛壬癸]|\d{1,2}(\.0)?|", cell) for cell in lines[start]
    ):
        start += 1
    return start, found, UNITS[unit[0]] if unit else 1


def bare(title: str) -> str:
    """A title without brackets, white space and line breaks."""
    return re.sub(r"[（(\[【].*?[）)\]】]|\s", "", title)


def delimited(
    con: duckdb.DuckDBPyConnection, file: File, columns: dict[str, Any], content: bytes, part: Path
) -> None:
    """A text file: decoded, its head cut off, the rest read by DuckDB."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    mark = "\t" if file.path.suffix == ".tsv" else ","
    first = text[:20_000].split("\n")[:20]
    start, names, factor = head(
        [[cell.strip('" \r') for cell in line.split(mark)] for line in first], columns, file.facts
    )
    part.write_text(text[sum(len(line) + 1 for line in first[:start]) :], "utf-8", newline="")
    cells = {f"c{place}": "varchar" for place in range(len(names))}
    insert(con, file, f"read_csv('{part}', columns = {cells}, auto_detect = false, header = false, sep = '{mark}', "
           "quote = '\"', null_padding = true, strict_mode = false)", names, factor)  # fmt: skip


def workbook(con: duckdb.DuckDBPyConnection, file: File, columns: dict[str, Any]) -> None:
    """Each sheet that has the titles."""
    import pyarrow as pa
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(file.path))
    for sheet in book.sheet_names:
        rows = [
            [cell_text(cell) for cell in row]
            for row in book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        ]
        start, names, factor = head(rows[:20], columns, file.facts)
        if sum(map(bool, names)) >= 2:
            table = pa.table(
                [list(column) for column in zip(*rows[start:], strict=True)],
                [f"c{i}" for i in range(len(names))],
            )
            con.register("sheet", table)
            insert(con, file, "sheet", names, factor)


def cell_text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as people write them."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell if isinstance(cell, str) else str(cell)


def insert(con: duckdb.DuckDBPyConnection, file: File, rows: str, names: list[str], factor: int) -> None:
    """Rows into the raw table, without totals and footers."""
    cells = {name: f"c{place}" for place, name in enumerate(names) if name}
    cells |= {name: f"'{value}'" for name, value in file.facts.get("constants", {}).items()}
    con.sql(f"""
        insert into raw_{file.source} by name
        select {file.number} as file, date '{file.delivered_on}' as delivered_on, {factor} as factor,
          {", ".join(f"{cell} as {name}" for name, cell in cells.items())}
        from {rows} where not regexp_matches(coalesce(c0, ''), '{PASSED_OVER.pattern}')
    """)


def settle(con: duckdb.DuckDBPyConnection, source: str, contract: dict[str, Any]) -> None:
    """Types, quarantine, links, one row a key."""
    columns, links = contract["columns"], contract.get("links", {})
    cells = ", ".join(f"{TYPED[column['type']].format(name)} as {name}" for name, column in columns.items())
    faults = " or ".join(
        f"({rule})" for name, column in columns.items() for rule in rules(name, column, links)
    )
    con.sql(f"""
        create table typed_{source} as
        select *, coalesce({faults}, false) as bad from (select file, delivered_on, factor, {cells} from raw_{source})
    """)
    # Names become codes before rows are compared; the holders of patents, a list, are linked where they are counted.
    by_name = {code: name for code, name in links.items() if columns[code]["type"] == "uscc"}
    values = ", ".join(f"coalesce(t.{c}, n_{c}.uscc) as {c}" if c in by_name else f"t.{c}" for c in columns)
    joins = " ".join(
        f"left join names as n_{code} on case when t.{code} is null then name_of(t.{name}) end = n_{code}.name"
        for code, name in by_name.items()
    )
    keys = [name for name, column in columns.items() if column.get("key")]
    known = " and ".join(["true", *(f"{code} is not null" for code in by_name if code in keys)])
    own = " and not consolidated" if "consolidated" in columns else ""
    scope = "frame_year" if source == "enterprise_register" else ", ".join(keys)
    con.sql(f"""
        create table {source} as
        with linked as (select {values}, t.delivered_on from typed_{source} as t {joins} where not bad{own}),
        compared as (select *, hash({", ".join(columns)}) as content from linked where {known}),
        settled as (
          select * exclude (content) from compared
          window same as (partition by {", ".join(keys)}, delivered_on)
          qualify min(content) over same = max(content) over same and row_number() over same = 1
        )
        select * from settled qualify delivered_on = max(delivered_on) over (partition by {scope})
    """)
    if source == "enterprise_register":
        con.sql("""
            create table names as
            select name_of(any_name) as name, min(uscc) as uscc
            from (select uscc, unnest(list_append(coalesce(former_names, []), name)) as any_name from enterprise_register)
            where any_name is not null group by all having count(distinct uscc) = 1
        """)


def rules(name: str, column: dict[str, Any], links: dict[str, str]) -> list[str]:
    """What keeps a row out, column by column."""
    kind, found = column["type"], []
    if column.get("required") and kind != "bool":
        either = [code for code, linked in links.items() if linked == name]  # of such a pair one will do
        found.append(" and ".join(f"{cell} is null" for cell in (name, *either)))
    if kind == "uscc":
        found.append(f"{name} is not null and not well_formed({name})")
        if name in links:
            found.append(f"{name} is null and {links[name]} is null")
    if kind == "enum" and column.get("required"):
        found.append(f"{name} not in {tuple(column['values'])}")
    if name in ("operating_area_code", "area_code"):
        found.append(f"{name} not in (select code from area union all select old_code from area_change)")
    if kind == "industry":
        found.append(f"regexp_full_match({name}, '[A-Z]\\d+') and left({name}, 1) <> (select section from industry "
                     f"where code = substr({name}, 2, 2) and level = 'division')")  # fmt: skip
    if kind == "money" and name in ("revenue", "rd_expense", "expenditure", "expense"):
        found.append(f"{name} < 0")
    if kind == "date" and name not in AHEAD:
        found.append(f"{name} > delivered_on")
    if kind == "year":
        found.append(f"make_date({name}, 12, 31) > delivered_on")
    if kind == "period":
        found.append(
            f"last_day(make_date(left({name}, 4)::integer, coalesce(nullif(substr({name}, 6), ''), '12')::integer, 1)) > delivered_on"
        )
    return found


DIMENSIONS = {
    "province": "province", "city": "city", "county": "county", "industry_section": "section",
    "industry_division": "division", "park": "park", "size": "size",
}  # fmt: skip
DIMENSION = "case " + " ".join(f"when {c} is not null then '{d}'" for d, c in DIMENSIONS.items()) + " end"
MEMBER = f"coalesce({', '.join(DIMENSIONS.values())})"
SETS = ", ".join(f"({{0}}, {column})" for column in DIMENSIONS.values())

STATISTICS = f"""
create table place as
  with recursive chain as (
    select old_code as delivered, new_code as code from area_change
    union all select chain.delivered, c.new_code from chain join area_change as c on chain.code = c.old_code
  ), today as (select delivered, code from chain union all select code, code from area)
  select delivered, province_code || '0000' as province,
    case when level = 'province' then '_U' else left(today.code, 4) || '00' end as city,
    case when level in ('county', 'zone') then today.code else '_U' end as county
  from today join area using (code) where today.code not in (select old_code from area_change);

create table frame as
  with latest as (
    select y.year, max(frame_year) as frame_year from years as y join enterprise_register on frame_year <= y.year group by all
  ), coded as (
    select *, nullif(left(regexp_replace(industry_code, '^[A-Z]', ''), 2), '') as digits from enterprise_register
  )
  select latest.year, uscc, coded.name, former_names, province, city, county, coalesce(size, '_U') as size,
    coalesce(park_id, '_N') as park, coalesce(digits, '_U') as division,
    coalesce(industry.section, left(industry_code, 1)) as section
  from latest join coded using (frame_year) join place on place.delivered = operating_area_code
  left join industry on industry.level = 'division' and industry.code = digits
  where status = '在库' and province = '340000' and coalesce(industry.section, left(industry_code, 1)) in ('B', 'C', 'D');

create table uses as select * from (values ('statistical', true), ('administrative', false)) as u (purpose, sees_survey);

create table figure as
  select true as survey, 1 as rank, uscc, period, revenue, rd_expense from survey_finance
  union all select false, 2, uscc, period, revenue, rd_expense from enterprise_revenue;

create table revenue as
  with dated as (
    select *, left(period, 4)::integer as year, coalesce(nullif(substr(period, 6), '')::integer, 0) as month from figure
  )
  select purpose, uscc, year, coalesce(
      arg_min(revenue, rank * 100 + month) filter (where month in (0, 12)), arg_max(revenue, month * 10 - rank)) as yuan,
    not bool_or(month in (0, 12)) as is_partial
  from dated join uses on sees_survey or not survey group by all;

create table tier as
  with wanted as (
    select purpose, year, basis, year - lag as revenue_year, uscc
    from frame cross join uses cross join (values ('CY', 0), ('PY', 1)) as b (basis, lag)
  )
  select w.purpose, w.year, basis, obligation, w.uscc, yuan,
    case when yuan >= threshold_yuan::decimal(24, 6) then 'asked' when yuan is null or is_partial then 'unknown' end as state
  from wanted as w cross join obligation
  left join revenue as r on r.purpose = w.purpose and r.uscc = w.uscc and r.year = w.revenue_year
  where state is not null;

create table evidence as
  with task as (
    select lead_uscc as uscc, status, coalesce(started_on, taken_on) as began, ended_on, due_on, delivered_on from challenge_task
    union all by name
    select lead_uscc as uscc, status, coalesce(started_on, case when status <> '立项' then approved_on end) as began,
      ended_on, due_on, delivered_on from science_project
    union all by name
    select uscc, status, started_on as began, ended_on, due_on, delivered_on from university_industry_project where key_project
  ), under_way as (
    select uscc, began, coalesce(ended_on, case when status in ('验收', '终止', '退出') then coalesce(due_on, delivered_on) end) as done
    from task
  ), institution as (
    select host_uscc as uscc, recognised_on, valid_until, revoked_on from rd_institution where level in ('国家', '省', '市')
    union all select host_uscc, recognised_on, null, revoked_on from innovation_platform
  ), holder as (
    select *, holders[i] as holder, case when well_formed(code_of(holder_usccs[i])) then code_of(holder_usccs[i]) end as code
    from (select *, unnest(range(1, greatest(len(holders), len(coalesce(holder_usccs, []))) + 1)) as i from patent)
    where kind = '发明'
  ), outcome as (
    select uscc, recognised_on as dated, valid_until as until, revoked_on from innovative_product
    union all
    select coalesce(code, names.uscc), granted_on, coalesce(lapsed_on - 1, date '9999-12-31'), null
    from holder left join names on names.name = name_of(holder)
    union all
    select uscc, published_on, coalesce(abolished_on, case when stage = '废止' then delivered_on end, date '9999-12-31') - 1, null
    from standard where level in ('国际标准', '国家标准', '行业标准')
  ), found as (
    select false as survey, 'activity' as obligation, year, uscc from under_way join years
      on began <= d and (done is null or done >= make_date(year, 1, 1))
    union all select survey, 'activity', left(period, 4)::integer, uscc from figure where rd_expense > 0
    union all select true, 'activity', year, uscc from survey_rd_project where expenditure > 0
    union all select true, 'activity', year, uscc from survey_rd_activity where rd_expense > 0
    union all select false, 'institution', year, uscc from institution join years
      on recognised_on <= d and (valid_until is null or valid_until >= d) and (revoked_on is null or revoked_on > d)
    union all select true, 'institution', year, uscc from survey_rd_activity where institutions >= 1
    union all select false, 'outcome', year, uscc from outcome join years
      on dated <= d and (revoked_on is null or revoked_on > d) and (dated > (d - to_months({
    WINDOW
}))::date or until >= d)
    union all select true, 'outcome', year, uscc from survey_rd_activity
      where valid_inventions > 0 or new_product_sales > 0 or standards > 0
  )
  select distinct purpose, obligation, year, uscc from found join uses on sees_survey or not survey where uscc is not null;

create table obligation_status as
  select tier.* exclude (state), case
      when evidence.uscc is not null then 'MET' when returned.uscc is not null then 'NOT_MET' else 'UNKNOWN' end as status
  from tier
  left join evidence using (purpose, obligation, year, uscc)
  left join (select distinct 'statistical' as purpose, year, uscc from survey_rd_activity) as returned using (purpose, year, uscc)
  where state = 'asked';

create table coverage as
  with counted as (
    select tier.purpose, tier.year, tier.basis, tier.obligation, {DIMENSION} as dimension, {MEMBER} as member,
      count(*) filter (where state = 'asked') as n_asked, count(*) filter (where status = 'MET') as n_met,
      count(*) filter (where status = 'NOT_MET') as n_not_met, count(*) filter (where status = 'UNKNOWN') as n_unknown,
      count(*) filter (where state = 'unknown') as n_tier_unknown
    from tier join frame using (year, uscc) left join obligation_status using (purpose, year, basis, obligation, uscc)
    group by grouping sets ({SETS.format("tier.purpose, tier.year, tier.basis, tier.obligation")})
  ), members as (
    select year, {DIMENSION} as dimension, {MEMBER} as member from frame group by grouping sets ({
    SETS.format("year")
})
    union select year, level, code from years, area where province_code = '34' and level in ('province', 'city')
  )
  select purpose, year, basis, obligation, dimension, member, columns('n_.*'), n_met / nullif(n_asked, 0) as rate,
    (n_met + n_unknown) / nullif(n_asked, 0) as rate_upper
  from (
    select purpose, m.year, basis, obligation, m.dimension, m.member, coalesce(columns('n_.*'), 0)
    from members as m cross join uses cross join (values ('CY'), ('PY')) as b (basis) cross join (select obligation from obligation)
    left join counted using (purpose, year, basis, obligation, dimension, member)
  ) order by all;

create table indicator_value as
  select 'H' || h || suffix as indicator_id, basis || if(purpose = 'statistical', '', '-admin') as reading, year, member as area_code,
    value from (
    select *, case obligation when 'activity' then 1 when 'institution' then 2 else 3 end as h,
      unnest(['', 'N', 'G', 'U']) as suffix, unnest([rate, n_asked, if(n_unknown > 0, null, n_not_met), n_unknown]) as value
    from coverage where dimension in ('province', 'city')) order by all;

create table gap_list as
  select year, uscc, name, city, max(yuan) as yuan,
    {
    ", ".join(
        f"coalesce(max(case status when 'NOT_MET' then 'missing' else 'unknown' end) "
        f"filter (where obligation = '{o}'), '') as missing_{o}"
        for o in ("activity", "institution", "outcome")
    )
}
  from obligation_status join frame using (year, uscc)
  where purpose = 'administrative' and status <> 'MET' group by all order by all;
"""


def publish(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """What people open: CSV, Parquet and a workbook each."""
    import xlsxwriter

    for table in ("coverage", "indicator_value", "gap_list"):
        con.sql(f"copy {table} to '{out / table}.csv' (header)")
        con.sql(f"copy {table} to '{out / table}.parquet' (compression zstd)")
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(out / f"{table}.xlsx"), options) as book:
            sheet = book.add_worksheet(table)
            relation = con.table(table)
            sheet.write_row(0, 0, relation.columns)
            for number, row in enumerate(relation.fetchall(), start=1):
                sheet.write_row(
                    number, 0, [float(cell) if isinstance(cell, Decimal) else cell for cell in row]
                )


if __name__ == "__main__":
    main()
