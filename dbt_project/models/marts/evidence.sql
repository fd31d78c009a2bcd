-- What covers an enterprise in administrative use, and where each piece was delivered: file, sheet and row. Survey answers are never here.
{%- set keys = {
  'challenge_task': 'task_id', 'enterprise_revenue': "uscc || '|' || period", 'innovation_platform': 'platform_id',
  'innovative_product': 'product_id', 'patent': 'patent_no', 'rd_institution': 'institution_id', 'science_project': 'project_no',
  'standard': "standard_no || '|' || uscc", 'university_industry_project': 'project_id',
} %}
with delivered as (
  {% for source, key in keys.items() -%}
    select '{{ source }}' as source, {{ key }} as evidence_key, from_delivery_id, from_sheet, from_row
    from {{ ref('stg_' ~ source) }}
    where in_administrative_use
    {{ 'union all' if not loop.last }}
  {% endfor %}
)

-- Left joins: a piece whose row is not found breaks the contract (file is not null) instead of vanishing.
select
  evidence.reference_year,
  evidence.obligation,
  evidence.uscc,
  evidence.source,
  evidence.evidence_key as evidence_id,
  evidence.counts_until,
  delivery.name as file,
  delivered.from_sheet as sheet,
  delivered.from_row as row
from {{ ref('int_evidence') }} as evidence
inner join {{ ref('int_reference_year') }} as years on evidence.reference_year = years.reference_year and years.is_published
left join delivered on evidence.source = delivered.source and evidence.evidence_key = delivered.evidence_key
left join {{ source('raw', 'delivery') }} as delivery on delivered.from_delivery_id = delivery.delivery_id
where evidence.purpose = 'administrative'
