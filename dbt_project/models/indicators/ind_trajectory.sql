-- H5: how far a rate lies above (+) or below (-) the straight path from the baseline to full coverage, one category an obligation.
select
  'H5' as indicator_id,
  'deviation' as measure,
  {{ coverage_reading() }} as reading,
  cast(reference_year as varchar) as period,
  member_code as area_code,
  obligation as category,
  rate - path_rate as value,
  rate as numerator,
  path_rate as denominator,
  rate is null or path_rate is null as is_unknown,
  obs_status = 'P' as is_provisional,
  case
    when rate is null then '无此类企业 | no such enterprise'
    when path_rate is null then '没有基准年 | no baseline year'
  end as note
from {{ ref('int_coverage') }}
where is_published and dimension in ('province', 'city')
