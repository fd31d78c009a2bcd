{#- The enterprises asked in each published year on the headline basis: the year's own revenue once it has finished, last year's while it
    runs (interface 4). Statistical use: these feed shares only. -#}
{% macro headline_asked() -%}
  select
    tier.reference_year,
    tier.obligation,
    tier.uscc,
    years.starts_on,
    years.reference_on
  from {{ ref('int_tier') }} as tier
  inner join {{ ref('int_reference_year') }} as years
    on
      tier.reference_year = years.reference_year
      and tier.tier_basis = case when years.is_finished then 'CY' else 'PY' end
  where tier.purpose = 'statistical' and tier.tier_state = 'asked' and years.is_published
{%- endmacro %}
