-- Administrative rows only: a register that was delivered for statistical use doesn't name enterprises here.
with register as (
  select
    *,
    dense_rank() over (order by frame_year) as frame_no
  from {{ ref('int_register') }}
  where purpose = 'administrative' and is_whole
),

-- A new row begins where anything but the frame year differs from the frame before, or where the enterprise was absent from it.
compared as (
  select
    *,
    hash(
      name, former_names, operating_area_code_delivered, registered_area_code, industry_code, size, park_id, status, opened_on, closed_on
    ) as state,
    lag(state) over by_enterprise as previous_state,
    lag(frame_no) over by_enterprise as previous_frame_no
  from register
  window by_enterprise as (partition by uscc order by frame_no)
),

spells as (
  select
    *,
    count(*) filter (where previous_state is distinct from state or previous_frame_no is distinct from frame_no - 1)
      over (partition by uscc order by frame_no) as spell_no
  from compared
),

spans as (
  select
    uscc,
    spell_no,
    min(frame_year) as first_frame_year,
    max(frame_no) as last_frame_no
  from spells
  group by uscc, spell_no
)

select
  spells.uscc,
  make_date(spans.first_frame_year, 1, 1) as valid_from,
  -- Open until a later frame says otherwise.
  case
    when spans.last_frame_no < (select max(register.frame_no) from register) then make_date(spells.frame_year, 12, 31)
  end as valid_to,
  spells.name,
  array_to_string(spells.former_names, '；') as former_names,
  spells.operating_area_code,
  spells.operating_area_code_delivered,
  spells.city_code,
  spells.county_code,
  spells.registered_area_code,
  spells.industry_code,
  spells.industry_section,
  spells.industry_division,
  spells.park_id,
  spells.size,
  spells.status as frame_status,
  spells.opened_on,
  spells.closed_on
from spans
inner join spells on spans.uscc = spells.uscc and spans.last_frame_no = spells.frame_no
