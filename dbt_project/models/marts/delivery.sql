select
  source,
  name,
  sha256,
  delivered_on,
  run_id as first_seen_run,
  rows_read,
  rows_accepted,
  rows_quarantined,
  rows_skipped,
  refused_code,
  refused_zh,
  refused_en
from {{ source('raw', 'delivery') }}
