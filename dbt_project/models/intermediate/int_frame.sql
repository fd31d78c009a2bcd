with register as (
  select * from {{ ref('int_register') }}
),

years as (
  select * from {{ ref('int_reference_year') }}
),

delivered as (
  select distinct
    purpose,
    frame_year
  from register
  where is_whole
),

-- The register of the year itself if it was delivered as a whole, else the latest earlier one (interface 4, Frame).
frame_of_year as (
  select
    years.reference_year,
    delivered.purpose,
    max(delivered.frame_year) as frame_year
  from years
  inner join delivered on years.reference_year >= delivered.frame_year
  group by years.reference_year, delivered.purpose
)

select
  frame_of_year.reference_year,
  register.purpose,
  register.uscc,
  register.frame_year,
  register.name,
  register.province_code,
  register.city_code,
  register.county_code,
  register.industry_section,
  register.industry_division,
  register.park_id,
  register.size
from frame_of_year
inner join register
  on frame_of_year.purpose = register.purpose and frame_of_year.frame_year = register.frame_year
where
  register.status = '在库'
  and register.industry_section in ('B', 'C', 'D')
  and register.province_code = '340000'
