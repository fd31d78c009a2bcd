-- Q-4: this release's headline rates of a finished year less those first published of it, over H1 to H3 in every reading.
-- Where nothing was published before there is nothing to revise: unknown, not 0.
with revisions as (
  select
    rates.period,
    rates.area_code,
    rates.value - first.first_value as revision
  from {{ ref('ind_coverage') }} as rates
  inner join {{ ref('first_published') }} as first
    on
      rates.indicator_id = first.indicator_id
      and rates.reading = first.reading
      and rates.period = first.period
      and rates.area_code = first.area_code
  inner join {{ source('raw', 'run_setting') }} as setting on first.first_as_of < setting.as_of
  where rates.measure = 'rate' and rates.value is not null
),

sums as (
  select
    period,
    area_code,
    unnest(['mean_revision', 'mean_absolute_revision']) as measure,
    unnest([sum(revision), sum(abs(revision))]) as numerator,
    count(*) as denominator
  from revisions
  group by period, area_code
)

select
  'Q-4' as indicator_id,
  measures.measure,
  'main' as reading,
  periods.period,
  area.code as area_code,
  '' as category,
  sums.numerator / sums.denominator as value,
  sums.numerator,
  cast(sums.denominator as double) as denominator,
  sums.denominator is null as is_unknown,
  false as is_provisional,
  case when sums.denominator is null then '此前未公布过该年度的数值，尚无修订 | nothing of this year was published before: no revision yet' end as note
from {{ ref('int_period') }} as periods
inner join {{ ref('area') }} as area on area.province_code = '34' and area.level in ('province', 'city')
cross join (values ('mean_revision'), ('mean_absolute_revision')) as measures (measure)
left join sums
  on periods.period = sums.period and area.code = sums.area_code and measures.measure = sums.measure
where periods.period_kind = 'year'
