"""All indicators that count records, in one aggregation: dated facts, the figures made of them, one row a cell.

A fact counts once in its city and once in the province, from its day `a` until before its day `z`. A figure says
which periods see it and what is divided by what; many figures look at the same facts.

Not here: which facts there are (tasks_*.py, headline.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

KINDS = {"y": "year", "q": "quarter", "m": "month", "w": "week"}
TIMES = ("flow", "stock", "spell", "net", "ytd")


@dataclass(frozen=True)
class Facts:
    """Rows with their days, and in `says` what is told of them: `id[/reading] measure=form … [time] [yqmw] [flags]; …`."""

    rows: str  # what stands after FROM
    e: str  # what is counted
    a: str  # the day it begins to count
    says: str
    z: str = "null"  # the first day on which it does not any more
    h: str = ""  # the day it becomes a hit, if not a
    b: str = ""  # the day it enters the denominator, if not a
    x: str = "null"  # an amount
    y: str = "null"  # what amounts are divided by
    p: str = "false"  # whether it is provisional
    cat: str = ""  # an expression, or a list of them: `total` adds the row of all
    cats: tuple[str, ...] = ()  # shown even when empty
    total: bool = False
    area: str = "area_code"
    uscc: str = "uscc"
    repeats: bool = False  # the same thing may be in several rows

    def select(self, number: int) -> str:
        """Its rows as facts."""
        cat = "''"
        if self.cat:
            one = self.cat if self.cat.startswith("[") else f"[coalesce({self.cat}, '_U')]"
            cat = f"unnest(list_distinct({one}))"
            if self.total:
                cat = f"unnest(list_distinct({one} || ['']))"
        return (
            f"select {number} as f, {cat} as cat, {f'hash({self.e})' if self.repeats else 'null'} as e, {self.area} as area, "
            f"{self.uscc} as uscc, {self.a} as a, coalesce({self.z}, date '9999-12-31') as z, {self.h or self.a} as h, "
            f"{self.b or self.a} as b, {self.x} as x, {self.y} as y, {self.p} as p from {self.rows}"
        )


def funnel(facts: Facts, indicator: str, stages: dict[str, str]) -> Iterable[Facts]:
    """Of what entered, how much reached each stage: who reached a later one has passed those before."""
    days = list(stages.values())
    for place, name in enumerate(stages):
        reached, before = (f"least({', '.join(days[i:])})" for i in (place, max(place - 1, 0)))
        says = f"{indicator} count=count" + (" share=share" if place else "")
        yield Facts(facts.rows, facts.e, facts.a, says, h=reached, b=before, cat=f"'{name}'", cats=(name,),
                    area=facts.area, uscc=facts.uscc)  # fmt: skip


def measure(con: duckdb.DuckDBPyConnection, all_facts: Iterable[Facts]) -> None:
    """Count every figure in every period, for the province and its cities."""
    facts = list(all_facts)
    figures: list[tuple[object, ...]] = []
    measures, cats = [], []
    for f, fact in enumerate(facts):
        shown = [*fact.cats, *([""] if fact.total or not fact.cat else [])]
        cats += [(f, cat) for cat in shown]
        for told in fact.says.split(";"):
            (name, *words), s = told.split(), len(figures)
            indicator, _, reading = name.partition("/")
            kinds = next((w for w in words if set(w) <= set(KINDS)), "y")
            time = next((w for w in words if w in TIMES), "flow")
            figures.append((s, f, indicator, reading or "main", time, [KINDS[k] for k in kinds],
                            "province" in words, "reported" in words))  # fmt: skip
            measures += [(s, *word.split("=")) for word in words if "=" in word]
    con.execute("""
        create temp table fact (f integer, cat varchar, e ubigint, area varchar, uscc varchar, a date, z date, h date, b date,
          x decimal(24, 6), y decimal(24, 6), p boolean)""")
    con.execute(f"insert into fact {' union all '.join(fact.select(f) for f, fact in enumerate(facts))}")
    con.execute(f"create temp table figure_of as from (values {_values(figures)}) "
                "t (s, f, indicator_id, reading, time, kinds, provincial, reported)")  # fmt: skip
    con.execute(f"create temp table measure_of as from (values {_values(measures)}) t (s, measure, form)")
    con.execute(
        f"create temp table cat_of as from (values {_values(cats)}) t (f, cat) union select distinct f, cat from fact"
    )
    con.execute(COUNTED)
    repeats = [f for f, fact in enumerate(facts) if fact.repeats]
    for test, once in (("not in", ""), ("in", "distinct ")):
        con.execute(COUNT.format(once=once, what="e" if once else "*", test=f"f {test} {tuple(repeats)}"))
    con.execute(INDICATORS)


def _values(rows: Iterable[tuple[object, ...]]) -> str:
    return ", ".join(
        "(" + ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in row) + ")" for row in rows
    )


COUNTED = """
create temp table seen as  -- which figure looks at which days in which period
  select s, f, period, year, r, starts, time = 'net' as net,
    case time when 'flow' then starts when 'ytd' then make_date(year, 1, 1) else date '0001-01-01' end as since,
    case time when 'stock' then r when 'spell' then starts when 'net' then starts - 1 else date '0001-01-01' end as alive
  from figure_of join periods on list_contains(kinds, kind);
create temp table counted (s integer, period varchar, area_code varchar, cat varchar, hits bigint, bases bigint, x decimal(38, 6),
  y decimal(38, 6), mean double, median double, latest date, p boolean);
"""
COUNT = """
insert into counted
with placed as (
  select s, period, cat, e, a, x, y, p, coalesce(home.city, lives.city) as city,
    if(net, z > r, h <= r) as hit, if(net, a < starts, b <= r) as base
  from (from fact where {test}) as fact join seen on seen.f = fact.f and a between since and r and z > alive
  left join place as home on fact.area = home.delivered
  left join lives on fact.area is null and lives.uscc = fact.uscc and lives.year = seen.year
)
select s, period, coalesce(city, '340000'), cat, count({once}{what}) filter (hit), count({once}{what}) filter (base), sum(x), sum(y),
  avg(x), median(x) filter (hit), max(a), bool_or(p)
from placed where true
group by grouping sets ((s, period, cat, city), (s, period, cat))
having grouping(city) = 1 or city like '34__00';
"""
INDICATORS = """
create temp table figure_value as
with cell as (
  select indicator_id, reading, measure, form, seen.period, r, code as area_code, cat_of.cat, hits, bases, x, y, mean, median, latest, p,
    reported and count(counted.s) over (partition by figure_of.s, seen.period) = 0 as silent,
    coalesce(max(hits) filter (cat_of.cat = '') over (partition by figure_of.s, measure, seen.period, code), 0) as everyone
  from figure_of join seen using (s) join cat_of on cat_of.f = figure_of.f join measure_of using (s)
  join area on province_code = '34' and (level = 'province' or level = 'city' and not provincial)
  left join counted on (counted.s, counted.period, counted.area_code, counted.cat) = (figure_of.s, seen.period, code, cat_of.cat)
), filled as (
  select * replace (coalesce(hits, 0) as hits, coalesce(bases, 0) as bases) from cell where not (form = 'of_total' and cat = '')
)
select indicator_id, measure, reading, period, area_code, cat as category,
  if(silent, null, case form when 'count' then hits when 'base' then bases when 'open' then bases - hits when 'net' then hits - bases
    when 'flag' then least(hits, 1) when 'share' then hits / nullif(bases, 0) when 'of_total' then hits / nullif(everyone, 0)
    when 'sum' then coalesce(x, 0) when 'ratio' then x::double / nullif(y::double, 0)
    when 'growth' then x::double / nullif(y::double, 0) - 1 when 'mean' then mean when 'median' then median
    when 'age' then r - latest end)::double as value,
  if(silent, null, case when form in ('sum', 'ratio', 'growth') then coalesce(x, 0) when form = 'open' then bases - hits
    when form = 'base' then bases else hits end)::double as numerator,
  if(silent, null, case when form in ('share', 'net', 'open') then bases when form = 'of_total' then everyone
    when form in ('ratio', 'growth') then coalesce(y, 0) end)::double as denominator, silent as unknown, coalesce(p, false) as provisional
from filled;
"""
