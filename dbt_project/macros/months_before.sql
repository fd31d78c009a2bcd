{#- The day n months before a day, clamped to the month's end (29 February minus 36 months is 28 February). -#}
{% macro months_before(day, n) -%}
  cast({{ day }} - to_months({{ n }}) as date)
{%- endmacro %}
