{#- A closed task without an end date ends on its due date, else on the day of the delivery that says so (interface 4, activity). -#}
{% set closed_on = "case when status in ('验收', '终止', '退出') then coalesce(due_on, delivered_on) end" %}

with tasks as (
  {{ by_purpose(ref('stg_challenge_task'), [
    "'challenge_task' as source", 'task_id as task_key', 'lead_uscc as uscc', 'status',
    'coalesce(started_on, taken_on) as began_on', 'coalesce(ended_on, ' ~ closed_on ~ ') as finished_on', 'true as is_activity', 'area_code',
  ]) }}
  union all
  {{ by_purpose(ref('stg_science_project'), [
    "'science_project' as source", 'project_no as task_key', 'lead_uscc as uscc', 'status',
    "coalesce(started_on, case when status != '立项' then approved_on end) as began_on",
    'coalesce(ended_on, ' ~ closed_on ~ ') as finished_on', 'true as is_activity', 'area_code',
  ]) }}
  union all
  {{ by_purpose(ref('stg_university_industry_project'), [
    "'university_industry_project' as source", 'project_id as task_key', 'uscc', 'status',
    'started_on as began_on', 'coalesce(ended_on, ' ~ closed_on ~ ') as finished_on', 'key_project as is_activity', 'area_code',
  ]) }}
)

select
  purpose,
  source,
  task_key,
  uscc,
  status,
  began_on,
  finished_on,
  is_activity,
  area_code
from tasks
