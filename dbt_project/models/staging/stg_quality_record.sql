{{ staged('quality_record', [
  'record_id',
  'kind',
  'uscc',
  'grade',
  'chain',
  'dimension',
  'recorded_on',
  'area_code',
]) }}
