{#- When the next figure changes by the passing of time alone. Until then a run with the same inputs has nothing new to publish.
    The days that may lie ahead (interface 3), each with the day after: 有效期至 includes its day, an end or a revocation counts from its own. -#}
{% set ahead = {
  'stg_applicable_technology': ['exited_on'],
  'stg_challenge_task': ['original_due_on', 'due_on', 'ended_on'],
  'stg_enterprise_title': ['valid_until', 'revoked_on', 'exited_on'],
  'stg_expert': ['left_on'],
  'stg_industrial_base_item': ['ended_on'],
  'stg_innovation_platform': ['revoked_on'],
  'stg_innovative_product': ['valid_until', 'revoked_on'],
  'stg_key_technology_task': ['withdrawn_on'],
  'stg_park_facility': ['closed_on'],
  'stg_pilot_platform': ['exited_on'],
  'stg_policy_document': ['abolished_on'],
  'stg_rd_institution': ['valid_until', 'revoked_on', 'merged_on'],
  'stg_science_project': ['original_due_on', 'due_on', 'ended_on'],
  'stg_service_platform': ['revoked_on'],
  'stg_standard': ['abolished_on'],
  'stg_talent_record': ['closed_on'],
  'stg_technology_demand': ['closed_on'],
  'stg_technology_finance': ['ended_on'],
  'stg_trial_use': ['ended_on'],
  'stg_university_industry_project': ['due_on', 'ended_on'],
} %}

with setting as (
  select * from {{ source('raw', 'run_setting') }}
),

dates as (
  select evidence.counts_until + 1 as changes_on
  from {{ ref('int_evidence') }} as evidence
  union all
  -- The gap list warns ninety days ahead.
  select evidence.counts_until - 90 as changes_on
  from {{ ref('int_evidence') }} as evidence
  union all
  -- A period is finished on its last day; on the next one another begins.
  select unnest([periods.ends_on, periods.ends_on + 1]) as changes_on
  from {{ ref('int_period') }} as periods
  union all
  select cast(titles.recognised_on + to_months(validity.months) as date) as changes_on
  from {{ ref('stg_enterprise_title') }} as titles
  inner join {{ ref('title_validity') }} as validity on titles.title = validity.title
  where titles.valid_until is null
  {% for model, days in ahead.items() -%}
    {% for day in days -%}
      union all
      select unnest([{{ day }}, {{ day }} + 1]) as changes_on
      from {{ ref(model) }}
    {% endfor %}
  {% endfor %}
)

select min(dates.changes_on) as changes_on
from dates
inner join setting on dates.changes_on > setting.as_of
