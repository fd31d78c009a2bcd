{{ staged('innovation_platform', [
  'platform_id',
  'name',
  'kind',
  'level',
  'host_name',
  'host_uscc',
  'area_code',
  'recognised_on',
  'revoked_on',
  'evaluated_on',
  'evaluation',
], has_name_key=true) }}
