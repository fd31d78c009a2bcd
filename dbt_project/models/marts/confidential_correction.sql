{{ config(schema='confidential', alias='correction') }}

select
  source,
  key,
  column_name,
  wrong_value,
  right_value,
  reason,
  decided_by,
  decided_on,
  file,
  sheet,
  row
from {{ source('raw', 'correction') }}
where purpose = 'statistical'
