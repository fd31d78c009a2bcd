with asked as (
  select *
  from {{ ref('int_tier') }}
  where tier_state = 'asked'
),

evidence as (
  select
    reference_year,
    purpose,
    obligation,
    uscc,
    min(struct_pack(source := source, evidence_key := evidence_key)) as first_piece,
    count(distinct source || ' ' || evidence_key) as evidence_count,
    -- NULL: at least one piece has no end.
    case when count(*) = count(counts_until) then max(counts_until) end as counts_until
  from {{ ref('int_evidence') }}
  group by reference_year, purpose, obligation, uscc
),

-- Only statistics may know who answered the survey; in administrative use there is no such answer.
returns as (
  select distinct
    year as reference_year,
    'statistical' as purpose,
    uscc
  from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use
),

complete as (
  select * from {{ source('raw', 'complete_register') }}
)

select
  asked.reference_year,
  asked.tier_basis,
  asked.purpose,
  asked.obligation,
  asked.uscc,
  asked.revenue_yuan,
  asked.is_provisional,
  case
    when evidence.uscc is not null then 'MET'
    when returns.uscc is not null or complete.year is not null then 'NOT_MET'
    else 'UNKNOWN'
  end as status,
  case
    when evidence.uscc is not null then 'evidence'
    when returns.uscc is not null then 'return_shows_none'
    when complete.year is not null then 'registers_complete'
    else 'no_return'
  end as reason_code,
  evidence.first_piece.source as evidence_source,
  evidence.first_piece.evidence_key as evidence_id,
  coalesce(evidence.evidence_count, 0) as evidence_count, -- no piece of evidence is a count of none, not a missing count
  evidence.counts_until
from asked
left join evidence
  on
    asked.reference_year = evidence.reference_year
    and asked.purpose = evidence.purpose
    and asked.obligation = evidence.obligation
    and asked.uscc = evidence.uscc
left join returns
  on
    asked.reference_year = returns.reference_year
    and asked.purpose = returns.purpose
    and asked.uscc = returns.uscc
left join complete on asked.obligation = complete.obligation and asked.reference_year = complete.year
