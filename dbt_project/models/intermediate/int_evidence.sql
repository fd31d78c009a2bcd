with evidence as (
  select reference_year, purpose, 'activity' as obligation, uscc, source, evidence_key, cast(null as date) as counts_until
  from {{ ref('int_evidence_activity') }}
  union all
  select reference_year, purpose, 'institution' as obligation, uscc, source, evidence_key, counts_until
  from {{ ref('int_evidence_institution') }}
  union all
  select reference_year, purpose, 'outcome' as obligation, uscc, source, evidence_key, counts_until
  from {{ ref('int_evidence_outcome') }}
)

select
  evidence.reference_year,
  evidence.purpose,
  evidence.obligation,
  evidence.uscc,
  evidence.source,
  evidence.evidence_key,
  evidence.counts_until
from evidence
-- Evidence of enterprises that nobody asks is of no use to any figure.
semi join {{ ref('int_tier') }} as tier
  on
    evidence.reference_year = tier.reference_year
    and evidence.purpose = tier.purpose
    and evidence.obligation = tier.obligation
    and evidence.uscc = tier.uscc
    and tier.tier_state = 'asked'
