-- Each enterprise operates in one city (or _U): the cities' counts add up to the province's, in every dimension of coverage.
with sums as (
  select
    reference_year,
    tier_basis,
    purpose,
    obligation,
    dimension,
    sum(n_asked) as n_asked,
    sum(n_met) as n_met,
    sum(n_not_met) as n_not_met,
    sum(n_unknown) as n_unknown,
    sum(n_tier_unknown) as n_tier_unknown
  from {{ ref('int_coverage_count') }}
  group by all
)

select sums.*
from sums
inner join sums as province
  on
    sums.reference_year = province.reference_year
    and sums.tier_basis = province.tier_basis
    and sums.purpose = province.purpose
    and sums.obligation = province.obligation
    and province.dimension = 'province'
where
  (sums.n_asked, sums.n_met, sums.n_not_met, sums.n_unknown, sums.n_tier_unknown)
  != (province.n_asked, province.n_met, province.n_not_met, province.n_unknown, province.n_tier_unknown)
