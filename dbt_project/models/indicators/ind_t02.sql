{#- Task 2, organised research. Under way, start and end as in the evidence of activity (int_task). -#}
{%- set task = {'from': 'tasks', 'entity': 'task_key', 'on': 'began_on', 'until': 'finished_on + 1', 'time': 'spell'} -%}
{%- set science = dict(task, where="source = 'science_project'", sources=['science_project']) -%}
{%- set bid = dict(task, where="source = 'challenge_task' and mode = '揭榜挂帅'", sources=['challenge_task']) -%}
{%- set challenge = dict(task, where="source = 'challenge_task'", sources=['challenge_task'], measures={'share': 'share'}) -%}
{%- set figures = [
  dict(science, id='T02-1', reading='A'),
  dict(science, id='T02-1', reading='B', on='approved_on', time='flow'),
  dict(bid, id='T02-2', reading='A', time='stock', until='finished_on', where=bid.where ~ " and status != '终止'"),
  dict(bid, id='T02-2', reading='B'),
  dict(challenge, id='T02-3', category='mode', total=true, categories=['揭榜挂帅', '赛马制', '定向委托', '其他'],
    measures={'count': 'count', 'share': 'of_total'}),
  dict(challenge, id='T02-4', from='led', on='reference_on', until='null', time='flow', hit_on='if(is_led_by_chain_leader, reference_on, null)',
    where='true', sources=['challenge_task', 'enterprise_title']),
  dict(challenge, id='T02-5', hit_on="if(list_contains(partner_types, '中小企业')
    and list_has_any(partner_types, ['大型企业', '高校院所', '上下游企业']), began_on, null)"),
  dict(task, id='T02-6', on='due_on', time='flow', where='due_on is not null', sources=['challenge_task', 'science_project'],
    hit_on="if(status = '验收' and finished_on <= due_on, due_on, null)", measures={'share': 'share'}),
  dict(task, id='T02-6', on='due_on + 1', until='finished_on', time='stock', where='due_on is not null',
    sources=['challenge_task', 'science_project']),
] + funnel(dict(bid, id='T02-7', on='posted_on', time='flow'), [['发榜', 'posted_on'], ['揭榜', 'taken_on'], ['验收', 'accepted_on']]) -%}

with tasks as (
  select
    task.source,
    task.source || '|' || task.task_key as task_key,
    task.uscc,
    task.area_code,
    task.status,
    task.began_on,
    task.finished_on,
    if(task.status = '验收', task.finished_on, null) as accepted_on,
    project.approved_on,
    challenge.mode,
    challenge.partner_types,
    challenge.posted_on,
    challenge.taken_on,
    -- What was promised at first: a date put off doesn't make a task punctual.
    coalesce(project.original_due_on, project.due_on, challenge.original_due_on, challenge.due_on) as due_on
  from {{ ref('int_task') }} as task
  left join {{ ref('stg_science_project') }} as project
    on task.source = 'science_project' and task.task_key = project.project_no and project.in_statistical_use
  left join {{ ref('stg_challenge_task') }} as challenge
    on task.source = 'challenge_task' and task.task_key = challenge.task_id and challenge.in_statistical_use
  where task.purpose = 'statistical' and task.source in ('science_project', 'challenge_task')
),

-- Tasks under way in a year, and whether the lead held the title of chain leader on its reference day.
led as (
  select
    tasks.task_key,
    tasks.uscc,
    tasks.area_code,
    periods.reference_on,
    exists(
      select 1
      from {{ ref('stg_enterprise_title') }} as titles
      where
        titles.in_statistical_use
        and titles.title = '产业链链主企业'
        and titles.stage = '认定'
        and titles.uscc = tasks.uscc
        and titles.recognised_on <= periods.reference_on
        and (titles.valid_until is null or titles.valid_until >= periods.reference_on)
        and (titles.revoked_on is null or titles.revoked_on > periods.reference_on)
    ) as is_led_by_chain_leader
  from tasks
  inner join {{ ref('int_period') }} as periods
    on
      periods.period_kind = 'year'
      and tasks.began_on <= periods.reference_on
      and (tasks.finished_on is null or tasks.finished_on >= periods.starts_on)
  where tasks.source = 'challenge_task'
),

{{ measured(figures) }}
