{#- Where a record belongs that says no area of its own: its enterprise's place in the register. -#}
with register as (
  select * from {{ ref('int_register') }}
  where purpose = 'statistical'
),

frame_years as (
  select distinct frame_year from register
  where is_whole
),

frames as (
  select
    years.reference_year,
    max(frame_years.frame_year) as frame_year
  from {{ ref('int_reference_year') }} as years
  left join frame_years on years.reference_year >= frame_years.frame_year
  group by years.reference_year
)

-- The frame of the reference year, else the latest that knows the enterprise.
select
  frames.reference_year,
  register.uscc,
  arg_max(register.city_code, if(register.frame_year = frames.frame_year, 9999, register.frame_year)) as city_code,
  arg_max(register.size, if(register.frame_year = frames.frame_year, 9999, register.frame_year)) as size
from register
cross join frames
group by frames.reference_year, register.uscc
