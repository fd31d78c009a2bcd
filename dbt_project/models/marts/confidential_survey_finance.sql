{{ config(schema='confidential', alias='survey_finance') }}

select
  uscc,
  name,
  period,
  revenue,
  rd_expense,
  consolidated,
  delivered_on
from {{ ref('stg_survey_finance') }}
