{#- Task 5, pilot platforms. In the library (在库) = entered, not exited. -#}
{%- set platform = {'from': 'stg_pilot_platform', 'entity': 'platform_id', 'uscc': 'host_uscc'} -%}
{%- set library = dict(platform, on='entered_on', until='exited_on', time='stock') -%}
{%- set national = dict(platform, id='T05-3', on="coalesce(national_on, case when level = '国家' then coalesce(recognised_on, entered_on) end)") -%}
{%- set service = {'from': 'services', 'entity': 'service_id', 'on': 'served_on', 'periods': ['year', 'quarter'],
  'sources': ['pilot_service', 'pilot_platform']} -%}
{%- set figures = [
  dict(platform, id='T05-1', on='key_cultivated_on'),
  dict(library, id='T05-2'),
  dict(national, time='stock', until='exited_on', measures={'stock': 'count'}),
  dict(national, measures={'flow': 'count'}),
  dict(library, id='T05-4', category='lead_type', total=true, categories=['企业', '高校院所', '其他'],
    measures={'count': 'count', 'share': 'of_total'}),
  dict(service, id='T05-5', entity='served_uscc', where='served_uscc is not null', measures={'enterprises': 'count'}),
  dict(service, id='T05-5'),
  dict(service, id='T05-6', category='service_type', categories=['技术熟化', '工程化放大', '可靠性验证']),
  {'id': 'T05-7', 'from': 'stg_policy_document', 'entity': 'document_no', 'uscc': 'null', 'on': 'issued_on', 'until': 'abolished_on',
   'time': 'stock', 'where': "kind = '中试开放激励办法' and coalesce(area_code, '340000') = '340000'", 'province_only': true,
   'measures': {'issued': 'flag', 'days': 'age'}},
] -%}

with services as (
  select
    service.service_id,
    service.service_type,
    service.served_on,
    service.uscc as served_uscc,
    platform.host_uscc as uscc,
    platform.area_code
  from {{ ref('stg_pilot_service') }} as service
  left join {{ ref('stg_pilot_platform') }} as platform
    on service.platform_id = platform.platform_id and platform.in_statistical_use
  where service.in_statistical_use
),

{{ measured(figures) }}
