{#- The seven dimensions of coverage: name of the dimension and the frame's column that holds its members. -#}
{% macro dimensions() -%}
  {{ return({
    'province': 'province_code', 'city': 'city_code', 'county': 'county_code', 'industry_section': 'industry_section',
    'industry_division': 'industry_division', 'park': 'park_id', 'size': 'size',
  }) }}
{%- endmacro %}

{#- One pass over enterprises for all dimensions: group by these sets, then name the dimension and its member. Members are never
    NULL in the frame, so the one column that is filled says which set a row belongs to. -#}
{% macro dimension_sets(keys) -%}
  grouping sets (
    {%- for column in dimensions().values() %}
    ({{ keys | join(', ') }}, {{ column }}){{ ',' if not loop.last }}
    {%- endfor %}
  )
{%- endmacro %}

{% macro dimension_and_member() -%}
  case
    {%- for dimension, column in dimensions().items() %}
    when {{ column }} is not null then '{{ dimension }}'
    {%- endfor %}
  end as dimension,
  coalesce({{ dimensions().values() | join(', ') }}) as member_code
{%- endmacro %}
