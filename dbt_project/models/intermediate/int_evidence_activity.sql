with years as (
  select * from {{ ref('int_reference_year') }}
),

tasks as (
  select
    years.reference_year,
    tasks.purpose,
    tasks.uscc,
    tasks.source,
    tasks.task_key as evidence_key
  from {{ ref('int_task') }} as tasks
  inner join years
    on
      tasks.began_on <= years.reference_on
      and (tasks.finished_on is null or tasks.finished_on >= years.starts_on)
  where tasks.is_activity and tasks.uscc is not null
),

-- Money spent on R&D in the year: any figure of it counts, of the year or cumulative.
expenses as (
  select
    year as reference_year,
    purpose,
    uscc,
    source,
    uscc || '|' || period as evidence_key
  from {{ ref('int_revenue_figure') }}
  where rd_expense_yuan > 0
),

survey_projects as (
  select
    year as reference_year,
    'statistical' as purpose,
    uscc,
    'survey_rd_project' as source,
    uscc || '|' || year || '|' || project_no as evidence_key
  from {{ ref('stg_survey_rd_project') }}
  where in_statistical_use and expenditure > 0
),

survey_activities as (
  select
    year as reference_year,
    'statistical' as purpose,
    uscc,
    'survey_rd_activity' as source,
    uscc || '|' || year as evidence_key
  from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use and rd_expense > 0
)

select * from tasks
union all
select * from expenses
union all
select * from survey_projects
union all
select * from survey_activities
