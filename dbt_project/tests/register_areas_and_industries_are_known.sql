-- Ingestion lets no unknown area or industry through: each row of the register finds its place.
select
  frame_year,
  uscc
from {{ ref('int_register') }}
where city_code is null or industry_section is null
