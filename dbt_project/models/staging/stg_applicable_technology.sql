{{ staged('applicable_technology', [
  'technology_id',
  'name',
  'holder_name',
  'holder_uscc',
  'directions',
  'entered_on',
  'catalogue_edition',
  'catalogued_on',
  'exited_on',
  'area_code',
], has_name_key=true) }}
