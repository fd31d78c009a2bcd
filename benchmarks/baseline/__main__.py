"""The yardstick: one DuckDB script as a skilled analyst writes it by hand for just these files.

From the same inbox to the same tables: raw bytes kept by hash, every cell kept as text, typed rows, quarantine, names
linked, later deliveries superseding earlier ones, statuses, coverage in seven dimensions, all indicators, what follows from
them, one database, and CSV, Parquet and XLSX of what is published. It knows what these files look like, trusts them to be no
worse, and takes no care of crashes, checks, evidence, disclosure or history.

Not here: anything that InnoStat imports or that imports InnoStat. Facts that have a home (columns and titles of a source,
thresholds, areas, industries) are read there, as files.
"""

from __future__ import annotations

import argparse
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks.baseline import headline, tasks_1_to_6, tasks_7_to_9, tasks_10_to_14, tasks_15_to_18
from benchmarks.baseline.changes import CHANGES
from benchmarks.baseline.coverage import STATISTICS
from benchmarks.baseline.derived import DERIVED
from benchmarks.baseline.measuring import measure
from benchmarks.baseline.publish import publish
from benchmarks.baseline.reading import deliveries, load
from benchmarks.baseline.settling import MACROS

ROOT = Path(__file__).resolve().parents[2]
SEEDED = (
    "area",
    "area_change",
    "indicator_catalogue",
    "indicator_caveat",
    "industry",
    "obligation",
    "target",
    "title_validity",
    "trajectory",
)
SEEDS = ROOT / "dbt_project" / "seeds"


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
    reference(con, arguments.as_of)
    con.sql(MACROS)
    for source, contract in contracts().items():
        load(con, source, contract, deliveries(arguments.inbox, source, arguments.as_of), arguments.out)
    con.sql(STATISTICS)
    con.sql(CHANGES)
    parts = (tasks_1_to_6, tasks_7_to_9, tasks_10_to_14, tasks_15_to_18, headline)
    for part in parts:
        con.sql(part.PREPARE)
    measure(con, [facts for part in parts for facts in part.facts()])
    con.sql(headline.RATES)
    con.sql(headline.TARGETS)
    con.sql(DERIVED)
    con.sql(AS_RELEASED)
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
    for name in SEEDED:
        con.read_csv(str(SEEDS / f"{name}.csv"), all_varchar=True, header=True).create(name)
    con.execute(CALENDAR, [as_of])
    con.execute(PERIODS)


CALENDAR = """
create table years as
  select y as year, make_date(y, 1, 1) as starts, least(make_date(y, 12, 31), as_of) as d, as_of >= make_date(y, 12, 31) as finished, as_of
  from (select $1::date as as_of), unnest(range(2024, year(as_of) + 1)) as r (y);
"""
# Q-5 is the share of cells that disclosure control keeps back, and the script has none.
LEFT_OUT = ("Q-5",)
AS_RELEASED = f"""
alter table coverage rename year to reference_year; alter table coverage rename basis to tier_basis;
alter table coverage rename member to member_code;
delete from quarantined_row where rule is null;
create table delivery as
  with kept_out as (select source, file, count(distinct (sheet, row)) as n from quarantined_row group by all)
  select source, name, sha256, file.delivered_on, loaded.n + passed as rows_read, loaded.n - coalesce(kept_out.n, 0) as rows_accepted, coalesce(kept_out.n, 0) as rows_quarantined,
    passed as rows_skipped
  from file join loaded using (source, file) left join kept_out using (source, file);
alter table quarantined_row rename to kept_out;
create table quarantined_row as select kept_out.* exclude (file), name as file from kept_out join file using (source, file);
create table left_out as select unnest({list(LEFT_OUT)}) as indicator_id;
"""
PERIODS = """
create table periods as
  with months as (
    select unnest(range(starts, make_date(year + 1, 1, 1), interval 1 month))::date as m from years
  ), span (kind, name, starts, ends) as (
    select 'year', year::varchar, starts, make_date(year, 12, 31) from years
    union all
    select 'quarter', year(m) || '-Q' || quarter(m), m, (m + interval 3 month)::date - 1 from months where month(m) % 3 = 1
    union all
    select 'month', strftime(m, '%Y-%m'), m, last_day(m) from months
    union all  -- a week belongs to the year of its Sunday
    select 'week', strftime(sunday, '%G-W%V'), sunday - 6, sunday
    from (select unnest(range(date '2024-01-01', max(as_of) + 7, interval 1 day))::date as sunday from years) where isodow(sunday) = 7
  )
  select kind, name as period, year(ends) as year, starts, ends, least(ends, as_of) as r, as_of >= ends as finished
  from span cross join (select max(as_of) as as_of from years) where starts <= as_of;
"""


if __name__ == "__main__":
    main()
