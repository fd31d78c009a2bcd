{{ staged('enterprise_event', [
  'event_id',
  'kind',
  'old_uscc',
  'new_uscc',
  'effective_on',
]) }}
