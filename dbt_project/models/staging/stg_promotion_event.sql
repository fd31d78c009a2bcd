{{ staged('promotion_event', [
  'event_id',
  'kind',
  'held_on',
  'channels',
  'product_ids',
  'enterprise_usccs',
  'status',
  'area_code',
]) }}
