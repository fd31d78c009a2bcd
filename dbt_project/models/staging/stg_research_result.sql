{{ staged('research_result', [
  'result_id',
  'institute',
  'title',
  'abstract',
  'field',
  'readiness_level',
  'status',
  'collected_on',
  'classified_on',
  'published_on',
  'transferred_on',
  'area_code',
]) }}
