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

pieces as (
  select
    covered.reference_year,
    covered.tier_basis,
    covered.purpose,
    covered.obligation,
    covered.uscc,
    evidence.source,
    unnest([covered.province_code, covered.city_code]) as area_code
  from covered
  inner join {{ ref('int_evidence') }} as evidence
    on
      covered.reference_year = evidence.reference_year
      and covered.purpose = evidence.purpose
      and covered.obligation = evidence.obligation
      and covered.uscc = evidence.uscc
)

select
  reference_year,
  tier_basis,
  purpose,
  obligation,
  area_code,
  source,
  count(distinct uscc) as n_enterprises,
  count(*) as n_pieces
from pieces
group by reference_year, tier_basis, purpose, obligation, area_code, source
order by all
