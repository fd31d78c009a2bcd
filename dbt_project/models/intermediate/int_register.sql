with register as (
  {{ by_purpose(ref('stg_enterprise_register'), [
    'frame_year', 'uscc', 'name', 'former_names', 'operating_area_code', 'registered_area_code', 'industry_code',
    'size', 'park_id', 'status', 'opened_on', 'closed_on',
  ]) }}
),

-- An industry code is a letter, digits, or both as C26: the digits say the division, the division says the section.
coded as (
  select
    *,
    nullif(left(ltrim(industry_code, 'ABCDEFGHIJKLMNOPQRST'), 2), '') as division
  from register
),

-- Rows delivered before the register that they belong to are known of, but make no frame.
whole as (
  select
    purpose,
    cast(scope as integer) as frame_year
  from {{ source('raw', 'whole_delivery') }}
  where source = 'enterprise_register'
)

select
  coded.purpose,
  coded.frame_year,
  coded.uscc,
  coded.name,
  coded.former_names,
  coded.operating_area_code as operating_area_code_delivered,
  area.code as operating_area_code,
  area.province_code,
  area.city_code,
  area.county_code,
  coded.registered_area_code,
  coded.industry_code,
  coalesce(industry.section, left(coded.industry_code, 1)) as industry_section,
  coalesce(coded.division, '_U') as industry_division,
  coalesce(coded.park_id, '_N') as park_id,
  coalesce(coded.size, '_U') as size,
  coded.status,
  coded.opened_on,
  coded.closed_on,
  whole.frame_year is not null as is_whole
from coded
left join whole on coded.purpose = whole.purpose and coded.frame_year = whole.frame_year
left join {{ ref('int_area') }} as area on coded.operating_area_code = area.delivered_code
left join {{ ref('industry') }} as industry on coded.division = industry.code and industry.level = 'division'
