{#- Task 10, innovative products. -#}
{%- set product = {'from': 'stg_innovative_product', 'entity': 'product_id', 'on': 'recognised_on'} -%}
{%- set kinds = [['省级新产品', ['省级新产品']], ['三首', ['首台套', '首批次', '首版次']], ['安徽工业精品', ['安徽工业精品']], ['产业链标志性产品', ['产业链标志性产品']]] -%}
{%- set tracked = dict(product, id='T10-7', from='tracked', measures={'share': 'share'}, sources=['innovative_product']) -%}
{%- set figures = [
  dict(product, id='T10-1', where="kind = '重大科技创新产品'", time='stock', until='least(valid_until + 1, revoked_on)'),
  dict(product, id='T10-2', where="kind = '省级新产品'"),
  dict(product, id='T10-3', where="kind in ('首台套', '首批次', '首版次')", category='kind', categories=kinds[1][1], total=true),
  dict(product, id='T10-4', where="kind = '安徽工业精品'"),
  dict(product, id='T10-5', where="kind = '产业链标志性产品'"),
  dict(tracked, hit_on='trial_on', category="'产品化'", categories=['产品化']),
  dict(tracked, hit_on='mass_on', category="'产业化'", categories=['产业化']),
  {'id': 'T10-8', 'from': 'stg_technology_finance', 'entity': 'uscc', 'on': 'signed_on', 'until': 'ended_on', 'time': 'stock',
   'where': "kind = '研发准备金' and uscc is not null"},
  {'id': 'T10-9', 'from': 'city_policies', 'entity': 'city_code', 'area': 'city_code', 'uscc': 'null', 'on': 'issued_on', 'until': 'abolished_on',
   'time': 'stock', 'sources': ['policy_document']},
] -%}
{%- set rungs = [] -%}
{%- for name, members in kinds -%}
  {%- set rung = loop.index0 -%}
  {%- for kind in members %}{% do rungs.append("('" ~ kind ~ "', " ~ rung ~ ")") %}{% endfor -%}
{%- endfor -%}
{#- The matrix of advancement: every step up, also over a rung. -#}
{%- for from_rung in range(3) -%}
  {%- for to_rung in range(from_rung + 1, 4) -%}
    {%- set step = kinds[from_rung][0] ~ '→' ~ kinds[to_rung][0] -%}
    {%- do figures.append(dict(product, id='T10-6', from='ladder', where='rung = ' ~ from_rung, hit_on='reached_' ~ to_rung ~ '_on',
      measures={'share': 'share'}, category="'" ~ step ~ "'", categories=[step], sources=['innovative_product'])) -%}
  {%- endfor -%}
{%- endfor %}

with recursive rungs (kind, rung) as (
  values
  {{ rungs | join(', ') }}
),

products as (
  select
    product.product_id,
    product.predecessor_id,
    product.uscc,
    product.area_code,
    product.recognised_on,
    rungs.rung
  from {{ ref('stg_innovative_product') }} as product
  inner join rungs on product.kind = rungs.kind
  where product.in_statistical_use
),

-- What a product became, over any number of successors.
descendants as (
  select
    predecessor_id as product_id,
    product_id as successor_id,
    rung,
    recognised_on
  from products
  where predecessor_id is not null
  union
  select
    descendants.product_id,
    products.product_id as successor_id,
    products.rung,
    products.recognised_on
  from descendants
  inner join products on descendants.successor_id = products.predecessor_id
),

ladder as (
  select
    products.product_id,
    products.uscc,
    products.area_code,
    products.recognised_on,
    {% for rung in range(1, 4) -%}
      min(descendants.recognised_on) filter (where descendants.rung = {{ rung }}) as reached_{{ rung }}_on,
    {% endfor -%}
    products.rung
  from products
  left join descendants on products.product_id = descendants.product_id
  group by all
),

-- Results whose way to the market is tracked: the stage is known, and since when.
tracked as (
  select
    product_id,
    uscc,
    area_code,
    recognised_on,
    case when stage in ('小批量', '量产') then coalesce(stage_on, recognised_on) end as trial_on,
    case when stage = '量产' then coalesce(stage_on, recognised_on) end as mass_on
  from {{ ref('stg_innovative_product') }}
  where in_statistical_use and stage is not null
),

city_policies as (
  select
    area.city_code,
    document.issued_on,
    document.abolished_on
  from {{ ref('stg_policy_document') }} as document
  inner join {{ ref('int_area') }} as area on document.area_code = area.delivered_code
  where document.in_statistical_use and document.kind = '创新产品配套政策' and area.province_code = '340000' and area.city_code != '_U'
),

{{ measured(figures) }}
