with figures as (
  {{ by_purpose(ref('stg_survey_finance'), [
    "'survey_finance' as source", '1 as source_rank', 'uscc', 'period', 'revenue', 'rd_expense', 'is_linked',
  ]) }}
  union all
  {{ by_purpose(ref('stg_enterprise_revenue'), [
    "'enterprise_revenue' as source", '2 as source_rank', 'uscc', 'period', 'revenue', 'rd_expense', 'is_linked',
  ]) }}
)

select
  purpose,
  source,
  source_rank,
  uscc,
  period,
  cast(left(period, 4) as integer) as year,
  -- Cumulative figures run from January to this month; a figure of the whole year has none.
  cast(nullif(substr(period, 6, 2), '') as integer) as month,
  revenue as revenue_yuan,
  rd_expense as rd_expense_yuan
from figures
where is_linked
