{#- Why a rate differs from last year's (domain.md 6). Old set A with rate r_A, new set B of size N_B, both of one area:
      r_B - r_A = (conversions - losses) / N_B + sum over entrants of (s - r_A) / N_B - sum over leavers of (s - r_A) / N_B
    with s = 1 if covered. Over the common denominator N_A * N_B every part is a whole number, so the parts sum exactly. -#}
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

with cells as (
  select
    reference_year,
    tier_basis,
    purpose,
    obligation,
    member_code as area_code
  from {{ ref('int_coverage') }}
  where
    is_published
    and dimension in ('province', 'city')
    and reference_year > (select min(years.reference_year) from {{ ref('int_reference_year') }} as years)
)

-- NULL where either year asks no one: dividing by none gives none.
select
  cells.reference_year,
  cells.tier_basis,
  cells.purpose,
  cells.obligation,
  cells.area_code,
  counts.m_now / nullif(counts.n_now, 0) - counts.m_before / nullif(counts.n_before, 0) as rate_change,
  {% for part, numerator in parts.items() -%}
    ({{ numerator }}) / nullif(counts.n_before * counts.n_now, 0) as {{ part }},
  {% endfor -%}
  case
    when counts.n_now > 0 and counts.n_before > 0
      then comparable.m_base / comparable.n_base - comparable.m_base_before / comparable.n_base_before
  end as comparable_rate_change
from cells
left join {{ ref('int_change_count') }} as counts
  on
    cells.reference_year = counts.reference_year
    and cells.tier_basis = counts.tier_basis
    and cells.purpose = counts.purpose
    and cells.obligation = counts.obligation
    and cells.area_code = counts.area_code
left join {{ ref('int_comparable_count') }} as comparable
  on
    cells.reference_year = comparable.reference_year
    and cells.tier_basis = comparable.tier_basis
    and cells.purpose = comparable.purpose
    and cells.obligation = comparable.obligation
    and cells.area_code = comparable.area_code
