{#- What a figure of a year that people made final is: F where it is the final one, C where it was amended since, a new cell too.
    `cell` and `frozen` are the two sides, `key` a column that only a frozen cell has, `figures` what must agree. -#}
{% macro frozen_vintage(cell, frozen, key, figures, vintage) -%}
case
      when frozen_year.reference_year is null then {{ vintage }}
      when {{ frozen }}.{{ key }} is null then 'C'
      {%- for figure in figures %}
      when not {{ same_figure(cell ~ '.' ~ figure, frozen ~ '.' ~ figure) }} then 'C'
      {%- endfor %}
      else 'F'
    end
{%- endmacro %}

{#- Both missing, or equal but for what the order of a sum does to a binary fraction. -#}
{% macro same_figure(one, other) -%}
coalesce(abs({{ one }} - {{ other }}) <= 1e-9 * greatest(1, abs({{ one }}), abs({{ other }})), {{ one }} is null and {{ other }} is null)
{%- endmacro %}
