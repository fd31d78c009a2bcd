-- Enterprises that one conversion would bring to full coverage, by what it would do to the province's rates. Administrative use only.
with statuses as (
  select
    statuses.reference_year,
    statuses.obligation,
    statuses.uscc,
    statuses.status,
    count(*) filter (where statuses.status != 'MET') over by_enterprise as n_open,
    count(*) over by_enterprise as n_obligations,
    statuses.tier_basis
  from {{ ref('int_obligation_status') }} as statuses
  inner join {{ ref('int_reference_year') }} as years
    on statuses.reference_year = years.reference_year and years.is_published
  where
    statuses.purpose = 'administrative'
    -- The headline basis: the year's own revenue once it has finished, last year's while it runs.
    and statuses.tier_basis = case when years.is_finished then 'CY' else 'PY' end
  window by_enterprise as (partition by statuses.reference_year, statuses.tier_basis, statuses.uscc)
),

asked as (
  select reference_year, tier_basis, obligation, member_code, n_asked
  from {{ ref('int_coverage') }}
  where purpose = 'administrative' and dimension in ('province', 'city')
),

effects as (
  select
    statuses.reference_year,
    statuses.uscc,
    frame.name,
    frame.city_code,
    statuses.obligation as missing_obligation,
    statuses.status,
    statuses.n_obligations,
    1 / province.n_asked as province_effect,
    1 / city.n_asked as city_effect,
    -- Of the enterprises asked for all three, it would be one more that has all three (H4).
    case when statuses.n_obligations = 3 then 1 / most.n_asked end as all_three_effect
  from statuses
  inner join {{ ref('int_frame') }} as frame
    on statuses.reference_year = frame.reference_year and statuses.uscc = frame.uscc and frame.purpose = 'administrative'
  inner join asked as province
    on
      statuses.reference_year = province.reference_year
      and statuses.tier_basis = province.tier_basis
      and statuses.obligation = province.obligation
      and frame.province_code = province.member_code
  -- An enterprise of which only the province is known has no city's rate to move.
  left join asked as city
    on
      statuses.reference_year = city.reference_year
      and statuses.tier_basis = city.tier_basis
      and statuses.obligation = city.obligation
      and frame.city_code = city.member_code
  left join asked as most
    on
      statuses.reference_year = most.reference_year
      and statuses.tier_basis = most.tier_basis
      and most.obligation = 'outcome'
      and frame.province_code = most.member_code
  where statuses.n_open = 1 and statuses.status != 'MET'
)

select
  reference_year,
  row_number() over (
    partition by reference_year
    order by province_effect + coalesce(all_three_effect, 0) desc, city_effect desc nulls last, uscc asc -- without all three there is no second effect
  ) as rank,
  uscc,
  name,
  city_code,
  missing_obligation,
  if(status = 'NOT_MET', 'missing', 'unknown') as missing_as,
  n_obligations,
  province_effect,
  city_effect,
  all_three_effect
from effects
