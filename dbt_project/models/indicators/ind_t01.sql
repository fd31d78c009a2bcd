{#- Task 1, demands and the list of key generic technologies. -#}
{%- set demand = {'from': 'stg_technology_demand', 'entity': 'demand_id', 'on': 'collected_on'} -%}
{#- A choke-point is struck off (销号) once it is solved or closed; a status that says so without a day counts from its delivery. -#}
{%- set struck_off = "coalesce(least(solved_on, closed_on), case when status in ('解决', '关闭') then delivered_on end)" -%}
{%- set choke_point = dict(demand, id='T01-5', where='bottleneck') -%}
{%- set document = {'from': 'stg_policy_document', 'uscc': 'null', 'on': 'issued_on', 'until': 'abolished_on', 'time': 'stock'} -%}
{%- set maps = "kind = '创新链图谱' and coalesce(version, 1) >= 1" -%}
{%- set session = {'from': 'stg_promotion_event', 'id': 'T01-6', 'entity': 'event_id', 'on': 'held_on', 'uscc': 'null',
  'where': "kind = '对接活动' and status = '举办'", 'periods': ['year', 'month']} -%}
{%- set figures = [
  dict(demand, id='T01-1', where='major', periods=['year', 'quarter', 'month']),
  dict(demand, id='T01-2', time='stock', on="coalesce(published_on, case when status in ('发布', '对接') then collected_on end)",
    until="coalesce(least(contracted_on, solved_on, closed_on), case when status in ('签约', '解决', '关闭', '过期') then delivered_on end)"),
  dict(demand, id='T01-3', from='asked', entity='uscc', on='reference_on', hit_on='if(has_demand, reference_on, null)', area='null',
    measures={'share': 'share'}, sources=['technology_demand', 'enterprise_register']),
  dict(document, id='T01-4', entity='coalesce(chain, document_no)', where=maps, measures={'count': 'count', 'days': 'age'}),
  dict(document, id='T01-4', entity='coalesce(chain, document_no)', where=maps, category="'创新链图谱'", categories=['创新链图谱']),
  dict(document, id='T01-4', entity='coalesce(chain, document_no)', where="kind = '一链一策研究'", category="'一链一策研究'", categories=['一链一策研究']),
  dict(choke_point, time='stock', until=struck_off, measures={'stock': 'count'}),
  dict(choke_point, measures={'flow': 'count'}),
  dict(choke_point, hit_on=struck_off, measures={'share': 'share'}),
  session,
  dict(session, from='attended', entity='attended_by', where='true', measures={'enterprises': 'count'}, sources=['promotion_event']),
  {'id': 'T01-7', 'from': 'listed', 'entity': 'task_id', 'on': 'published_on', 'until': 'off_list_on', 'time': 'stock', 'uscc': 'null',
   'sources': ['key_technology_task']},
  {'id': 'T01-8', 'from': 'listed', 'entity': 'version', 'on': 'released_on', 'uscc': 'null', 'sources': ['key_technology_task']},
  {'id': 'T01-8', 'from': 'listed', 'entity': 'version', 'on': 'released_on', 'time': 'stock', 'uscc': 'null', 'measures': {'days': 'age'},
   'sources': ['key_technology_task']},
  dict(demand, id='T01-9', from='accepted', on='classified_on', hit_on='tasked_on', measures={'share': 'share'},
    sources=['technology_demand', 'key_technology_task']),
] -%}

with asked as (
  select
    asked.uscc,
    asked.reference_on,
    exists(
      select 1
      from {{ ref('stg_technology_demand') }} as demand
      where
        demand.in_statistical_use
        and demand.uscc = asked.uscc
        and demand.collected_on between asked.starts_on and asked.reference_on
    ) as has_demand
  from ({{ headline_asked() }}) as asked
  where asked.obligation = 'activity'
),

attended as (
  select
    unnest(enterprise_usccs) as attended_by,
    held_on,
    area_code
  from {{ ref('stg_promotion_event') }}
  where in_statistical_use and kind = '对接活动' and status = '举办'
),

-- On the list (在册) = published, not withdrawn; a later version of a task takes the place of an earlier one.
listed as (
  select
    task_id,
    version,
    area_code,
    published_on,
    min(published_on) over (partition by version) as released_on,
    least(
      coalesce(withdrawn_on, case when status = '撤下' then delivered_on end),
      lead(coalesce(published_on, withdrawn_on)) over (partition by task_id order by version)
    ) as off_list_on
  from {{ ref('stg_key_technology_task') }}
  where in_statistical_use and (published_on is not null or withdrawn_on is not null)
),

-- Accepted = classified; it became a task on the day that a task naming it was published.
tasked as (
  select
    demand_id,
    min(tasked_on) as tasked_on
  from (
    select
      unnest(demand_ids) as demand_id,
      coalesce(published_on, delivered_on) as tasked_on
    from {{ ref('stg_key_technology_task') }}
    where in_statistical_use
  )
  group by demand_id
),

accepted as (
  select
    demand.demand_id,
    demand.uscc,
    demand.area_code,
    demand.classified_on,
    tasked.tasked_on
  from {{ ref('stg_technology_demand') }} as demand
  left join tasked on demand.demand_id = tasked.demand_id
  where demand.in_statistical_use
),

{{ measured(figures) }}
