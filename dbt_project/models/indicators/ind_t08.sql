{#- Task 8, enterprises in the making of science policy. -#}
{%- set expert = {'id': 'T08-1', 'from': 'stg_expert', 'entity': 'expert_id', 'uscc': 'null', 'on': 'entered_on', 'until': 'left_on', 'time': 'stock',
  'hit_on': "if(organisation_type = '企业', entered_on, null)", 'measures': {'count': 'count', 'share': 'share'}} -%}
{%- set taking_part = {'from': 'participations', 'entity': 'participation_id', 'uscc': 'null', 'on': 'held_on',
  'hit_on': "if(organisation_type = '企业', held_on, null)", 'measures': {'share': 'share'}, 'sources': ['expert_participation', 'expert']} -%}
{%- set figures = [expert] -%}
{%- for no, activity in [['2', '指南编制'], ['3', '项目评审']] -%}
  {%- set of_activity = dict(taking_part, id='T08-' ~ no, where="activity = '" ~ activity ~ "'") -%}
  {#- Person-times; and, beside them, each person once. -#}
  {%- do figures.append(of_activity) -%}
  {%- do figures.append(dict(of_activity, entity='expert_id', measures={'person_share': 'share'})) -%}
{%- endfor -%}
{%- do figures.extend([
  {'id': 'T08-4', 'from': 'stg_policy_document', 'entity': 'document_no', 'uscc': 'null', 'on': 'issued_on',
   'where': "kind not in ('创新链图谱', '一链一策研究')", 'hit_on': 'if(enterprise_participants >= 1, issued_on, null)',
   'measures': {'count': 'count', 'share': 'share'}},
  {'id': 'T08-5', 'from': 'tasks', 'entity': 'task', 'on': 'set_on', 'hit_on': "if(origin = '企业需求', set_on, null)", 'measures': {'share': 'share'},
   'sources': ['key_technology_task', 'science_project']},
  {'id': 'T08-6', 'from': 'under_way', 'entity': 'project_no', 'on': 'began_on', 'until': 'finished_on + 1', 'time': 'spell',
   'hit_on': "if(lead_type = '企业' and list_has_any(partner_types, ['高校院所', '高校', '科研院所', '院所']), began_on, null)",
   'measures': {'share': 'share'}, 'sources': ['science_project']},
]) %}

with participations as (
  select
    participation.participation_id,
    participation.expert_id,
    participation.activity,
    participation.held_on,
    expert.organisation_type,
    expert.area_code
  from {{ ref('stg_expert_participation') }} as participation
  left join {{ ref('stg_expert') }} as expert on participation.expert_id = expert.expert_id and expert.in_statistical_use
  where participation.in_statistical_use
),

-- Applied research set in the year: tasks when first published, projects when approved.
tasks as (
  select
    'R06|' || task_id as task,
    arg_max(origin, version) as origin,
    cast(null as varchar) as uscc,
    arg_max(area_code, version) as area_code,
    min(published_on) as set_on
  from {{ ref('stg_key_technology_task') }}
  where in_statistical_use
  group by task_id
  union all
  select
    'R08|' || project_no as task,
    origin,
    lead_uscc as uscc,
    area_code,
    approved_on as set_on
  from {{ ref('stg_science_project') }}
  where in_statistical_use
),

under_way as (
  select
    project.project_no,
    project.lead_uscc as uscc,
    project.area_code,
    project.lead_type,
    project.partner_types,
    task.began_on,
    task.finished_on
  from {{ ref('stg_science_project') }} as project
  inner join {{ ref('int_task') }} as task
    on project.project_no = task.task_key and task.source = 'science_project' and task.purpose = 'statistical'
  where project.in_statistical_use
),

{{ measured(figures) }}
