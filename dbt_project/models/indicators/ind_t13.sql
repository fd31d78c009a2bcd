{#- Task 13, standards. A standard counts once, however many enterprises took part; one led and one joined in are told apart. -#}
{%- set standard = {'from': 'standards', 'entity': 'standard_no', 'on': 'published_on', 'sources': ['standard']} -%}
{%- set roles = dict(standard, category='role', categories=['牵头', '参与'], total=true) -%}
{%- set figures = [
  dict(roles, id='T13-1', where="level = '国际标准'"),
  dict(roles, id='T13-2', where="level = '国家标准'"),
  dict(roles, id='T13-3', where="level = '行业标准'"),
  dict(standard, id='T13-4', where="level = '团体标准' and size in ('中型', '小型', '微型')"),
  dict(standard, id='T13-5', category='industry_group', categories=['传统产业', '新兴产业', '未来产业'], total=true),
  dict(standard, id='T13-6', on='initiated_on', where="industry_group = '未来产业'"),
  dict(standard, id='T13-7', on='coalesce(initiated_on, published_on)', until='abolished_on', time='stock', where='pilot_programme'),
] -%}

with standards as (
  select
    standard.standard_no,
    standard.uscc,
    standard.area_code,
    standard.level,
    standard.role,
    standard.industry_group,
    standard.pilot_programme,
    standard.initiated_on,
    standard.published_on,
    coalesce(standard.abolished_on, case when standard.stage = '废止' then standard.delivered_on end) as abolished_on,
    coalesce(standard.enterprise_size, place.size) as size
  from {{ ref('stg_standard') }} as standard
  left join {{ ref('int_enterprise_place') }} as place
    on standard.uscc = place.uscc and year(standard.published_on) = place.reference_year
  where standard.in_statistical_use
),

{{ measured(figures) }}
