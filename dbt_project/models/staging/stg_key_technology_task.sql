{{ staged('key_technology_task', [
  'task_id',
  'version',
  'title',
  'chain',
  'demand_ids',
  'origin',
  'status',
  'published_on',
  'withdrawn_on',
  'area_code',
]) }}
