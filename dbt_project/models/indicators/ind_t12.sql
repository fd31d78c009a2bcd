{#- Task 12, promotion of innovative products. A promotion is held once its status says so (举办) and its day has come. -#}
{%- set event = {'from': 'stg_promotion_event', 'entity': 'event_id', 'on': 'held_on', 'uscc': 'null'} -%}
{%- set rhythm = {'from': 'rhythm', 'entity': 'period', 'on': 'ends_on', 'hit_on': 'if(is_held, ends_on, null)', 'uscc': 'null',
  'measures': {'share': 'share'}, 'sources': ['promotion_event']} -%}
{%- set figures = [
  dict(event, id='T12-1', where="status = '举办' and kind = '每周一品'", periods=['year', 'week']),
  dict(event, id='T12-2', where="status = '举办' and kind = '每月一会'", periods=['year', 'month']),
  dict(rhythm, id='T12-1', where="kind = '每周一品'"),
  dict(rhythm, id='T12-2', where="kind = '每月一会'"),
  dict(event, id='T12-3', where="status = '举办' and kind = '专场发布'"),
  {'id': 'T12-4', 'from': 'promoted', 'entity': 'product_id', 'on': 'held_on', 'uscc': 'null', 'labels': 'channels', 'total': true,
   'categories': ['清单发布', '重点发布', '线上', '线下', '媒体', '展会'], 'sources': ['promotion_event']},
  {'id': 'T12-5', 'from': 'stg_policy_document', 'entity': 'document_no', 'uscc': 'null', 'on': 'issued_on', 'until': 'abolished_on',
   'time': 'stock', 'where': "kind = '创新产品发布制度' and coalesce(area_code, '340000') = '340000'", 'province_only': true,
   'measures': {'issued': 'flag', 'days': 'age'}},
] -%}

with held as (
  select
    event.event_id,
    event.kind,
    event.held_on,
    event.area_code,
    -- What is held outside Anhui, or nobody says where, is the province's.
    case when area.province_code = '340000' then area.city_code else '_U' end as city_code,
    event.product_ids,
    event.channels
  from {{ ref('stg_promotion_event') }} as event
  left join {{ ref('int_area') }} as area on event.area_code = area.delivered_code
  where event.in_statistical_use and event.status = '举办'
),

promoted as (
  select
    unnest(product_ids) as product_id,
    held_on,
    area_code,
    channels
  from held
  where kind != '对接活动'
),

days_held as (
  select distinct
    kind,
    held_on,
    city_code
  from held
),

cities as (
  select code as city_code
  from {{ ref('area') }}
  where level = 'city' and province_code = '34'
  union all
  select '_U' as city_code
),

-- Weeks and months that have ended since the policy was put out, for each city and for events of the province (interface 4, Targets).
rhythm as (
  select
    kinds.kind,
    periods.period,
    periods.ends_on,
    if(cities.city_code = '_U', '340000', cities.city_code) as area_code,
    held.kind is not null as is_held
  from {{ ref('int_period') }} as periods
  inner join (values ('每周一品', 'week'), ('每月一会', 'month')) as kinds (kind, period_kind)
    on periods.period_kind = kinds.period_kind
  cross join cities
  left join days_held as held
    on
      kinds.kind = held.kind
      and held.held_on between periods.starts_on and periods.ends_on
      and cities.city_code = held.city_code
  where periods.is_finished and periods.ends_on >= cast(left(periods.policy_version, 10) as date)
),

{{ measured(figures) }}
