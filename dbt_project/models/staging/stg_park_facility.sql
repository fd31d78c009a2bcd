{{ staged('park_facility', [
  'facility_id',
  'park_id',
  'kind',
  'name',
  'opened_on',
  'closed_on',
]) }}
