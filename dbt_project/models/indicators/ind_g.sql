{#- Guarantees: money and assessment. -#}
{%- set line = {'from': 'stg_fiscal_input', 'entity': 'line_id', 'uscc': 'null', 'on': 'make_date(year, 1, 1)', 'amount': 'amount', 'reported': true} -%}
{%- set figures = [
  dict(line, id='G-1', where="origin = '财政'", measures={'amount': 'sum'}),
  dict(line, id='G-1', from='compared', amount='now', base='before', measures={'growth': 'growth'}, sources=['fiscal_input']),
  dict(line, id='G-2', amount="if(origin = '社会资本', amount, 0)", base="if(origin = '财政', amount, 0)", measures={'ratio': 'ratio'}),
  {'id': 'G-3', 'from': 'stg_reporting_round', 'entity': 'round_id', 'area': 'null', 'uscc': 'null', 'on': 'held_on', 'where': "kind = '考评'", 'province_only': true},
] -%}

with fiscal as (
  select *
  from {{ ref('stg_fiscal_input') }}
  where in_statistical_use and origin = '财政'
),

-- Each year beside the year before: last year's money counts only where this year's has been reported at all.
compared as (
  select line_id, year, area_code, amount as now, 0 as before
  from fiscal
  union all
  select line_id, year + 1 as year, area_code, 0 as now, amount as before
  from fiscal
  where year + 1 in (select reported.year from fiscal as reported)
),

{{ measured(figures) }}
