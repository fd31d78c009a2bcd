{#- Task 18, finance for science and technology. -#}
{%- set contract = {'from': 'stg_technology_finance', 'entity': 'contract_id', 'on': 'signed_on', 'amount': 'amount', 'periods': ['year', 'quarter']} -%}
{%- set loan = dict(contract, id='T18-1', where="kind = '科技贷款'", category='product', total=true, periods=['year', 'month']) -%}
{%- set funds = dict(contract, id='T18-4', category='kind', categories=['种子基金', '天使基金'], total=true) -%}
{%- set figures = [
  dict(loan, from='balances', on='from_on', until='until_on', where='true', time='stock', measures={'balance': 'sum'}, sources=['technology_finance']),
  dict(loan, entity='uscc', where=loan.where ~ ' and uscc is not null', until='ended_on', time='stock', measures={'borrowers': 'count'}),
  dict(loan, time='ytd', measures={'lending': 'sum'}),
  dict(contract, id='T18-2', where="kind = '科技贷款'", base='amount', measures={'share': 'ratio'},
    amount="if(list_has_any(credit_basis, ['知识产权', '专利转化率', '团队实力']), amount, 0)"),
  dict(contract, id='T18-3', where="kind = '贷投联动'", measures={'count': 'count', 'amount': 'sum'}),
  dict(funds, where="kind in ('种子基金', '天使基金') and record = '基金设立'", until='ended_on', time='stock', measures={'amount': 'sum'}),
  dict(funds, where="kind in ('种子基金', '天使基金') and record = '投资'"),
  dict(contract, id='T18-5', where="kind = '补偿资金池'", until='ended_on', time='stock', measures={'amount': 'sum'}),
  dict(contract, id='T18-5', where="kind = '风险补偿'", measures={'paid': 'sum'}),
  dict(contract, id='T18-5', from='losses', until='until_on', time='spell', amount='paid', base='covered', measures={'share': 'ratio'},
    sources=['technology_finance']),
  {'id': 'T18-6', 'from': 'asked', 'entity': 'uscc', 'area': 'null', 'on': 'reference_on', 'hit_on': 'if(has_loan, reference_on, null)',
   'category': 'obligation', 'categories': ['activity', 'institution', 'outcome'], 'measures': {'share': 'share'},
   'sources': ['technology_finance', 'enterprise_register']},
] -%}

with loans as (
  select *
  from {{ ref('stg_technology_finance') }}
  where in_statistical_use and kind = '科技贷款'
),

-- What is owed: what was lent, until the day of which a balance is reported; from then on the balance.
balances as (
  select contract_id, product, uscc, area_code, signed_on as from_on, least(balance_on, ended_on) as until_on, amount
  from loans
  where balance is null or balance_on is not null
  union all
  select contract_id, product, uscc, area_code, coalesce(balance_on, signed_on) as from_on, ended_on as until_on, balance as amount
  from loans
  where balance is not null
),

-- Losses paid in a period against the covered loans that ran in it.
losses as (
  select contract_id, uscc, area_code, signed_on, signed_on + 1 as until_on, amount as paid, 0 as covered
  from {{ ref('stg_technology_finance') }}
  where in_statistical_use and kind = '风险补偿'
  union all
  select contract_id, uscc, area_code, signed_on, ended_on as until_on, 0 as paid, amount as covered
  from loans
  where pool_covered
),

asked as (
  select
    asked.obligation,
    asked.uscc,
    asked.reference_on,
    exists(
      select 1
      from loans
      where
        loans.uscc = asked.uscc
        and loans.signed_on <= asked.reference_on
        and (loans.ended_on is null or loans.ended_on >= asked.starts_on)
    ) as has_loan
  from ({{ headline_asked() }}) as asked
),

{{ measured(figures) }}
