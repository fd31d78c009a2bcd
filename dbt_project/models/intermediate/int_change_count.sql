{#- Everyone asked in either of two successive years, sorted by why the two years differ; an enterprise under a new code is the same one.
    Of each group n_ enterprises, of them m_ covered: before in the groups that were here, now in the groups that came. -#}
{% set came = {
  'now': 'is_here',
  'new': 'is_here and not was_here and not was_asked and not was_in_frame',
  'crossed_in': 'is_here and not was_here and not was_asked and was_in_frame',
  'moved_in': 'is_here and not was_here and was_asked',
} %}
{% set went = {
  'before': 'was_here',
  'left': 'was_here and not is_here and not is_asked and not is_in_frame',
  'crossed_out': 'was_here and not is_here and not is_asked and is_in_frame',
  'moved_out': 'was_here and not is_here and is_asked',
} %}

with frame as (
  select
    reference_year,
    purpose,
    uscc,
    city_code
  from {{ ref('int_frame') }}
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

years as (
  select later.reference_year
  from {{ ref('int_reference_year') }} as later
  semi join {{ ref('int_reference_year') }} as earlier on later.reference_year - 1 = earlier.reference_year
),

-- Last year under the codes of this year.
frame_before as (
  select
    years.reference_year,
    frame.purpose,
    frame.uscc as old_uscc,
    coalesce(recoded.new_uscc, frame.uscc) as uscc
  from frame
  inner join years on frame.reference_year + 1 = years.reference_year
  left join {{ ref('int_recoded') }} as recoded
    on years.reference_year = recoded.reference_year and frame.purpose = recoded.purpose and frame.uscc = recoded.old_uscc
),

asked_before as (
  select
    frame_before.reference_year,
    asked.tier_basis,
    asked.purpose,
    asked.obligation,
    frame_before.uscc,
    asked.city_code,
    asked.is_met
  from asked
  inner join frame_before
    on asked.reference_year + 1 = frame_before.reference_year and asked.purpose = frame_before.purpose and asked.uscc = frame_before.old_uscc
),

asked_now as (
  select asked.*
  from asked
  semi join years on asked.reference_year = years.reference_year
),

paired as (
  select
    coalesce(now.reference_year, before.reference_year) as reference_year,
    coalesce(now.tier_basis, before.tier_basis) as tier_basis,
    coalesce(now.purpose, before.purpose) as purpose,
    coalesce(now.obligation, before.obligation) as obligation,
    coalesce(now.uscc, before.uscc) as uscc,
    before.city_code as city_before,
    now.city_code,
    before.uscc is not null as was_asked,
    now.uscc is not null as is_asked,
    before.is_met as was_met,
    now.is_met
  from asked_now as now
  full join asked_before as before
    on
      now.reference_year = before.reference_year
      and now.tier_basis = before.tier_basis
      and now.purpose = before.purpose
      and now.obligation = before.obligation
      and now.uscc = before.uscc
),

-- Summed up at once by all that matters.
compared as (
  select
    paired.* exclude (uscc),
    frame_before.uscc is not null as was_in_frame,
    frame.uscc is not null as is_in_frame,
    count(*) as n
  from paired
  left join frame_before
    on paired.reference_year = frame_before.reference_year and paired.purpose = frame_before.purpose and paired.uscc = frame_before.uscc
  left join frame
    on paired.reference_year = frame.reference_year and paired.purpose = frame.purpose and paired.uscc = frame.uscc
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
)

-- No row in a group is a count of none.
select
  reference_year,
  tier_basis,
  purpose,
  obligation,
  area_code,
  {% for group, condition in came.items() -%}
    coalesce(sum(n) filter (where {{ condition }}), 0) as n_{{ group }},
    coalesce(sum(n) filter (where {{ condition }} and is_met), 0) as m_{{ group }},
  {% endfor -%}
  {% for group, condition in went.items() -%}
    coalesce(sum(n) filter (where {{ condition }}), 0) as n_{{ group }},
    coalesce(sum(n) filter (where {{ condition }} and was_met), 0) as m_{{ group }},
  {% endfor -%}
  coalesce(sum(n) filter (where was_here and is_here and is_met and not was_met), 0) as n_converted,
  coalesce(sum(n) filter (where was_here and is_here and was_met and not is_met), 0) as n_lost
from placed
group by reference_year, tier_basis, purpose, obligation, area_code
