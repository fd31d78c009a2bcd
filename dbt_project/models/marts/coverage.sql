with coverage as (
  select *
  from {{ ref('int_coverage') }}
  where is_published
),

-- One name for every member code; park names come with the register of development parks.
names as (
  select 'province' as dimension, code as member_code, name as member_name
  from {{ ref('area') }}
  where level = 'province'
  union all
  select 'city' as dimension, code as member_code, name as member_name
  from {{ ref('area') }}
  where level = 'city'
  union all
  select 'county' as dimension, code as member_code, name as member_name
  from {{ ref('area') }}
  where level in ('county', 'zone')
  union all
  select 'industry_section' as dimension, code as member_code, name as member_name
  from {{ ref('industry') }}
  where level = 'section'
  union all
  select 'industry_division' as dimension, code as member_code, name as member_name
  from {{ ref('industry') }}
  where level = 'division'
)

select
  coverage.reference_year,
  coverage.tier_basis,
  coverage.purpose,
  coverage.obligation,
  coverage.dimension,
  coverage.member_code,
  case coverage.member_code
    when '_U' then '未说明'
    when '_N' then '不在开发区内'
    else coalesce(names.member_name, coverage.member_code)
  end as member_name,
  obligations.threshold_yuan,
  coverage.n_asked,
  coverage.n_met,
  coverage.n_not_met,
  coverage.n_unknown,
  coverage.n_tier_unknown,
  coverage.rate,
  coverage.rate_upper,
  coverage.target_rate,
  coverage.path_rate,
  coverage.on_track,
  {{ frozen_vintage('coverage', 'frozen', 'member_code', ['n_asked', 'n_met', 'n_not_met', 'n_unknown', 'n_tier_unknown'], 'coverage.vintage') }} as vintage,
  coverage.obs_status,
  obligations.definition_id
from coverage
inner join {{ ref('obligation') }} as obligations
  on
    coverage.obligation = obligations.obligation
    and make_date(coverage.reference_year, 12, 31) >= obligations.applies_from
    and (obligations.applies_to is null or make_date(coverage.reference_year, 12, 31) <= obligations.applies_to)
left join names on coverage.dimension = names.dimension and coverage.member_code = names.member_code
left join {{ source('raw', 'frozen_year') }} as frozen_year on coverage.reference_year = frozen_year.reference_year
left join {{ source('raw', 'frozen_coverage') }} as frozen
  on
    coverage.reference_year = frozen.reference_year
    and coverage.tier_basis = frozen.tier_basis
    and coverage.purpose = frozen.purpose
    and coverage.obligation = frozen.obligation
    and coverage.dimension = frozen.dimension
    and coverage.member_code = frozen.member_code
