{{ staged('survey_finance', [
  'uscc',
  'name',
  'period',
  'revenue',
  'rd_expense',
  'consolidated',
]) }}
