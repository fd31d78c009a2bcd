{{ staged('enterprise_revenue', [
  'uscc',
  'name',
  'period',
  'revenue',
  'rd_expense',
  'consolidated',
]) }}
