{{ staged('service_platform', [
  'platform_id',
  'name',
  'kind',
  'services',
  'area_code',
  'recognised_on',
  'revoked_on',
]) }}
