-- Every enterprise asked is answered exactly once, and nobody else is.
with tier as (
  select *
  from {{ ref('int_tier') }}
  where tier_state = 'asked'
)

select
  tier.reference_year,
  tier.tier_basis,
  tier.purpose,
  tier.obligation,
  coalesce(tier.uscc, statuses.uscc) as uscc,
  count(statuses.uscc) as answers
from tier
full join {{ ref('int_obligation_status') }} as statuses
  on
    tier.reference_year = statuses.reference_year
    and tier.tier_basis = statuses.tier_basis
    and tier.purpose = statuses.purpose
    and tier.obligation = statuses.obligation
    and tier.uscc = statuses.uscc
group by all
having count(statuses.uscc) != 1 or count(tier.uscc) != 1
