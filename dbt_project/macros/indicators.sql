{#- Every indicator model gives the same columns, in this order: indicator_value unites them. -#}
{% macro indicator_columns() -%}
indicator_id, measure, reading, period, area_code, category, value, numerator, denominator,
    is_unknown, is_provisional, note
{%- endmacro %}

{#- The reading of a coverage figure: tier basis, and the use where it is administrative (interface 5). -#}
{% macro coverage_reading(of='') -%}
  {{ of }}tier_basis || case {{ of }}purpose when 'administrative' then '-admin' else '' end
{%- endmacro %}

{#- All figures of all indicator models, one below the other. -#}
{% macro united_indicators() -%}
  {%- for model in var('indicator_models') -%}
  select
    {{ indicator_columns() }}
  from {{ ref(model) }}
  {%- if not loop.last %}
  union all
  {% endif %}
  {%- endfor %}
{%- endmacro %}
