-- H6: the change of a rate against the year before and its parts, which sum to it. H7: the change on a comparable base.
-- One category an obligation.
{% set parts = [
  'rate_change', 'conversion', 'loss', 'entry_new', 'entry_crossed', 'entry_moved', 'exit_left', 'exit_crossed', 'exit_moved',
  'comparable_rate_change',
] %}

with parts as (
  {% for part in parts -%}
    select reference_year, tier_basis, purpose, obligation, area_code, '{{ part }}' as part, {{ part }} as change, rate_change
    from {{ ref('coverage_change') }}
    {{ 'union all' if not loop.last }}
  {% endfor %}
)

select
  if(part = 'comparable_rate_change', 'H7', 'H6') as indicator_id,
  part as measure,
  {{ coverage_reading() }} as reading,
  cast(reference_year as varchar) as period,
  area_code,
  obligation as category,
  change as value,
  cast(null as double) as numerator,
  cast(null as double) as denominator,
  false as is_unknown,
  false as is_provisional,
  case
    when rate_change is null then '两年中有一年无此类企业 | no such enterprise in one of the two years'
    when change is null then '两年没有相同的企业 | no enterprise was asked in both years'
  end as note
from parts
