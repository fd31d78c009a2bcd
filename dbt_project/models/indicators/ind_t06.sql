{#- Task 6, R&D institutions of enterprises. 有效期至 includes its day; a revocation or merger counts from its day on. -#}
{%- set institution = {'from': 'institutions', 'entity': 'institution_id', 'on': 'recognised_on', 'until': 'ended_on', 'sources': ['rd_institution']} -%}
{%- set centre = dict(institution, where='is_provincial_centre') -%}
{%- set centre_kinds = ['企业技术中心', '企业研发中心', '工业设计中心'] -%}
{%- set technology_centre = dict(institution, id='T06-3', where="is_provincial_centre and kind = '企业技术中心'") -%}
{%- set overseas = "coalesce(kind = '境外研发机构' or country not in ('中国', '中华人民共和国', 'CN', 'CHN'), false)" -%}
{%- set figures = [
  dict(centre, id='T06-1', reading='A'),
  dict(centre, id='T06-1', reading='B', on='cultivated_on'),
  dict(centre, id='T06-2', category='kind', categories=centre_kinds, measures={'flow': 'count'}),
  dict(centre, id='T06-2', time='stock', category='kind', categories=centre_kinds, measures={'stock': 'count'}),
  dict(technology_centre, time='stock', measures={'stock': 'count'}),
  dict(technology_centre, on='revoked_on', measures={'revoked': 'count'}),
  dict(technology_centre, time='net', measures={'net': 'net'}),
  dict(institution, id='T06-4', time='stock', where='is_joint', measures={'stock': 'count'}),
  dict(institution, id='T06-4', where='is_joint', measures={'flow': 'count'}),
  dict(institution, id='T06-5', time='stock', where='is_enclave', measures={'stock': 'count'}),
  dict(institution, id='T06-5', where='is_enclave', measures={'flow': 'count'}),
  dict(institution, id='T06-6', time='stock', where=overseas, category='established_by', categories=['设立', '并购'], total=true, measures={'stock': 'count'}),
  dict(institution, id='T06-6', where=overseas, category='established_by', categories=['设立', '并购'], total=true, measures={'flow': 'count'}),
  {'id': 'T06-6', 'reading': 'survey', 'from': 'stg_survey_rd_activity', 'entity': 'uscc', 'area': 'null', 'on': 'make_date(year, 1, 1)',
   'where': 'overseas_institutions is not null', 'amount': 'overseas_institutions', 'measures': {'stock': 'sum'}, 'reported': true},
  dict(institution, id='T06-7', from='operating', on='reference_on', until='null', where='true', hit_on='if(is_operating, reference_on, null)',
    measures={'share': 'share'}),
  {'id': 'T06-7', 'reading': 'survey', 'from': 'stg_survey_rd_activity', 'entity': 'uscc', 'area': 'null', 'on': 'make_date(year, 1, 1)',
   'where': 'institutions >= 1 and institution_staff is not null and institution_expense is not null',
   'hit_on': 'if(institution_staff > 0 and institution_expense > 0, make_date(year, 1, 1), null)', 'measures': {'share': 'share'}, 'reported': true},
] -%}

with homes as (
  select
    uscc,
    arg_max(city_code, reference_year) as city_code
  from {{ ref('int_enterprise_place') }}
  group by uscc
),

institutions as (
  select
    institution.institution_id,
    institution.kind,
    institution.host_uscc as uscc,
    institution.area_code,
    institution.country,
    institution.established_by,
    institution.recognised_on,
    institution.cultivated_on,
    institution.revoked_on,
    least(institution.valid_until + 1, institution.revoked_on, institution.merged_on) as ended_on,
    institution.staff,
    institution.expense,
    institution.report_year,
    institution.level = '省' and institution.kind in ('企业技术中心', '企业研发中心', '工业设计中心') as is_provincial_centre,
    coalesce(list_contains(institution.co_builder_types, '高校院所'), false) as is_joint,
    -- An enclave stands in another city or province than its enterprise, which the record or else the register places; abroad is T06-6.
    coalesce(own.city_code, homes.city_code) as home_code,
    institution.kind = '创新飞地'
    or coalesce(located.city_code != home_code and '_U' not in (located.city_code, home_code), false) as is_enclave
  from {{ ref('stg_rd_institution') }} as institution
  left join {{ ref('int_area') }} as located on institution.location_area_code = located.delivered_code
  left join {{ ref('int_area') }} as own on institution.area_code = own.delivered_code
  left join homes on institution.host_uscc = homes.uscc
  where institution.in_statistical_use
),

-- Institutions valid on the reference day whose staff and money of that year are known.
operating as (
  select
    institutions.institution_id,
    institutions.uscc,
    institutions.area_code,
    periods.reference_on,
    institutions.staff > 0 and institutions.expense > 0 as is_operating
  from institutions
  inner join {{ ref('int_period') }} as periods
    on
      periods.period_kind = 'year'
      and institutions.recognised_on <= periods.reference_on
      and (institutions.ended_on is null or institutions.ended_on > periods.reference_on)
      and coalesce(institutions.report_year, periods.reference_year) = periods.reference_year
  where institutions.staff is not null and institutions.expense is not null
),

{{ measured(figures) }}
