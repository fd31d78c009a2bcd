-- How many of the covered enterprises each source speaks for: all that may be told of surveys' evidence is how much of it there is.
with covered as (
  select
    statuses.reference_year,
    statuses.tier_basis,
    statuses.purpose,
    statuses.obligation,
    statuses.uscc,
    frame.province_code,
    frame.city_code
  from {{ ref('int_obligation_status') }} as statuses
  inner join {{ ref('int_reference_year') }} as years on statuses.reference_year = years.reference_year and years.is_published
  inner join {{ ref('int_frame') }} as frame
    on statuses.reference_year = frame.reference_year and statuses.purpose = frame.purpose and statuses.uscc = frame.uscc
  where statuses.status = 'MET'
),

spoken as (
  select
    reference_year,
    purpose,
    obligation,
    uscc,
    source,
    count(*) as n_pieces
  from {{ ref('int_evidence') }}
  group by reference_year, purpose, obligation, uscc, source
),

joined as (
  select
    covered.reference_year,
    covered.tier_basis,
    covered.purpose,
    covered.obligation,
    unnest([covered.province_code, covered.city_code]) as area_code,
    spoken.source,
    spoken.n_pieces
  from covered
  inner join spoken
    on
      covered.reference_year = spoken.reference_year
      and covered.purpose = spoken.purpose
      and covered.obligation = spoken.obligation
      and covered.uscc = spoken.uscc
)

select
  reference_year,
  tier_basis,
  purpose,
  obligation,
  area_code,
  source,
  count(*) as n_enterprises,
  cast(sum(n_pieces) as bigint) as n_pieces
from joined
group by reference_year, tier_basis, purpose, obligation, area_code, source
