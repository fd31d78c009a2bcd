{#- Task 14, quality. An assessed enterprise holds its latest grade; awards stay awarded. -#}
{%- set record = {'from': 'stg_quality_record', 'entity': 'record_id', 'on': 'recorded_on'} -%}
{%- set assessed = {'id': 'T14-1', 'from': 'assessments', 'entity': 'coalesce(uscc, record_id)', 'on': 'recorded_on', 'category': 'grade', 'total': true,
  'sources': ['quality_record']} -%}
{%- set china = dict(record, id='T14-2', where="kind in ('中国质量奖', '中国质量奖提名奖')", category='kind', categories=['中国质量奖', '中国质量奖提名奖'], total=true) -%}
{%- set anhui = dict(record, id='T14-3', where="kind = '安徽省人民政府质量奖'") -%}
{%- set figures = [
  dict(assessed, time='stock', until='assessed_again_on', measures={'stock': 'count'}),
  dict(assessed, measures={'flow': 'count'}),
  dict(china, time='stock', measures={'cumulative': 'count'}),
  dict(china, measures={'flow': 'count'}),
  dict(anhui, time='stock', measures={'cumulative': 'count'}),
  dict(anhui, measures={'flow': 'count'}),
  dict(record, id='T14-4', where="kind = '质量图谱'", entity='coalesce(chain, record_id)', time='stock'),
  dict(record, id='T14-5', where="kind = '卓越质量项目'", category='dimension', categories=['纯度', '精度稳定度', '均一度', '密封度', '可靠度一致性'], total=true),
] -%}

with assessments as (
  select
    record_id,
    uscc,
    area_code,
    grade,
    recorded_on,
    lead(recorded_on) over (partition by coalesce(uscc, record_id) order by recorded_on, record_id) as assessed_again_on
  from {{ ref('stg_quality_record') }}
  where in_statistical_use and kind = '质量管理能力评价'
),

{{ measured(figures) }}
