-- The comparable base: this year's enterprises that had a predecessor (themselves, or whom they came of) among those asked last year.
-- n_ enterprises and m_ covered ones, now and before.
{% set keys = ['reference_year', 'tier_basis', 'purpose', 'obligation', 'area_code'] %}

with asked as (
  select
    statuses.reference_year,
    statuses.tier_basis,
    statuses.purpose,
    statuses.obligation,
    statuses.uscc,
    frame.city_code,
    statuses.status = 'MET' as is_met
  from {{ ref('int_obligation_status') }} as statuses
  inner join {{ ref('int_frame') }} as frame
    on statuses.reference_year = frame.reference_year and statuses.purpose = frame.purpose and statuses.uscc = frame.uscc
),

successions as (
  select * from {{ ref('int_succession') }}
),

-- Codes that any event touched: only their predecessors have to be looked for one by one.
eventful as (
  select purpose, old_uscc as uscc from successions
  union
  select purpose, new_uscc as uscc from successions
),

lineage as (
  select
    asked.*,
    asked.uscc as predecessor
  from asked
  semi join eventful on asked.purpose = eventful.purpose and asked.uscc = eventful.uscc
  union
  select
    asked.*,
    successions.old_uscc as predecessor
  from asked
  inner join {{ ref('int_reference_year') }} as years on asked.reference_year = years.reference_year
  inner join successions
    on asked.purpose = successions.purpose and asked.uscc = successions.new_uscc and years.reference_on >= successions.effective_on
),

comparable as (
  select
    lineage.reference_year,
    lineage.tier_basis,
    lineage.purpose,
    lineage.obligation,
    unnest(['340000', lineage.city_code]) as area_code,
    lineage.uscc,
    lineage.is_met,
    lineage.predecessor,
    earlier.is_met as was_met
  from lineage
  inner join asked as earlier
    on
      lineage.reference_year - 1 = earlier.reference_year
      and lineage.tier_basis = earlier.tier_basis
      and lineage.purpose = earlier.purpose
      and lineage.obligation = earlier.obligation
      and lineage.predecessor = earlier.uscc
),

-- One enterprise may have come of many, and many of one: each counts once on its side.
linked as (
  select
    {{ keys | join(', ') }},
    count(distinct uscc) as n_base,
    count(distinct uscc) filter (where is_met) as m_base,
    count(distinct predecessor) as n_base_before,
    count(distinct predecessor) filter (where was_met) as m_base_before
  from comparable
  group by {{ keys | join(', ') }}
),

untouched as (
  select
    asked.reference_year,
    asked.tier_basis,
    asked.purpose,
    asked.obligation,
    asked.city_code,
    count(*) as n,
    count(*) filter (where asked.is_met) as m_base,
    count(*) filter (where earlier.is_met) as m_base_before
  from asked
  inner join asked as earlier
    on
      asked.reference_year - 1 = earlier.reference_year
      and asked.tier_basis = earlier.tier_basis
      and asked.purpose = earlier.purpose
      and asked.obligation = earlier.obligation
      and asked.uscc = earlier.uscc
  anti join eventful on asked.purpose = eventful.purpose and asked.uscc = eventful.uscc
  group by asked.reference_year, asked.tier_basis, asked.purpose, asked.obligation, asked.city_code
),

parts as (
  select {{ keys | join(', ') }}, n_base, m_base, n_base_before, m_base_before
  from linked
  union all
  select
    reference_year,
    tier_basis,
    purpose,
    obligation,
    unnest(['340000', city_code]) as area_code,
    n as n_base,
    m_base,
    n as n_base_before,
    m_base_before
  from untouched
)

select
  {{ keys | join(', ') }},
  sum(n_base) as n_base,
  sum(m_base) as m_base,
  sum(n_base_before) as n_base_before,
  sum(m_base_before) as m_base_before
from parts
group by {{ keys | join(', ') }}
