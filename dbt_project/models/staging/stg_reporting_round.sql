{{ staged('reporting_round', [
  'round_id',
  'kind',
  'period',
  'planned_on',
  'held_on',
]) }}
