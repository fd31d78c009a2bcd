{{ staged('return_roster', [
  'form',
  'period',
  'uscc',
  'due_on',
  'exempt',
]) }}
