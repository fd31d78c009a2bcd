with catalogue as (
  select * from {{ ref('indicator_catalogue') }}
),

computed as (
  select distinct indicator_id
  from {{ ref('indicator_value') }}
)

select
  catalogue.indicator_id,
  catalogue.name_zh,
  catalogue.name_en,
  catalogue.task_no,
  catalogue.unit,
  catalogue.direction,
  catalogue.kind,
  catalogue.formula,
  catalogue.sources,
  catalogue.quote,
  catalogue.target_text,
  catalogue.period_text,
  catalogue.definition,
  caveats.caveat,
  if(computed.indicator_id is null, 'catalogued', 'computed') as state
from catalogue
left join {{ ref('indicator_caveat') }} as caveats on catalogue.indicator_id = caveats.indicator_id
left join computed on catalogue.indicator_id = computed.indicator_id
