{{ config(schema='confidential', alias='quarantined_row') }}

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
from {{ source('raw', 'quarantined_row') }}
where purpose = 'statistical'
