{#- Task 15, services for science and technology. -#}
{%- set platform = {'from': 'stg_service_platform', 'entity': 'platform_id', 'uscc': 'null', 'on': 'recognised_on', 'until': 'revoked_on', 'time': 'stock'} -%}
{%- set recommended = {'from': 'recommended', 'id': 'T15-5', 'entity': 'patent_no', 'on': 'priority_recommended_on', 'sources': ['patent']} -%}
{%- set returned = {'from': 'stg_survey_rd_activity', 'entity': 'uscc', 'area': 'null', 'on': 'make_date(year, 1, 1)', 'reported': true} -%}
{%- set figures = [
  dict(platform, id='T15-1', where="kind = '产业技术基础公共服务平台'"),
  dict(platform, id='T15-2', from='services', entity='service', sources=['service_platform']),
  dict(platform, id='T15-3', where="kind = '特殊场景实验室'"),
  dict(platform, id='T15-4', where="kind = '行业计量研究中心'"),
  dict(recommended, hit_on='granted_on', measures={'count': 'base', 'share': 'share'}),
  dict(returned, id='T15-6', where='inventions_exploited is not null', amount='inventions_exploited', base='valid_inventions', measures={'share': 'ratio'}),
  dict(returned, id='T15-6', where='patent_transfers is not null', amount='patent_transfers', measures={'count': 'sum'}),
  dict(returned, id='T15-6', where='patent_transfer_income is not null', amount='patent_transfer_income', measures={'amount': 'sum'}),
  dict(returned, id='T15-7', amount='valid_inventions', measures={'count': 'sum'}),
] -%}

with services as (
  select
    unnest(services) as service,
    area_code,
    recognised_on,
    revoked_on
  from {{ ref('stg_service_platform') }}
  where in_statistical_use
),

-- Every holder's city counts a patent, the province counts it once. Places of both lists are those of the holders.
recommended as (
  select
    patent_no,
    priority_recommended_on,
    granted_on,
    unnest(coalesce(holder_usccs, [null])) as uscc,
    unnest(coalesce(holder_area_codes, [null])) as area_code
  from {{ ref('stg_patent') }}
  where in_statistical_use and priority_recommended_on is not null
),

{{ measured(figures) }}
