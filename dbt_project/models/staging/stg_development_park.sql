{{ staged('development_park', [
  'park_id',
  'name',
  'kind',
  'level',
  'host_city_code',
  'partner_city_code',
  'level_since',
]) }}
