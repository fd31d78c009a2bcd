"""Coverage as indicators (H), guarantees (G) and the quality of the data (Q).

Not here: the coverage itself (coverage.py), how facts are counted (measuring.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.baseline.measuring import Facts

PREPARE = """
create temp table spent as  -- revenue and R&D of an enterprise: one figure a year, one a month, the survey's before others'
  select year, frame.city, park in (select park_id from development_park) as in_park, revenue, rd_expense,
    least(last_day(make_date(year, coalesce(month, 12), 1)), d) as day, kind, kind = 'year' and month is not null as provisional
  from (
    select uscc, left(period, 4)::integer as year, nullif(substr(period, 6), '')::integer as month, revenue, rd_expense, rank, kind
    from figure join (values ('year'), ('month')) as k (kind) on if(kind = 'month', length(period) = 7, length(period) = 4 or period like '%-12')
    where revenue is not null and rd_expense is not null
    qualify row_number() over (partition by kind, uscc, if(kind = 'year', left(period, 4), period) order by rank, period) = 1
  ) join frame using (year, uscc) join years using (year);

create temp table expected as  -- who was to return what; exempt ones are neither received nor missing
  select r.form, r.period, r.uscc, last_day(make_date(left(r.period, 4)::integer, coalesce(nullif(substr(r.period, 6), ''), '12')::integer, 1)) as day,
    got.uscc is not null as received, coalesce(this.yuan, last.yuan) as yuan
  from return_roster as r
  left join (
    select '107-1' as form, year::varchar as period, uscc from survey_rd_project union select '107-2', year::varchar, uscc from survey_rd_activity
    union select if(length(period) = 4, 'B103-1', 'B203'), period, uscc from survey_finance
  ) as got using (form, period, uscc)
  left join revenue as this on this.purpose = 'statistical' and this.uscc = r.uscc and this.year = left(r.period, 4)::integer
  left join revenue as last on last.purpose = 'statistical' and last.uscc = r.uscc and last.year = left(r.period, 4)::integer - 1
  where not exempt;
"""


def facts() -> Iterator[Facts]:
    """What is not a coverage rate."""
    place: dict[str, Any] = {"area": "city", "uscc": "null"}
    returns = """frame as f join years using (year) left join (select uscc, year, max(rd_expense) as spent, max(institutions) as hosts
        from survey_rd_activity group by all) as a using (uscc, year)
        left join (select uscc, year, max(expenditure) as project from survey_rd_project group by all) as p using (uscc, year)
        where year in (select year from survey_rd_activity)"""
    yield Facts(
        returns, "uscc", "d", "H9 share=share reported", h="if(spent > 0 or project > 0, d, null)", **place
    )
    yield Facts(returns, "uscc", "d", "H10 share=share reported", h="if(hosts >= 1, d, null)", **place)
    for where, says in (("kind = 'year'", "H11 share=ratio reported"), ("kind = 'month'", "H11 share=ratio m reported"),
                        ("kind = 'year' and in_park", "T16-4 share=ratio reported")):  # fmt: skip
        yield Facts(
            f"spent where {where}", "city", "day", says, x="rd_expense", y="revenue", p="provisional", **place
        )
    yield Facts("""frame join years using (year) join survey_rd_activity using (uscc, year) join revenue using (uscc, year)
                where purpose = 'statistical' and not is_partial""", "uscc", "d", "H12 share=ratio reported",
                x="new_product_sales", y="yuan", **place)  # fmt: skip

    money: dict[str, Any] = {"e": "line_id", "a": "make_date(year, 1, 1)", "uscc": "null"}
    yield Facts("fiscal_input where origin = '财政'", says="G-1 amount=sum reported", x="amount", **money)
    yield Facts("""(select year, area_code, amount as now, 0 as before from fiscal_input where origin = '财政' union all
                select year + 1, area_code, 0, amount from fiscal_input where origin = '财政'
                and year + 1 in (select year from fiscal_input where origin = '财政'))""", "area_code", "make_date(year, 1, 1)",
                "G-1 growth=growth reported", x="now", y="before", uscc="null")  # fmt: skip
    yield Facts(
        "fiscal_input",
        says="G-2 ratio=ratio reported",
        x="if(origin = '社会资本', amount, 0)",
        y="if(origin = '财政', amount, 0)",
        **money,
    )
    nowhere: dict[str, Any] = {"area": "null", "uscc": "null"}
    yield Facts(
        "reporting_round where kind = '考评'", "round_id", "held_on", "G-3 count=count province", **nowhere
    )

    for length, kinds in ((4, "y"), (7, "m")):
        yield Facts(f"expected where length(period) = {length}", "uscc", "day", f"Q-1 share=share revenue_share=ratio {kinds} reported",
                    h="if(received, day, null)", x="if(received, yuan, 0)", y="yuan", cat="form", total=True, area="null")  # fmt: skip
    for rows, says, x in (
        ("loaded", "Q-2 valid_share=ratio province", "n - broken"),
        ("matched", "Q-2 match_share=ratio province", "linked"),
    ):
        yield Facts(rows, "source", "delivered_on", says, x=x, y="n", cat="source", total=True, **nowhere)
    published = "reporting_round where kind = '统计发布'"
    yield Facts(published, "round_id", "held_on", "Q-6 timeliness=mean province",
                x="held_on - last_day(make_date(left(period, 4)::integer, coalesce(nullif(substr(period, 6), ''), '12')::integer, 1))", **nowhere)  # fmt: skip
    yield Facts(
        published, "round_id", "held_on", "Q-6 punctuality=mean province", x="held_on - planned_on", **nowhere
    )


RATES = """
create temp table cell as
  select *, basis || if(purpose = 'statistical', '', '-admin') as reading, year::varchar as period, obs_status = 'P' as provisional,
    'H' || case obligation when 'activity' then 1 when 'institution' then 2 else 3 end as h
  from coverage where dimension in ('province', 'city');

insert into figure_value
  select h || suffix, measure, reading, period, member, '', value, numerator, denominator, unknown, provisional from (
    select *, unnest(['', 'N', 'G', 'U', 'U']) as suffix, unnest(['rate', 'count', 'count', 'count', 'share']) as measure,
      unnest([rate, n_asked, n_not_met, n_unknown, n_unknown / nullif(n_asked, 0)]) as value,
      unnest([n_met, n_asked, n_not_met, n_unknown, n_unknown]) as numerator, unnest([n_asked, null, n_asked, null, n_asked]) as denominator,
      unnest([rate is null, false, n_unknown > 0, false, n_asked = 0]) as unknown
    from cell)
  union all
  select 'H4', 'share', reading, period, member, '', n_covered / nullif(n_asked, 0), coalesce(n_covered, 0), n_asked, n_covered is null,
    coalesce(early, false)
  from cell left join (
    select year, basis, purpose, member, count(*) filter (met = 3) as n_covered, bool_or(early) as early
    from (select year, basis, purpose, uscc, count(*) filter (status = 'MET') as met, bool_or(provisional) as early
      from status group by all having bool_or(obligation = 'outcome'))
    join frame using (year, uscc) cross join unnest(['340000', city]) as u (member) group by all
  ) using (year, basis, purpose, member) where obligation = 'outcome'
  union all
  select 'H5', 'deviation', reading, period, member, obligation, rate - path_rate, rate, path_rate, rate is null or path_rate is null, provisional from cell
  union all
  select if(part = 'comparable_rate_change', 'H7', 'H6'), part, tier_basis || if(purpose = 'statistical', '', '-admin'), reference_year::varchar,
    area_code, obligation, change, null, null, false, false
  from coverage_change unpivot include nulls (change for part in (
    rate_change, conversion, loss, entry_new, entry_crossed, entry_moved, exit_left, exit_crossed, exit_moved, comparable_rate_change))
  union all
  select indicator, measure, reading, period, member, obligation, numerator / nullif(denominator, 0), numerator, denominator, false, provisional from (
    select *, unnest(['H8', 'T16-1']) as indicator, unnest(['share', 'rate']) as measure,
      unnest([coalesce(covered, 0)::double, coalesce(n_covered, 0)]) as numerator, unnest([coalesce(yuan, 0)::double, coalesce(n_park, 0)]) as denominator
    from cell left join (
      select s.year, basis, purpose, obligation, member, sum(yuan) as yuan, sum(yuan) filter (status = 'MET') as covered,
        count(park_id) as n_park, count(park_id) filter (status = 'MET') as n_covered
      from status as s join frame using (year, uscc) join years using (year)
      left join development_park as p on park_id = park and p.level = '国家' and p.kind in ('高新区', '经开区') and coalesce(level_since <= d, true)
      cross join unnest(['340000', city]) as u (member) group by all
    ) using (year, basis, purpose, obligation, member))
  union all
  select 'Q-3', measure, reading, period, member, obligation, n / nullif(n_asked, 0), n, n_asked, false, provisional
  from (select *, unnest(['unknown_share', 'imputed_share']) as measure, unnest([n_unknown, 0]) as n from cell)
  union all  -- the first release has nothing to revise
  select 'Q-4', measure, 'main', year::varchar, code, '', null, null, null, true, false
  from years, (values ('mean_revision'), ('mean_absolute_revision')) as m (measure), area where province_code = '34' and level in ('province', 'city');
"""
TARGETS = """
create table indicator_value as
select indicator_id, measure, reading, period, area_code, category, value, numerator, denominator, operator as target_operator,
  due as target_value, policy_version, value / nullif(due, 0) as attainment,
  case when unknown and numerator is null then 'unknown' when operator is null then 'no_target' when unknown or value is null then 'unknown'
    when operator = '=' and target = 1 and measure in ('rate', 'share') then if(numerator = denominator, 'met', 'behind')
    when operator = '=' and target = 0 then if(value = 0, 'met', 'behind')
    when value >= due - 1e-9 then 'met' when operator = '~' and value >= 0.9 * due - 1e-9 then 'on_target' else 'behind' end as status,
  if(finished, 'P', 'N') as vintage, case when not finished then 'F' when provisional then 'P' else 'A' end as obs_status
from (
  select f.*, operator, finished, target_value::double as target, (select policy_version from trajectory) as policy_version,
    if(accrues = 'true' and not finished, target * (r - starts + 1) / (ends - starts + 1), target) as due
  from figure_value as f join (select * exclude (kind) from periods) as p using (period)
  left join target as t on t.indicator_id = f.indicator_id and t.measure = f.measure and t.reading in (f.reading, '*')
    and t.area_code in (f.area_code, '*') and category = '' and f.period between period_from and period_to and length(period_from) = length(f.period)
) order by indicator_id, measure, reading, period, area_code, category;
create table indicator as
  select c.* replace (task_no::integer as task_no), caveat, if(indicator_id in (select indicator_id from indicator_value), 'computed', 'catalogued') as state
  from indicator_catalogue as c left join indicator_caveat using (indicator_id);
"""
