{{ config(schema='confidential', alias='warned_row') }}

select
  source,
  file,
  sheet,
  row,
  column_name,
  value,
  rule,
  message_zh,
  message_en,
  run_id
from {{ source('raw', 'warned_row') }}
where purpose = 'statistical'
