{% set keys = ['reference_year', 'tier_basis', 'purpose', 'obligation'] %}

with frame as (
  select * from {{ ref('int_frame') }}
),

years as (
  select * from {{ ref('int_reference_year') }}
),

obligations as (
  select * from {{ ref('obligation') }}
),

-- Who is spoken of: the province and its 16 cities always, every other member where the frame has an enterprise.
members as (
  select
    reference_year,
    purpose,
    {{ dimension_and_member() }}
  from frame
  group by {{ dimension_sets(['reference_year', 'purpose']) }}
  union
  select
    years.reference_year,
    purposes.purpose,
    area.level as dimension,
    area.code as member_code
  from years
  cross join (values ('statistical'), ('administrative')) as purposes (purpose)
  cross join {{ ref('area') }} as area
  where area.province_code = '34' and area.level in ('province', 'city')
),

cells as (
  select
    members.reference_year,
    tier_basis.tier_basis,
    members.purpose,
    obligations.obligation,
    members.dimension,
    members.member_code
  from members
  inner join years on members.reference_year = years.reference_year
  inner join obligations
    on
      years.reference_on >= obligations.applies_from
      and (obligations.applies_to is null or years.reference_on <= obligations.applies_to)
  cross join (values ('CY'), ('PY')) as tier_basis (tier_basis)
),

located as (
  select
    tier.tier_basis,
    tier.obligation,
    tier.tier_state,
    statuses.status,
    statuses.is_provisional,
    frame.*
  from {{ ref('int_tier') }} as tier
  inner join frame
    on
      tier.reference_year = frame.reference_year
      and tier.purpose = frame.purpose
      and tier.uscc = frame.uscc
  left join {{ ref('int_obligation_status') }} as statuses
    on
      tier.reference_year = statuses.reference_year
      and tier.tier_basis = statuses.tier_basis
      and tier.purpose = statuses.purpose
      and tier.obligation = statuses.obligation
      and tier.uscc = statuses.uscc
),

counts as (
  select
    {{ keys | join(',\n    ') }},
    {{ dimension_and_member() }},
    count(*) filter (where tier_state = 'asked') as n_asked,
    count(*) filter (where status = 'MET') as n_met,
    count(*) filter (where status = 'NOT_MET') as n_not_met,
    count(*) filter (where status = 'UNKNOWN') as n_unknown,
    count(*) filter (where tier_state = 'unknown') as n_tier_unknown,
    bool_or(is_provisional) as is_provisional
  from located
  group by {{ dimension_sets(keys) }}
)

-- A cell without a row in the counts is a count of none: nobody there is asked and nobody's tier is unknown.
select
  cells.reference_year,
  cells.tier_basis,
  cells.purpose,
  cells.obligation,
  cells.dimension,
  cells.member_code,
  coalesce(counts.n_asked, 0) as n_asked,
  coalesce(counts.n_met, 0) as n_met,
  coalesce(counts.n_not_met, 0) as n_not_met,
  coalesce(counts.n_unknown, 0) as n_unknown,
  coalesce(counts.n_tier_unknown, 0) as n_tier_unknown,
  coalesce(counts.is_provisional, false) as is_provisional
from cells
left join counts
  on
    cells.reference_year = counts.reference_year
    and cells.tier_basis = counts.tier_basis
    and cells.purpose = counts.purpose
    and cells.obligation = counts.obligation
    and cells.dimension = counts.dimension
    and cells.member_code = counts.member_code
