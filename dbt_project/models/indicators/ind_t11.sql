{#- Task 11, new products and technologies in use. -#}
{%- set technology = {'from': 'stg_applicable_technology', 'entity': 'technology_id', 'uscc': 'holder_uscc'} -%}
{%- set library = dict(technology, on='entered_on', until='exited_on', time='stock') -%}
{%- set trial = {'from': 'stg_trial_use', 'entity': 'record_id', 'uscc': 'null', 'on': 'recorded_on'} -%}
{%- set owners = ['国有企业', '国有事业单位', '民营企业', '其他'] -%}
{%- set instruments = ['研发补助', '风险补偿', '保险补贴', '信贷支持'] -%}
{%- set figures = [
  dict(library, id='T11-1'),
  dict(technology, id='T11-2', on='catalogued_on', entity='catalogue_edition', where='catalogue_edition is not null', measures={'batches': 'count'}),
  dict(technology, id='T11-2', on='catalogued_on'),
  dict(library, id='T11-3', labels='directions', categories=['高端化', '智能化', '绿色化'], total=true, measures={'count': 'count', 'share': 'of_total'}),
  dict(trial, id='T11-4', where="kind = '标杆应用场景'", until='ended_on', time='stock', measures={'stock': 'count'}),
  dict(trial, id='T11-4', where="kind = '标杆应用场景'", measures={'flow': 'count'}),
  dict(trial, id='T11-5', where="kind = '容错备案' and user_ownership in ('国有企业', '国有事业单位')"),
  dict(trial, id='T11-6', where="kind = '首试首用'", category='user_ownership', categories=owners, total=true),
  dict(trial, id='T11-6', where="kind = '首试首用' and user_name is not null", entity="regexp_replace(user_name, '\\s', '', 'g')",
    category='user_ownership', categories=owners, total=true, measures={'enterprises': 'count'}),
  {'id': 'T11-7', 'from': 'stg_fiscal_input', 'entity': 'line_id', 'uscc': 'null', 'on': 'make_date(year, 1, 1)', 'amount': 'amount',
   'where': "spent_for = '新产品试用' and instrument in ('研发补助', '风险补偿', '保险补贴', '信贷支持')", 'category': 'instrument',
   'categories': instruments, 'total': true, 'measures': {'amount': 'sum'}},
] %}

with {{ measured(figures) }}
