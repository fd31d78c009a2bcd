{#- Years, quarters, months and ISO weeks that have begun by the as-of date. A week belongs to the year of its Sunday (interface 4) and
    carries its ISO name, so 2026-W53 is a week of 2027. -#}
with years as (
  select * from {{ ref('int_reference_year') }}
  where is_published
),

setting as (
  select * from {{ source('raw', 'run_setting') }}
),

months as (
  select
    years.reference_year,
    make_date(years.reference_year, months.month_no, 1) as starts_on
  from years
  cross join range(1, 13) as months (month_no)
),

-- The Sundays of the published years; a week that is under way belongs to the year in which it will end.
weeks as (
  select
    year(days.sunday) as reference_year,
    cast(days.sunday as date) as ends_on
  from setting
  cross join range(make_date(setting.first_year, 1, 1), setting.as_of + 7, interval 1 day) as days (sunday)
  where isodow(days.sunday) = 7
),

periods as (
  select
    cast(reference_year as varchar) as period,
    'year' as period_kind,
    reference_year,
    starts_on,
    ends_on
  from years
  union all
  select
    reference_year || '-Q' || quarter(starts_on) as period,
    'quarter' as period_kind,
    reference_year,
    starts_on,
    last_day(cast(starts_on + interval 2 month as date)) as ends_on
  from months
  where month(starts_on) in (1, 4, 7, 10)
  union all
  select
    strftime(starts_on, '%Y-%m') as period,
    'month' as period_kind,
    reference_year,
    starts_on,
    last_day(starts_on) as ends_on
  from months
  union all
  select
    strftime(ends_on, '%G-W%V') as period,
    'week' as period_kind,
    reference_year,
    ends_on - 6 as starts_on,
    ends_on
  from weeks
)

select
  periods.period,
  periods.period_kind,
  periods.reference_year,
  periods.starts_on,
  periods.ends_on,
  -- Day d of the interface: the last day of the period, or the as-of date while it runs.
  least(periods.ends_on, setting.as_of) as reference_on,
  make_date(periods.reference_year, 1, 1) as year_starts_on,
  periods.ends_on - periods.starts_on + 1 as n_days,
  least(periods.ends_on, setting.as_of) - periods.starts_on + 1 as elapsed_days,
  setting.as_of >= periods.ends_on as is_finished,
  setting.policy_version,
  case
    when setting.as_of < periods.ends_on then 'N'
    when years.is_finished then years.vintage
    else 'P'
  end as vintage
from periods
cross join setting
left join years on periods.reference_year = years.reference_year
where periods.starts_on <= setting.as_of
