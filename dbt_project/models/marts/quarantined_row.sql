-- Survey answers stay in the confidential database: here such a row shows its place and the rule, not its value.
select
  source,
  file,
  sheet,
  row,
  column_name,
  case when purpose = 'administrative' then value end as value,
  rule,
  case when purpose = 'administrative' then message_zh else rule_zh end as message_zh,
  case when purpose = 'administrative' then message_en else rule_en end as message_en,
  run_id
from {{ source('raw', 'quarantined_row') }}
