-- H4: enterprises of ¥1bn or more that are covered three times over. They are asked for all three, the tiers being nested.
with statuses as (
  select * from {{ ref('int_obligation_status') }}
),

asked as (
  select
    reference_year,
    tier_basis,
    purpose,
    uscc,
    count(*) filter (where status = 'MET') = 3 as is_covered,
    bool_or(is_provisional) as is_provisional
  from statuses
  group by reference_year, tier_basis, purpose, uscc
  having count(*) filter (where obligation = 'outcome') = 1
),

counts as (
  select
    asked.reference_year,
    asked.tier_basis,
    asked.purpose,
    area.area_code,
    count(*) as n_asked,
    count(*) filter (where asked.is_covered) as n_covered,
    bool_or(asked.is_provisional) as is_provisional
  from asked
  inner join {{ ref('int_frame') }} as frame
    on
      asked.reference_year = frame.reference_year
      and asked.purpose = frame.purpose
      and asked.uscc = frame.uscc
  cross join unnest([frame.province_code, frame.city_code]) as area (area_code)
  group by asked.reference_year, asked.tier_basis, asked.purpose, area.area_code
),

-- The cells of the outcome obligation: where nobody is asked the share is NULL, not 0.
cells as (
  select *
  from {{ ref('int_coverage') }}
  where is_published and obligation = 'outcome' and dimension in ('province', 'city')
)

select
  'H4' as indicator_id,
  'share' as measure,
  {{ coverage_reading('cells.') }} as reading,
  cast(cells.reference_year as varchar) as period,
  cells.member_code as area_code,
  '' as category,
  counts.n_covered / counts.n_asked as value,
  -- No row in counts: nobody asked, so nobody covered.
  cast(coalesce(counts.n_covered, 0) as double) as numerator,
  cast(cells.n_asked as double) as denominator,
  counts.n_asked is null as is_unknown,
  coalesce(counts.is_provisional, false) as is_provisional,
  case when counts.n_asked is null then '无此类企业 | no such enterprise' end as note
from cells
left join counts
  on
    cells.reference_year = counts.reference_year
    and cells.tier_basis = counts.tier_basis
    and cells.purpose = counts.purpose
    and cells.member_code = counts.area_code
