-- Administrative use only: for authorised readers, from registers that may be used firm by firm (domain.md 6).
with statuses as (
  select statuses.*
  from {{ ref('int_obligation_status') }} as statuses
  inner join {{ ref('int_reference_year') }} as years on statuses.reference_year = years.reference_year
  where
    statuses.purpose = 'administrative'
    -- The headline basis: the year's own revenue once it has finished, last year's while it runs.
    and statuses.tier_basis = case when years.is_finished then 'CY' else 'PY' end
),

enterprises as (
  select
    statuses.reference_year,
    statuses.uscc,
    max(statuses.revenue_yuan) as revenue_yuan,
    max(statuses.status) filter (where statuses.obligation = 'activity') as activity,
    max(statuses.status) filter (where statuses.obligation = 'institution') as institution,
    max(statuses.status) filter (where statuses.obligation = 'outcome') as outcome,
    string_agg(
      statuses.obligation || ' ' || statuses.counts_until, '；' order by statuses.obligation
    ) filter (
      where statuses.status = 'MET' and statuses.counts_until between years.reference_on and years.reference_on + 90
    ) as expiring_evidence
  from statuses
  inner join {{ ref('int_reference_year') }} as years on statuses.reference_year = years.reference_year
  group by statuses.reference_year, statuses.uscc
),

gaps as (
  select *
  from enterprises
  where activity != 'MET' or institution != 'MET' or outcome != 'MET'
),

-- Since when without a break: the first of the consecutive years that an enterprise has stood on this list.
spells as (
  select
    reference_year,
    uscc,
    min(reference_year) over (partition by uscc, spell) as since_year
  from (
    select
      reference_year,
      uscc,
      reference_year - row_number() over (partition by uscc order by reference_year) as spell
    from gaps
  ) as numbered
)

select
  gaps.reference_year,
  gaps.uscc,
  frame.name,
  frame.city_code,
  case
    when outcome.threshold_yuan <= gaps.revenue_yuan then '10亿元以上'
    when institution.threshold_yuan <= gaps.revenue_yuan then '5亿元至10亿元'
    else '1亿元至5亿元'
  end as revenue_band,
  case gaps.activity when 'NOT_MET' then 'missing' when 'UNKNOWN' then 'unknown' else '' end as missing_activity,
  case gaps.institution when 'NOT_MET' then 'missing' when 'UNKNOWN' then 'unknown' else '' end as missing_institution,
  case gaps.outcome when 'NOT_MET' then 'missing' when 'UNKNOWN' then 'unknown' else '' end as missing_outcome,
  gaps.expiring_evidence,
  spells.since_year
from gaps
inner join {{ ref('int_reference_year') }} as years on gaps.reference_year = years.reference_year and years.is_published
inner join spells on gaps.reference_year = spells.reference_year and gaps.uscc = spells.uscc
inner join {{ ref('int_frame') }} as frame
  on gaps.reference_year = frame.reference_year and gaps.uscc = frame.uscc and frame.purpose = 'administrative'
inner join {{ ref('obligation') }} as institution on institution.obligation = 'institution' and institution.applies_to is null
inner join {{ ref('obligation') }} as outcome on outcome.obligation = 'outcome' and outcome.applies_to is null
