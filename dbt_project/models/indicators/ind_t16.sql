{#- Task 16, development parks: T16-2 and T16-3 (T16-1 and T16-4 stand beside their like, H1 to H3 and H11). A park counts where its host city is. -#}
{%- set facility = {'from': 'facilities', 'id': 'T16-2', 'entity': 'facility_id', 'uscc': 'null', 'on': 'opened_on', 'until': 'closed_on', 'time': 'stock',
  'category': 'kind', 'categories': ['创新平台', '科技服务机构', '金融机构'], 'total': true, 'sources': ['park_facility', 'development_park']} -%}
{%- set case = {'from': 'cases', 'id': 'T16-3', 'entity': 'demand_id', 'uscc': 'null', 'on': 'posed_on', 'sources': ['matchmaking', 'development_park']} -%}
{%- set figures = [facility] + funnel(case, [
  ['企业出题', 'posed_on'], ['平台解题', 'solved_on'], ['服务衔接', 'served_on'], ['资本助力', 'funded_on'],
]) -%}

with facilities as (
  select
    facility.facility_id,
    facility.kind,
    facility.opened_on,
    facility.closed_on,
    park.host_city_code as area_code
  from {{ ref('stg_park_facility') }} as facility
  left join {{ ref('stg_development_park') }} as park on facility.park_id = park.park_id and park.in_statistical_use
  where facility.in_statistical_use
),

-- A demand of a park is posed with its first match there, solved with its first contract.
cases as (
  select
    matched.demand_id,
    min_by(park.host_city_code, matched.suggested_on) as area_code,
    min(matched.suggested_on) as posed_on,
    min(matched.contracted_on) as solved_on,
    min(matched.service_on) as served_on,
    min(matched.capital_on) as funded_on
  from {{ ref('stg_matchmaking') }} as matched
  left join {{ ref('stg_development_park') }} as park on matched.park_id = park.park_id and park.in_statistical_use
  where matched.in_statistical_use and matched.park_id is not null
  group by matched.demand_id
),

{{ measured(figures) }}
