{{ staged('trial_use', [
  'record_id',
  'kind',
  'product_id',
  'user_name',
  'user_ownership',
  'recorded_on',
  'area_code',
  'ended_on',
]) }}
