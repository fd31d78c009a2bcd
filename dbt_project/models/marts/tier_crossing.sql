-- Early warning: whose revenue of the running year, carried on at its pace, comes to the other side of a threshold. Administrative use only.
-- An extrapolation is no statistic: nothing is made of it (domain.md 5, trap 8).
with years as (
  select * from {{ ref('int_reference_year') }}
  where not is_finished and is_published
),

so_far as (
  select
    figures.uscc,
    figures.year,
    figures.month,
    figures.revenue_yuan,
    figures.revenue_yuan * 12 / figures.month as projected_yuan
  from {{ ref('int_revenue_figure') }} as figures
  inner join years on figures.year = years.reference_year
  where figures.purpose = 'administrative' and figures.month is not null and figures.revenue_yuan is not null
  qualify row_number() over (partition by figures.uscc, figures.year order by figures.month desc) = 1
),

before as (
  select uscc, year, revenue_yuan
  from {{ ref('int_revenue') }}
  where purpose = 'administrative' and not is_partial
),

compared as (
  select
    years.reference_year,
    obligations.obligation,
    obligations.threshold_yuan,
    so_far.uscc,
    frame.name,
    frame.city_code,
    so_far.month,
    so_far.revenue_yuan as revenue_so_far_yuan,
    so_far.projected_yuan,
    before.revenue_yuan as revenue_before_yuan,
    so_far.projected_yuan >= obligations.threshold_yuan as is_above_then,
    before.revenue_yuan >= obligations.threshold_yuan as is_above_before
  from so_far
  inner join years on so_far.year = years.reference_year
  inner join {{ ref('int_frame') }} as frame
    on so_far.year = frame.reference_year and so_far.uscc = frame.uscc and frame.purpose = 'administrative'
  inner join before on so_far.uscc = before.uscc and so_far.year - 1 = before.year
  inner join {{ ref('obligation') }} as obligations
    on
      years.reference_on >= obligations.applies_from
      and (obligations.applies_to is null or years.reference_on <= obligations.applies_to)
)

select
  reference_year,
  obligation,
  uscc,
  name,
  city_code,
  threshold_yuan,
  if(is_above_then, 'up', 'down') as direction,
  -- What has reached the threshold already is there, whatever the months to come bring.
  revenue_so_far_yuan >= threshold_yuan as is_certain,
  month as months,
  revenue_so_far_yuan,
  cast(projected_yuan as double) as projected_yuan,
  revenue_before_yuan
from compared
where is_above_then != is_above_before
