{{ config(schema='confidential', alias='unlinked_row') }}

select
  source,
  file,
  sheet,
  row,
  name,
  suggestions
from {{ source('raw', 'unlinked_row') }}
where purpose = 'statistical'
