{#- Task 9, industry–university–research cooperation led by enterprises. -#}
{%- set project = {'from': 'projects', 'entity': 'project_id', 'sources': ['university_industry_project']} -%}
{%- set demand = {'from': 'stg_technology_demand', 'id': 'T09-4', 'entity': 'demand_id', 'periods': ['year', 'month']} -%}
{%- set result = {'from': 'stg_research_result', 'id': 'T09-5', 'entity': 'result_id', 'uscc': 'null', 'periods': ['year', 'month']} -%}
{%- set stages = ['征集', '归类', '发布'] -%}
{%- set match = {'from': 'matches', 'entity': 'match_id', 'on': 'suggested_on', 'sources': ['matchmaking', 'technology_demand']} -%}
{%- set suggested = dict(match, id='T09-6', where="suggested_by = '系统'", periods=['year', 'month']) -%}
{%- set figures = [
  dict(project, id='T09-1', reading='A', on='began_on', until='finished_on + 1', time='spell', where='key_project'),
  dict(project, id='T09-1', reading='B', on='began_on', where='key_project'),
  dict(project, id='T09-2', on='entered_on', until='left_reserve_on', time='stock'),
  dict(project, id='T09-3', on='entered_on', hit_on='began_on', measures={'share': 'share'}),
  dict(demand, on='collected_on', category="'征集'", categories=['征集']),
  dict(demand, on='classified_on', category="'归类'", categories=['归类']),
  dict(demand, on='published_on', category="'发布'", categories=['发布']),
  dict(demand, on='collected_on', hit_on='classified_on', measures={'share': 'share'}),
  dict(result, on='collected_on', category="'征集'", categories=['征集']),
  dict(result, on='classified_on', category="'归类'", categories=['归类']),
  dict(result, on='published_on', category="'发布'", categories=['发布']),
  dict(suggested, hit_on='if(accepted, suggested_on, null)', measures={'count': 'base', 'share': 'share'}),
  dict(suggested, where=suggested.where ~ ' and rank <= 5', hit_on='if(relevant, suggested_on, null)', measures={'precision': 'share'}),
  dict(match, id='T09-8', from='published', entity='demand_id', on='published_on', hit_on='contracted_on',
    amount='contracted_on - published_on', measures={'days': 'median', 'open': 'open'}),
  dict(match, id='T09-9', category='channel', total=true, measures={'count': 'count', 'share': 'of_total'}),
  dict(project, id='T09-10', from='asked_with_project', entity='uscc', on='reference_on', hit_on='if(has_project, reference_on, null)', area='null',
    measures={'share': 'share'}, sources=['university_industry_project', 'enterprise_register']),
] + funnel(dict(match, id='T09-7', from='cases', entity='demand_id', on='first_suggested_on'), [
  ['线索', 'first_suggested_on'], ['对接', 'contacted_on'], ['签约', 'contracted_on'], ['实施', 'implemented_on'], ['兑现', 'rewarded_on'],
]) -%}

with projects as (
  select
    project.project_id,
    project.uscc,
    project.area_code,
    project.key_project,
    project.entered_on,
    task.began_on,
    task.finished_on,
    -- In reserve (储备) until it is carried out, or leaves.
    coalesce(least(task.began_on, task.finished_on), case when project.status != '储备' then project.entered_on end) as left_reserve_on
  from {{ ref('stg_university_industry_project') }} as project
  inner join {{ ref('int_task') }} as task
    on project.project_id = task.task_key and task.source = 'university_industry_project' and task.purpose = 'statistical'
  where project.in_statistical_use
),

matches as (
  select
    matched.*,
    demand.area_code,
    demand.uscc
  from {{ ref('stg_matchmaking') }} as matched
  left join {{ ref('stg_technology_demand') }} as demand
    on matched.demand_id = demand.demand_id and demand.in_statistical_use
  where matched.in_statistical_use
),

-- Each demand once: the day it first reached each stage, whichever of its matches did.
cases as (
  select
    demand_id,
    any_value(area_code) as area_code,
    any_value(uscc) as uscc,
    min(suggested_on) as first_suggested_on,
    min(contacted_on) as contacted_on,
    min(contracted_on) as contracted_on,
    min(implemented_on) as implemented_on,
    min(rewarded_on) as rewarded_on
  from matches
  group by demand_id
),

published as (
  select
    demand.demand_id,
    demand.area_code,
    demand.uscc,
    demand.published_on,
    -- A contract from before the demand was published didn't come of it.
    case
      when least(demand.contracted_on, cases.contracted_on) >= demand.published_on then least(demand.contracted_on, cases.contracted_on)
    end as contracted_on
  from {{ ref('stg_technology_demand') }} as demand
  left join cases on demand.demand_id = cases.demand_id
  where demand.in_statistical_use
),

asked as (
  {{ headline_asked() }}
),

-- Enterprises of ¥100m or more, and whether one of their projects (key or not) was under way in the year.
asked_with_project as (
  select
    asked.uscc,
    asked.reference_on,
    exists(
      select 1
      from projects
      where
        projects.uscc = asked.uscc
        and projects.began_on <= asked.reference_on
        and (projects.finished_on is null or projects.finished_on >= asked.starts_on)
    ) as has_project
  from asked
  where asked.obligation = 'activity'
),

{{ measured(figures) }}
