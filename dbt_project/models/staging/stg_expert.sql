{{ staged('expert', [
  'expert_id',
  'organisation_type',
  'field',
  'entered_on',
  'left_on',
  'area_code',
]) }}
