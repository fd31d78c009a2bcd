{{ staged('expert_participation', [
  'participation_id',
  'expert_id',
  'activity',
  'held_on',
]) }}
