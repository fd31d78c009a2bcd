-- Names that only a survey delivery mentions are in the confidential database.
select
  source,
  file,
  sheet,
  row,
  name,
  suggestions
from {{ source('raw', 'unlinked_row') }}
where purpose = 'administrative'
