{{ staged('enterprise_register', [
  'frame_year',
  'uscc',
  'name',
  'former_names',
  'operating_area_code',
  'registered_area_code',
  'industry_code',
  'size',
  'park_id',
  'status',
  'opened_on',
  'closed_on',
]) }}
