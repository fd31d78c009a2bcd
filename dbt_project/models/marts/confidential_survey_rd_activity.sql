{{ config(schema='confidential', alias='survey_rd_activity') }}

select
  uscc,
  year,
  rd_staff,
  rd_expense,
  institutions,
  institution_staff,
  doctors,
  masters,
  institution_expense,
  equipment,
  patents_applied,
  inventions_applied,
  valid_inventions,
  inventions_exploited,
  new_product_sales,
  new_product_exports,
  standards,
  overseas_institutions,
  patent_transfers,
  patent_transfer_income,
  delivered_on
from {{ ref('stg_survey_rd_activity') }}
