{{ staged('fiscal_input', [
  'line_id',
  'year',
  'origin',
  'instrument',
  'area_code',
  'amount',
  'spent_for',
]) }}
