{{ staged('industrial_base_item', [
  'item_id',
  'title',
  'field',
  'pairing',
  'uscc',
  'started_on',
  'stage',
  'stage_on',
  'area_code',
  'breakthrough_on',
  'ended_on',
]) }}
