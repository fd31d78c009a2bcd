-- What was first published of each headline rate once its year had ended. The release before hands its rows on: one look back is enough,
-- and releases that were cleared away are not missed.
with rates as (
  select
    rates.indicator_id,
    rates.reading,
    rates.period,
    rates.area_code,
    rates.value as first_value,
    periods.vintage as first_vintage,
    setting.run_id as first_run_id,
    setting.as_of as first_as_of
  from {{ ref('ind_coverage') }} as rates
  inner join {{ ref('int_period') }} as periods on rates.period = periods.period and periods.is_finished
  cross join {{ source('raw', 'run_setting') }} as setting
  where rates.measure = 'rate' and rates.value is not null
),

handed_on as (
  select * from {{ source('raw', 'first_published') }}
)

select indicator_id, reading, period, area_code, first_value, first_vintage, first_run_id, first_as_of
from handed_on
union all
select rates.*
from rates
anti join handed_on
  on
    rates.indicator_id = handed_on.indicator_id
    and rates.reading = handed_on.reading
    and rates.period = handed_on.period
    and rates.area_code = handed_on.area_code
