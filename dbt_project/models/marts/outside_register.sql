-- Institutions, outcomes and revenue under a credit code that no register knows: kept, credited to nobody, and listed here.
{%- set sources = {
  'enterprise_revenue': ('uscc', 'name'), 'innovation_platform': ('host_uscc', 'host_name'), 'innovative_product': ('uscc', 'enterprise_name'),
  'rd_institution': ('host_uscc', 'host_name'), 'standard': ('uscc', 'enterprise_name'),
} %}
with named as (
  {% for source, (uscc, name) in sources.items() -%}
    select '{{ source }}' as source, {{ uscc }} as uscc, {{ name }} as name, from_delivery_id, from_sheet, from_row
    from {{ ref('stg_' ~ source) }}
    where in_administrative_use and {{ uscc }} is not null
    {{ 'union all' if not loop.last }}
  {% endfor %}
),

-- Any frame year, in either use: who has left the register is not unknown to it.
outside as (
  select named.source, named.uscc, named.name, delivery.name as file, named.from_sheet, named.from_row
  from named
  anti join {{ ref('stg_enterprise_register') }} as register on named.uscc = register.uscc
  left join {{ source('raw', 'delivery') }} as delivery on named.from_delivery_id = delivery.delivery_id
)

select
  source,
  uscc,
  min(name) as name,
  count(*) as n_rows,
  min_by(file, (file, from_sheet, from_row)) as file,
  min_by(from_sheet, (file, from_sheet, from_row)) as sheet,
  min_by(from_row, (file, from_sheet, from_row)) as row
from outside
group by source, uscc
