select
  statuses.reference_year,
  statuses.tier_basis,
  statuses.purpose,
  statuses.obligation,
  statuses.uscc,
  statuses.revenue_yuan,
  statuses.status,
  statuses.reason_code,
  statuses.evidence_source,
  statuses.evidence_id,
  statuses.evidence_count
from {{ ref('int_obligation_status') }} as statuses
inner join {{ ref('int_reference_year') }} as years
  on statuses.reference_year = years.reference_year and years.is_published
where statuses.purpose = 'administrative'
