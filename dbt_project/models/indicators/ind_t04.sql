{#- Task 4, innovation centres and key laboratories. -#}
{%- set centres = ['制造业创新中心', '新兴产业创新中心', '技术创新中心'] -%}
{%- set platform = {'from': 'stg_innovation_platform', 'entity': 'platform_id', 'uscc': 'host_uscc', 'on': 'recognised_on', 'until': 'revoked_on'} -%}
{%- set national = dict(platform, id='T04-3', where="level = '国家' and kind != '重点实验室'") -%}
{%- set failed = {'id': 'T04-6', 'from': 'failures', 'entity': 'platform_id', 'on': 'failed_on', 'sources': ['innovation_platform']} -%}
{%- set figures = [
  dict(platform, id='T04-1', where="level = '省' and kind != '重点实验室'", category='kind', categories=centres, total=true),
  dict(platform, id='T04-2', where="level = '省' and kind != '重点实验室'", time='stock', category='kind', categories=centres, total=true),
  dict(national, time='stock', measures={'stock': 'count'}),
  dict(national, measures={'flow': 'count'}),
  dict(platform, id='T04-4', where="level = '国家' and kind = '重点实验室'", time='stock'),
  dict(platform, id='T04-5', where="level = '省' and kind = '重点实验室'", time='stock'),
  dict(failed, category='failure', categories=['不合格', '撤销'], total=true),
] -%}

with failures as (
  select platform_id, host_uscc as uscc, area_code, '撤销' as failure, revoked_on as failed_on
  from {{ ref('stg_innovation_platform') }}
  where in_statistical_use
  union all
  select platform_id, host_uscc as uscc, area_code, '不合格' as failure, evaluated_on as failed_on
  from {{ ref('stg_innovation_platform') }}
  where in_statistical_use and evaluation = '不合格'
),

{{ measured(figures) }}
