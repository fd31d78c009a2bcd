{{ staged('patent', [
  'patent_no',
  'kind',
  'title',
  'holders',
  'holder_usccs',
  'applied_on',
  'granted_on',
  'lapsed_on',
  'exploited',
  'transferred_on',
  'priority_recommended_on',
  'holder_area_codes',
]) }}
