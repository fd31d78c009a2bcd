with coverage as (
  select
    *,
    'H' || case obligation when 'activity' then 1 when 'institution' then 2 else 3 end as headline,
    {{ coverage_reading() }} as reading
  from {{ ref('int_coverage') }}
  where is_published and dimension in ('province', 'city')
),

measures as (
  -- H1 to H3: unknown counts as not covered; full coverage only if every one is covered.
  select *, '' as suffix, 'rate' as measure, rate as value, n_met as numerator, n_asked as denominator, rate is null as is_unknown
  from coverage
  union all
  select *, 'N' as suffix, 'count' as measure, n_asked as value, n_asked as numerator, null as denominator, false as is_unknown
  from coverage
  union all
  -- While the status of some is unknown nobody can say that the gap is closed, or how wide it is.
  select
    *, 'G' as suffix, 'count' as measure, n_not_met as value, n_not_met as numerator, n_asked as denominator,
    n_unknown > 0 as is_unknown
  from coverage
  union all
  select *, 'U' as suffix, 'count' as measure, n_unknown as value, n_unknown as numerator, null as denominator, false as is_unknown
  from coverage
  union all
  select
    *, 'U' as suffix, 'share' as measure, n_unknown / nullif(n_asked, 0) as value, n_unknown as numerator, n_asked as denominator,
    n_asked = 0 as is_unknown
  from coverage
)

select
  headline || suffix as indicator_id,
  measure,
  reading,
  cast(reference_year as varchar) as period,
  member_code as area_code,
  '' as category,
  cast(value as double) as value,
  cast(numerator as double) as numerator,
  cast(denominator as double) as denominator,
  is_unknown,
  obs_status = 'P' as is_provisional,
  case when n_asked = 0 then '无此类企业 | no such enterprise' end as note
from measures
