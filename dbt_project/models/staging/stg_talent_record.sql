{{ staged('talent_record', [
  'record_id',
  'kind',
  'mode',
  'field',
  'matched_discipline',
  'area_code',
  'recorded_on',
  'closed_on',
  'headcount',
]) }}
