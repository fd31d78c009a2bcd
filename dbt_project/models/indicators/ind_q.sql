{#- Quality of the data itself. -#}
{%- set roster = {'id': 'Q-1', 'from': 'expected', 'entity': "form || '|' || period || '|' || uscc", 'area': 'null', 'on': 'period_on',
  'category': 'form', 'total': true, 'sources': ['return_roster'], 'reported': true} -%}
{%- set returns = dict(roster, hit_on='if(is_received, period_on, null)', amount='if(is_received, revenue_yuan, 0)', base='revenue_yuan',
  measures={'share': 'share', 'revenue_share': 'ratio'}) -%}
{%- set load = {'id': 'Q-2', 'entity': 'null', 'area': 'null', 'uscc': 'null', 'on': 'delivered_on', 'category': 'source', 'total': true,
  'province_only': true, 'sources': ['enterprise_register']} -%}
{%- set round = {'id': 'Q-6', 'from': 'stg_reporting_round', 'entity': 'round_id', 'area': 'null', 'uscc': 'null', 'on': 'held_on',
  'where': "kind = '统计发布'", 'province_only': true} -%}
{%- set figures = [
  dict(returns, where='length(period) = 4'),
  dict(returns, where='length(period) = 7', periods=['month']),
  dict(load, from='codes', amount='n_valid', base='n_rows', measures={'valid_share': 'ratio'}),
  dict(load, from='links', amount='n_linked', base='n_rows', measures={'match_share': 'ratio'}),
  dict(round, amount="held_on - if(length(period) = 4, make_date(cast(period as integer), 12, 31), last_day(cast(period || '-01' as date)))",
    measures={'timeliness': 'mean'}),
  dict(round, amount='held_on - planned_on', measures={'punctuality': 'mean'}),
] -%}
{%- set linked = [
  'applicable_technology', 'challenge_task', 'enterprise_revenue', 'enterprise_title', 'innovation_platform', 'innovative_product', 'rd_institution', 'science_project', 'standard', 'survey_finance', 'technology_demand'] -%}

with received as (
  select '107-1' as form, uscc, cast(year as varchar) as period
  from {{ ref('stg_survey_rd_project') }}
  where in_statistical_use
  union
  select '107-2' as form, uscc, cast(year as varchar) as period
  from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use
  union
  select if(length(period) = 4, 'B103-1', 'B203') as form, uscc, period
  from {{ ref('stg_survey_finance') }}
  where in_statistical_use
),

-- Who was to return what: exempt (免报) is neither received nor missing. Weighed by the year's revenue, else the year's before.
expected as (
  select
    roster.form,
    roster.period,
    roster.uscc,
    case length(roster.period)
      when 4 then make_date(cast(roster.period as integer), 12, 31)
      else last_day(cast(roster.period || '-01' as date))
    end as period_on,
    received.uscc is not null as is_received,
    coalesce(this_year.revenue_yuan, last_year.revenue_yuan) as revenue_yuan
  from {{ ref('stg_return_roster') }} as roster
  left join received on roster.form = received.form and roster.period = received.period and roster.uscc = received.uscc
  left join {{ ref('int_revenue') }} as this_year
    on roster.uscc = this_year.uscc and this_year.purpose = 'statistical' and cast(left(roster.period, 4) as integer) = this_year.year
  left join {{ ref('int_revenue') }} as last_year
    on roster.uscc = last_year.uscc and last_year.purpose = 'statistical' and cast(left(roster.period, 4) as integer) - 1 = last_year.year
  where roster.in_statistical_use and not coalesce(roster.exempt, false)
),

broken as (
  select source, file, count(distinct struct_pack(sheet := sheet, row := row)) as n_rows
  from (
    select source, file, sheet, row, column_name, rule from {{ source('raw', 'quarantined_row') }}
    union all
    select source, file, sheet, row, column_name, rule from {{ source('raw', 'warned_row') }}
  )
  where column_name like '%uscc' and rule <> 'conflicting_rows' -- rows that contradict each other in it have valid codes
  group by source, file
),

codes as (
  select
    delivery.source,
    delivery.delivered_on,
    delivery.rows_accepted + delivery.rows_quarantined - coalesce(broken.n_rows, 0) as n_valid, -- a file without a broken code has none
    delivery.rows_accepted + delivery.rows_quarantined as n_rows
  from {{ source('raw', 'delivery') }} as delivery
  left join broken on delivery.source = broken.source and delivery.name = broken.file
  where delivery.refused_code is null
),

links as (
  {% for name in linked -%}
    select '{{ name }}' as source, delivered_on, count(*) filter (where is_linked) as n_linked, count(*) as n_rows
    from {{ ref('stg_' ~ name) }}
    where in_statistical_use
    group by delivered_on
    {{ 'union all' if not loop.last }}
  {% endfor %}
),

at_publication (indicator_id, measure, note) as (
  values
  ('Q-5', 'primary_share', '由发布环节的披露控制得出 | worked out at publication, by disclosure control'),
  ('Q-5', 'secondary_share', '由发布环节的披露控制得出 | worked out at publication, by disclosure control')
),

{{ measured(figures) }}

union all

-- Q-3: nothing is ever imputed here; unknown is what H1U to H3U count. One category an obligation.
select
  'Q-3' as indicator_id,
  measures.measure,
  {{ coverage_reading('coverage.') }} as reading,
  cast(coverage.reference_year as varchar) as period,
  coverage.member_code as area_code,
  coverage.obligation as category,
  if(measures.measure = 'unknown_share', coverage.n_unknown, 0) / nullif(coverage.n_asked, 0) as value,
  if(measures.measure = 'unknown_share', coverage.n_unknown, 0) as numerator,
  coverage.n_asked as denominator,
  false as is_unknown,
  coverage.obs_status = 'P' as is_provisional,
  case when coverage.n_asked = 0 then '无此类企业 | no such enterprise' end as note
from {{ ref('int_coverage') }} as coverage
cross join (values ('unknown_share'), ('imputed_share')) as measures (measure)
where coverage.is_published and coverage.dimension in ('province', 'city')

union all

-- Q-5 is known once disclosure control has made the public tables from these; it is filled in there (quality/disclosed_share.py).
select
  at_publication.indicator_id,
  at_publication.measure,
  'main' as reading,
  periods.period,
  '340000' as area_code,
  '' as category,
  null as value,
  null as numerator,
  null as denominator,
  true as is_unknown,
  false as is_provisional,
  at_publication.note
from {{ ref('int_period') }} as periods
cross join at_publication
where periods.period_kind = 'year'
