with figures as (
  {{ united_indicators() }}
),

-- Figures that a year made final fixes; what is counted per release speaks of releases, and those go on.
frozen_year as (
  select
    years.reference_year,
    catalogue.indicator_id
  from {{ source('raw', 'frozen_year') }} as years
  cross join {{ ref('indicator_catalogue') }} as catalogue
  where catalogue.period_text is distinct from 'per release'
),

dated as (
  select
    figures.*,
    periods.policy_version,
    periods.is_finished,
    {{ frozen_vintage('figures', 'frozen', 'indicator_id', ['value', 'numerator', 'denominator'], 'periods.vintage') }} as vintage,
    periods.elapsed_days / periods.n_days as elapsed
  from figures
  inner join {{ ref('int_period') }} as periods on figures.period = periods.period
  left join frozen_year on periods.reference_year = frozen_year.reference_year and figures.indicator_id = frozen_year.indicator_id
  left join {{ source('raw', 'frozen_value') }} as frozen
    on
      figures.indicator_id = frozen.indicator_id
      and figures.measure = frozen.measure
      and figures.reading = frozen.reading
      and figures.period = frozen.period
      and figures.area_code = frozen.area_code
      and figures.category = frozen.category
),

seeded as (
  select * from {{ ref('target') }}
),

-- The policy's targets, and before them what people decided since (allocations to cities, the final text).
targets as (
  select
    seeded.*,
    2 as rank
  from seeded
  inner join {{ source('raw', 'run_setting') }} as setting on seeded.policy_version = setting.policy_version
  union all
  select
    setting.policy_version,
    decided.indicator_id,
    decided.measure,
    decided.reading,
    decided.area_code,
    decided.period_from,
    decided.period_to,
    decided.operator,
    decided.target_value,
    -- A decision changes the number, not its nature; what has no seed accrues where it is counted up over the period.
    coalesce(
      (
        select bool_or(seeded.accrues)
        from seeded
        where
          seeded.policy_version = setting.policy_version
          and seeded.indicator_id = decided.indicator_id
          and seeded.measure = decided.measure
          and (seeded.reading = decided.reading or '*' in (seeded.reading, decided.reading))
      ),
      decided.measure in ('count', 'flow', 'amount')
    ) as accrues,
    decided.note,
    1 as rank
  from {{ source('raw', 'target_decision') }} as decided
  cross join {{ source('raw', 'run_setting') }} as setting
),

aimed as (
  select
    dated.*,
    targets.operator as target_operator,
    -- A target that accrues is due day by day while its period runs, and in full once that has finished (interface 4, Targets).
    targets.target_value * if(targets.accrues and not dated.is_finished, dated.elapsed, 1) as target_value,
    targets.accrues and not dated.is_finished as is_prorated,
    targets.target_value as full_target_value,
    regexp_replace(cast(targets.target_value as varchar), '[.]0$', '') as full_target_text
  from dated
  left join targets
    on
      dated.indicator_id = targets.indicator_id
      and dated.measure = targets.measure
      and targets.reading in (dated.reading, '*')
      and targets.area_code in (dated.area_code, '*')
      and dated.category = ''
      -- A target of years is not one of months: both ends have the form of the period.
      and regexp_replace(targets.period_from, '[0-9]', '0', 'g') = regexp_replace(dated.period, '[0-9]', '0', 'g')
      and dated.period between targets.period_from and targets.period_to
  -- The most particular target holds; a decision before the policy's text.
  qualify row_number() over (
    partition by dated.indicator_id, dated.measure, dated.reading, dated.period, dated.area_code, dated.category
    order by
      targets.rank asc, (targets.area_code = '*') asc, (targets.reading = '*') asc, targets.period_from desc, targets.target_value asc
  ) = 1
)

select
  indicator_id,
  measure,
  reading,
  period,
  area_code,
  category,
  value,
  numerator,
  denominator,
  target_operator,
  target_value,
  policy_version,
  case when target_value != 0 then value / target_value end as attainment,
  case
    -- Nothing was delivered to work it out from: unknown with or without a target.
    when is_unknown and numerator is null then 'unknown'
    when target_operator is null then 'no_target'
    when is_unknown or value is null then 'unknown'
    -- Full coverage means every one of them: counts are compared, never a rounded rate.
    when measure in ('rate', 'share') and target_operator = '=' and full_target_value = 1 then if(numerator = denominator, 'met', 'behind')
    -- None may be left over.
    when target_operator = '=' and full_target_value = 0 then if(value = 0, 'met', 'behind')
    when target_operator = '<=' then if(value <= target_value, 'met', 'behind')
    when target_operator = '<' then if(value < target_value, 'met', 'behind')
    when target_operator = '>' then if(value > target_value, 'met', 'behind')
    -- 以上 and a plain number are met from the number on; 左右 is close from nine tenths of it on, never a hard failure.
    when value >= target_value - 1e-9 then 'met'
    when target_operator = '~' and value >= 0.9 * target_value - 1e-9 then 'on_target'
    else 'behind'
  end as status,
  vintage,
  case
    when not is_finished then 'F'
    when is_provisional then 'P'
    else 'A'
  end as obs_status,
  case
    when note is null and is_prorated
      then '全期目标 ' || full_target_text || '，按已过天数折算 | full target ' || full_target_text || ', due in proportion to the days elapsed'
    else note
  end as note
from aimed
