-- Corrections of survey answers are in the confidential database.
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
where purpose = 'administrative'
