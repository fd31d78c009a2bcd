{#- Schemas carry their plain names (staging, main, …): the build database belongs to one run, nothing else lives there. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
