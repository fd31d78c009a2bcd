with recursive changes as (
  select
    old_code,
    new_code
  from {{ ref('area_change') }}
),

-- A code may have changed more than once: follow the chain to the code that is valid today.
chain as (
  select
    old_code as delivered_code,
    new_code as code
  from changes
  union all
  select
    chain.delivered_code,
    changes.new_code as code
  from chain
  inner join changes on chain.code = changes.old_code
),

today as (
  select
    delivered_code,
    code
  from chain
  where code not in (select old_code from changes)
  union all
  select
    code as delivered_code,
    code
  from {{ ref('area') }}
  where code not in (select old_code from changes)
)

select
  today.delivered_code,
  today.code,
  area.name,
  area.level,
  area.province_code || '0000' as province_code,
  case when area.level = 'province' then '_U' else left(today.code, 4) || '00' end as city_code,
  case when area.level in ('county', 'zone') then today.code else '_U' end as county_code
from today
inner join {{ ref('area') }} as area on today.code = area.code
