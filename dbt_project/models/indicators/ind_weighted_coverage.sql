-- H8: coverage weighted by revenue (internal, never public). T16-1: H1 to H3 of the enterprises in national high-tech zones and
-- economic-technological development zones. One category an obligation.
with located as (
  select
    statuses.reference_year,
    statuses.tier_basis,
    statuses.purpose,
    statuses.obligation,
    statuses.revenue_yuan,
    statuses.is_provisional,
    statuses.status = 'MET' as is_met,
    park.park_id is not null as is_in_national_park,
    unnest(['340000', frame.city_code]) as area_code
  from {{ ref('int_obligation_status') }} as statuses
  inner join {{ ref('int_reference_year') }} as years on statuses.reference_year = years.reference_year
  inner join {{ ref('int_frame') }} as frame
    on statuses.reference_year = frame.reference_year and statuses.purpose = frame.purpose and statuses.uscc = frame.uscc
  left join {{ ref('stg_development_park') }} as park
    on
      frame.park_id = park.park_id
      and park.in_statistical_use
      and park.level = '国家'
      and park.kind in ('高新区', '经开区')
      and (park.level_since is null or years.reference_on >= park.level_since)
),

counts as (
  select
    reference_year,
    tier_basis,
    purpose,
    obligation,
    area_code,
    coalesce(sum(revenue_yuan) filter (where is_met), 0) as covered_yuan,
    sum(revenue_yuan) as tier_yuan,
    count(*) filter (where is_in_national_park and is_met) as n_met_in_park,
    count(*) filter (where is_in_national_park) as n_asked_in_park,
    coalesce(bool_or(is_provisional), false) as is_provisional
  from located
  group by all
),

cells as (
  select
    cells.reference_year,
    cells.tier_basis,
    cells.purpose,
    cells.obligation,
    cells.member_code as area_code,
    {{ coverage_reading('cells.') }} as reading,
    coalesce(counts.covered_yuan, 0) as covered_yuan, -- no row in counts: nobody asked, no money covered
    coalesce(counts.tier_yuan, 0) as tier_yuan,
    coalesce(counts.n_met_in_park, 0) as n_met_in_park,
    coalesce(counts.n_asked_in_park, 0) as n_asked_in_park,
    coalesce(counts.is_provisional, false) as is_provisional,
    exists(
      select 1 from {{ source('raw', 'delivery') }} as delivery
      where delivery.source = 'development_park' and delivery.refused_code is null
    ) as has_parks
  from {{ ref('int_coverage') }} as cells
  left join counts
    on
      cells.reference_year = counts.reference_year
      and cells.tier_basis = counts.tier_basis
      and cells.purpose = counts.purpose
      and cells.obligation = counts.obligation
      and cells.member_code = counts.area_code
  where cells.is_published and cells.dimension in ('province', 'city')
)

select
  'H8' as indicator_id,
  'share' as measure,
  reading,
  cast(reference_year as varchar) as period,
  area_code,
  obligation as category,
  cast(covered_yuan as double) / nullif(cast(tier_yuan as double), 0) as value,
  cast(covered_yuan as double) as numerator,
  cast(tier_yuan as double) as denominator,
  false as is_unknown,
  is_provisional,
  case when tier_yuan = 0 then '无此类企业 | no such enterprise' end as note
from cells
union all
select
  'T16-1' as indicator_id,
  'rate' as measure,
  reading,
  cast(reference_year as varchar) as period,
  area_code,
  obligation as category,
  case when has_parks then n_met_in_park / nullif(n_asked_in_park, 0) end as value,
  case when has_parks then n_met_in_park end as numerator,
  case when has_parks then n_asked_in_park end as denominator,
  not has_parks as is_unknown,
  is_provisional,
  case
    when not has_parks then '来源 development_park 尚无交付 | no delivery of development_park yet'
    when n_asked_in_park = 0 then '无此类企业 | no such enterprise'
  end as note
from cells
