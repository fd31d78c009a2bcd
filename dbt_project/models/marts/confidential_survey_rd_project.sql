{{ config(schema='confidential', alias='survey_rd_project') }}

select
  uscc,
  year,
  project_no,
  project_name,
  project_source,
  cooperation,
  result_form,
  objective,
  started_on,
  finished_on,
  staff,
  person_months,
  expenditure,
  government_funds,
  recognised,
  delivered_on
from {{ ref('stg_survey_rd_project') }}
