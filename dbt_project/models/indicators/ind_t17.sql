{#- Task 17, people. A record without a headcount stands for one person: it is a record of somebody. -#}
{%- set record = {'from': 'stg_talent_record', 'entity': 'record_id', 'uscc': 'null', 'on': 'recorded_on'} -%}
{%- set modes = dict(record, id='T17-1', category='mode', categories=['全职', '柔性'], total=true) -%}
{%- set post = dict(record, where="kind = '紧缺岗位'", until='closed_on', time='stock') -%}
{%- set staff = {'id': 'T17-7', 'from': 'staff', 'entity': 'uscc', 'area': 'null', 'on': 'make_date(year, 1, 1)', 'amount': 'persons', 'reported': true,
  'category': 'degree', 'categories': ['博士', '硕士'], 'total': true, 'measures': {'count': 'sum'}, 'sources': ['survey_rd_activity']} -%}
{%- set figures = [
  dict(modes, where="kind = '引进人才'", amount='coalesce(headcount, 1)', measures={'persons': 'sum'}),
  dict(modes, where="kind = '引进团队'", measures={'teams': 'count'}),
  dict(post, id='T17-2', measures={'count': 'count'}),
  dict(post, id='T17-2', until='null', measures={'days': 'age'}),
  dict(post, id='T17-3', hit_on='if(matched_discipline is not null, recorded_on, null)', measures={'share': 'share'}),
  dict(record, id='T17-4', where="kind = '联合培养平台'", until='closed_on', time='stock'),
  dict(record, id='T17-5', where="kind = '长三角协同项目'"),
  {'id': 'T17-6', 'from': 'under_way', 'entity': 'project_no', 'on': 'began_on', 'until': 'finished_on + 1', 'time': 'spell',
   'hit_on': 'if(lump_sum, began_on, null)', 'measures': {'share': 'share'}, 'sources': ['science_project']},
  staff,
] -%}

with staff as (
  select uscc, year, '博士' as degree, doctors as persons
  from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use and doctors is not null
  union all
  select uscc, year, '硕士' as degree, masters as persons
  from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use and masters is not null
),

under_way as (
  select
    project.project_no,
    project.lead_uscc as uscc,
    project.area_code,
    project.lump_sum,
    task.began_on,
    task.finished_on
  from {{ ref('stg_science_project') }} as project
  inner join {{ ref('int_task') }} as task
    on project.project_no = task.task_key and task.source = 'science_project' and task.purpose = 'statistical'
  where project.in_statistical_use
),

{{ measured(figures) }}
