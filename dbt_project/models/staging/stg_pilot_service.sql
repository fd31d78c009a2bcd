{{ staged('pilot_service', [
  'service_id',
  'platform_id',
  'uscc',
  'service_type',
  'served_on',
]) }}
