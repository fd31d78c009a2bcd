{#- The rows of a staging model once for each use they may be put to. Survey micro-data never carry in_administrative_use
    (domain.md 0 fact 9, trap 60), so nothing administrative can be derived from them downstream. -#}
{% macro by_purpose(relation, columns) -%}
  select
    'statistical' as purpose,
    {{ columns | join(',\n    ') }}
  from {{ relation }}
  where in_statistical_use
  union all
  select
    'administrative' as purpose,
    {{ columns | join(',\n    ') }}
  from {{ relation }}
  where in_administrative_use
{%- endmacro %}
