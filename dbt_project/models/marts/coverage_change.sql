{#- Why a rate differs from last year's (domain.md 6). Old set A with rate r_A, new set B of size N_B, both of one area:
      r_B - r_A = (conversions - losses) / N_B + sum over entrants of (s - r_A) / N_B - sum over leavers of (s - r_A) / N_B
    with s = 1 if covered. Over the common denominator N_A * N_B every part is a whole number, so the parts sum exactly. -#}
{% set keys = ['reference_year', 'tier_basis', 'purpose', 'obligation'] %}
{% set parts = {
  'conversion': 'n_converted * n_before',
  'loss': '-n_lost * n_before',
  'entry_new': 'm_new * n_before - n_new * m_before',
  'entry_crossed': 'm_crossed_in * n_before - n_crossed_in * m_before',
  'entry_moved': 'm_moved_in * n_before - n_moved_in * m_before',
  'exit_left': 'n_left * m_before - m_left * n_before',
  'exit_crossed': 'n_crossed_out * m_before - m_crossed_out * n_before',
  'exit_moved': 'n_moved_out * m_before - m_moved_out * n_before',
} %}

with recursive events as (
  {{ by_purpose(ref('stg_enterprise_event'), ['kind', 'old_uscc', 'new_uscc', 'effective_on']) }}
),

-- Who followed whom, over any number of events. A rename, a new code or a relocation leaves the same enterprise.
successions as (
  select
    purpose,
    old_uscc,
    new_uscc,
    effective_on,
    kind in ('更名', '换码', '迁移') as is_same
  from events
  where new_uscc is not null and new_uscc != old_uscc
  union
  select
    successions.purpose,
    successions.old_uscc,
    events.new_uscc,
    greatest(successions.effective_on, events.effective_on) as effective_on,
    successions.is_same and events.kind in ('更名', '换码', '迁移') as is_same
  from successions
  inner join events
    on successions.purpose = events.purpose and successions.new_uscc = events.old_uscc and successions.old_uscc != events.new_uscc
),

frame as (
  select * from {{ ref('int_frame') }}
),

years as (
  select * from {{ ref('int_reference_year') }}
),

-- The code of this year's frame for an enterprise that stood in last year's under another one.
recoded as (
  select
    years.reference_year,
    frame.purpose,
    frame.uscc as old_uscc,
    frame.new_uscc
  from (
    select
      frame.reference_year,
      frame.purpose,
      frame.uscc,
      successions.new_uscc,
      successions.effective_on
    from frame
    inner join successions on frame.purpose = successions.purpose and frame.uscc = successions.old_uscc and successions.is_same
  ) as frame
  inner join years on frame.reference_year + 1 = years.reference_year and frame.effective_on <= years.reference_on
  semi join frame as now
    on years.reference_year = now.reference_year and frame.purpose = now.purpose and frame.new_uscc = now.uscc
  anti join frame as kept
    on years.reference_year = kept.reference_year and frame.purpose = kept.purpose and frame.uscc = kept.uscc
  anti join frame as already
    on frame.reference_year = already.reference_year and frame.purpose = already.purpose and frame.new_uscc = already.uscc
  qualify
    row_number() over (partition by years.reference_year, frame.purpose, frame.uscc order by frame.new_uscc) = 1
    and row_number() over (partition by years.reference_year, frame.purpose, frame.new_uscc order by frame.uscc) = 1
),

asked as (
  select
    statuses.reference_year,
    statuses.tier_basis,
    statuses.purpose,
    statuses.obligation,
    statuses.uscc,
    frame.city_code,
    statuses.status = 'MET' as is_met
  from {{ ref('int_obligation_status') }} as statuses
  inner join frame
    on statuses.reference_year = frame.reference_year and statuses.purpose = frame.purpose and statuses.uscc = frame.uscc
),

before as (
  select
    asked.reference_year + 1 as reference_year,
    asked.tier_basis,
    asked.purpose,
    asked.obligation,
    coalesce(recoded.new_uscc, asked.uscc) as uscc,
    asked.uscc as uscc_before,
    asked.city_code,
    asked.is_met
  from asked
  left join recoded
    on
      asked.reference_year + 1 = recoded.reference_year
      and asked.purpose = recoded.purpose
      and asked.uscc = recoded.old_uscc
),

frame_before as (
  select
    frame.reference_year + 1 as reference_year,
    frame.purpose,
    coalesce(recoded.new_uscc, frame.uscc) as uscc
  from frame
  left join recoded
    on frame.reference_year + 1 = recoded.reference_year and frame.purpose = recoded.purpose and frame.uscc = recoded.old_uscc
),

-- Codes that any event touched: only their predecessors have to be looked for one by one.
eventful as (
  select purpose, old_uscc as uscc from successions
  union
  select purpose, new_uscc as uscc from successions
),

-- Everyone asked in either year, summed up at once by all that matters for the parts.
compared as (
  select
    coalesce(now.reference_year, before.reference_year) as reference_year,
    coalesce(now.tier_basis, before.tier_basis) as tier_basis,
    coalesce(now.purpose, before.purpose) as purpose,
    coalesce(now.obligation, before.obligation) as obligation,
    before.city_code as city_before,
    now.city_code,
    before.uscc is not null as was_asked,
    now.uscc is not null as is_asked,
    before.is_met as was_met,
    now.is_met,
    frame_before.uscc is not null as was_in_frame,
    frame.uscc is not null as is_in_frame,
    eventful.uscc is not null as is_eventful,
    count(*) as n
  from asked as now
  full join before
    on
      now.reference_year = before.reference_year
      and now.tier_basis = before.tier_basis
      and now.purpose = before.purpose
      and now.obligation = before.obligation
      and now.uscc = before.uscc
  left join frame_before
    on
      coalesce(now.reference_year, before.reference_year) = frame_before.reference_year
      and coalesce(now.purpose, before.purpose) = frame_before.purpose
      and coalesce(now.uscc, before.uscc) = frame_before.uscc
  left join frame
    on
      coalesce(now.reference_year, before.reference_year) = frame.reference_year
      and coalesce(now.purpose, before.purpose) = frame.purpose
      and coalesce(now.uscc, before.uscc) = frame.uscc
  left join eventful
    on coalesce(now.purpose, before.purpose) = eventful.purpose and coalesce(now.uscc, before.uscc) = eventful.uscc
  group by all
),

-- Once in the province and once in each city it was or is in.
areas as (
  select
    *,
    unnest(list_distinct(['340000', city_code, city_before])) as area_code
  from compared
),

placed as (
  select
    *,
    was_asked and area_code in ('340000', city_before) as was_here,
    is_asked and area_code in ('340000', city_code) as is_here
  from areas
),

{% set groups = {
  'before': 'was_here', 'now': 'is_here',
  'new': 'is_here and not was_here and not was_asked and not was_in_frame',
  'crossed_in': 'is_here and not was_here and not was_asked and was_in_frame',
  'moved_in': 'is_here and not was_here and was_asked',
  'left': 'was_here and not is_here and not is_asked and not is_in_frame',
  'crossed_out': 'was_here and not is_here and not is_asked and is_in_frame',
  'moved_out': 'was_here and not is_here and is_asked',
} -%}
counts as (
  select
    {{ keys | join(', ') }},
    area_code,
    {% for name, condition in groups.items() -%}
      coalesce(sum(n) filter (where {{ condition }}), 0) as n_{{ name }},
      coalesce(sum(n) filter (where {{ condition }} and {{ 'is_met' if name in ['now', 'new', 'crossed_in', 'moved_in'] else 'was_met' }}), 0) as m_{{ name }},
    {% endfor -%}
    coalesce(sum(n) filter (where was_here and is_here and is_met and not was_met), 0) as n_converted,
    coalesce(sum(n) filter (where was_here and is_here and was_met and not is_met), 0) as n_lost,
    -- Asked in both years under its own code, wherever it was before: the plain part of the comparable base.
    coalesce(sum(n) filter (where is_here and was_asked and not is_eventful), 0) as n_same,
    coalesce(sum(n) filter (where is_here and was_asked and not is_eventful and is_met), 0) as m_same,
    coalesce(sum(n) filter (where is_here and was_asked and not is_eventful and was_met), 0) as m_same_before
  from placed
  group by all
),

-- The comparable base: this year's enterprises that had a predecessor (themselves, or whom they came of) among those asked last year.
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
  inner join years on asked.reference_year = years.reference_year
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

comparable_counts as (
  select
    {{ keys | join(', ') }},
    area_code,
    count(distinct uscc) as n_linked,
    count(distinct uscc) filter (where is_met) as m_linked,
    count(distinct predecessor) as n_linked_before,
    count(distinct predecessor) filter (where was_met) as m_linked_before
  from comparable
  group by all
),

cells as (
  select
    {{ keys | join(', ') }},
    member_code as area_code
  from {{ ref('int_coverage') }}
  where
    is_published
    and dimension in ('province', 'city')
    and reference_year > (select min(reference_year) from years)
)

select
  {% for key in keys %}cells.{{ key }},
  {% endfor -%}
  cells.area_code,
  -- NULL where either year asks no one: dividing by none gives none.
  counts.m_now / nullif(counts.n_now, 0) - counts.m_before / nullif(counts.n_before, 0) as rate_change,
  {% for part, numerator in parts.items() -%}
    ({{ numerator }}) / nullif(counts.n_before * counts.n_now, 0) as {{ part }},
  {% endfor -%}
  -- No one of the base was touched by an event: nothing to add to those who kept their code.
  case when counts.n_now > 0 and counts.n_before > 0 then
    (counts.m_same + coalesce(comparable_counts.m_linked, 0)) / nullif(counts.n_same + coalesce(comparable_counts.n_linked, 0), 0)
    - (counts.m_same_before + coalesce(comparable_counts.m_linked_before, 0)) / nullif(counts.n_same + coalesce(comparable_counts.n_linked_before, 0), 0)
  end as comparable_rate_change
from cells
left join counts
  on
    {% for key in keys %}cells.{{ key }} = counts.{{ key }} and {% endfor %}cells.area_code = counts.area_code
left join comparable_counts
  on
    {% for key in keys %}cells.{{ key }} = comparable_counts.{{ key }} and {% endfor %}cells.area_code = comparable_counts.area_code
order by all
