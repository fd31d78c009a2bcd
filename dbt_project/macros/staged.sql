{#- A staging model is the settled rows of one source under the names that statistics use. Sources that link names to codes carry the
    normalised name (name_key): an enterprise without a code is counted once by it. from_* say where a row was delivered. -#}
{% macro staged(source_name, columns, has_name_key=false) -%}
select
  {{ columns | join(',\n  ') }},
  {%- if has_name_key %}
  _name_key as name_key,
  {%- endif %}
  _linked as is_linked,
  _delivered_on as delivered_on,
  _statistical as in_statistical_use,
  _administrative as in_administrative_use,
  _delivery_id as from_delivery_id,
  _sheet as from_sheet,
  _row as from_row
from {{ source('raw', source_name) }}
{%- endmacro %}
