with setting as (
  select * from {{ source('raw', 'run_setting') }}
),

trajectory as (
  select * from {{ ref('trajectory') }}
),

-- The baseline year is worked out even where it isn't published: the path to full coverage starts there.
years as (
  select
    setting.as_of,
    setting.first_year,
    setting.policy_version,
    cast(
      unnest(range(least(setting.first_year, trajectory.baseline_year), year(setting.as_of) + 1)) as integer
    ) as reference_year
  from setting
  inner join trajectory on setting.policy_version = trajectory.policy_version
)

select
  reference_year,
  policy_version,
  make_date(reference_year, 1, 1) as starts_on,
  make_date(reference_year, 12, 31) as ends_on,
  least(make_date(reference_year, 12, 31), as_of) as reference_on,
  -- A year has run its course once its last day has come (interface 3 says so of what is delivered about it).
  as_of >= make_date(reference_year, 12, 31) as is_finished,
  case when as_of >= make_date(reference_year, 12, 31) then 'P' else 'N' end as vintage,
  reference_year >= first_year as is_published
from years
