with frame as (
  select
    reference_year,
    purpose,
    uscc
  from {{ ref('int_frame') }}
),

obligations as (
  select * from {{ ref('obligation') }}
),

years as (
  select * from {{ ref('int_reference_year') }}
),

based as (
  select
    frame.reference_year,
    tier_basis.tier_basis,
    frame.purpose,
    frame.uscc,
    frame.reference_year - tier_basis.lag as revenue_year
  from frame
  cross join (values ('CY', 0), ('PY', 1)) as tier_basis (tier_basis, lag)
),

asked as (
  select
    based.reference_year,
    based.tier_basis,
    based.purpose,
    obligations.obligation,
    based.uscc,
    revenue.revenue_yuan,
    revenue.is_provisional,
    case
      when revenue.revenue_yuan >= obligations.threshold_yuan then 'asked'
      when revenue.is_partial or revenue.uscc is null then 'unknown'
      else 'not_asked'
    end as tier_state
  from based
  inner join years on based.reference_year = years.reference_year
  inner join obligations
    on
      years.reference_on >= obligations.applies_from
      and (obligations.applies_to is null or years.reference_on <= obligations.applies_to)
  left join {{ ref('int_revenue') }} as revenue
    on
      based.purpose = revenue.purpose
      and based.uscc = revenue.uscc
      and based.revenue_year = revenue.year
)

select
  reference_year,
  tier_basis,
  purpose,
  obligation,
  uscc,
  tier_state,
  revenue_yuan,
  is_provisional
from asked
where tier_state != 'not_asked'
