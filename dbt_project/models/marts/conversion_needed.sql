-- From where a rate stands to full coverage: how many enterprises must come to be covered in each year that is left. The path gives each
-- year's end its rate; whole enterprises are counted, so the years add up to the gap exactly.
with cells as (
  select
    coverage.*,
    years.is_finished as year_is_over,
    trajectory.baseline_year,
    trajectory.target_year,
    trajectory.target_rate as target
  from {{ ref('int_coverage') }} as coverage
  inner join {{ ref('int_reference_year') }} as years on coverage.reference_year = years.reference_year
  inner join {{ ref('trajectory') }} as trajectory on years.policy_version = trajectory.policy_version
  where coverage.is_published and coverage.dimension in ('province', 'city') and coverage.n_asked > 0
),

baseline as (
  select tier_basis, purpose, obligation, dimension, member_code, rate as baseline_rate
  from cells
  where reference_year = baseline_year
),

-- The running year is still to be used; a finished one is not.
ahead as (
  select
    cells.*,
    baseline.baseline_rate,
    cast(
      unnest(range(cells.reference_year + if(cells.year_is_over, 1, 0), cells.target_year + 1)) as integer
    ) as year
  from cells
  left join baseline
    on
      cells.tier_basis = baseline.tier_basis
      and cells.purpose = baseline.purpose
      and cells.obligation = baseline.obligation
      and cells.dimension = baseline.dimension
      and cells.member_code = baseline.member_code
),

on_path as (
  select
    *,
    baseline_rate + (target - baseline_rate) * (year - baseline_year) / (target_year - baseline_year) as path
  from ahead
),

counted as (
  select
    *,
    -- 1e-9 enterprises: a path that lies on a whole number must not ask for one more because of binary fractions.
    -- Without a baseline there is no path, only the end of it.
    case when year = target_year then ceil(target * n_asked - 1e-9) else ceil(path * n_asked - 1e-9) end as n_on_path
  from on_path
)

select
  reference_year,
  tier_basis,
  purpose,
  obligation,
  member_code as area_code,
  year,
  n_asked,
  n_met,
  n_asked - n_met as n_gap,
  path as path_rate,
  cast(n_on_path as bigint) as n_on_path,
  case
    when path is not null
      then cast(greatest(n_on_path, n_met) - greatest(n_met, lag(n_on_path, 1, n_met) over by_cell) as bigint)
  end as n_to_convert,
  (n_asked - n_met) / count(*) over (partition by reference_year, tier_basis, purpose, obligation, member_code) as even_share
from counted
window by_cell as (partition by reference_year, tier_basis, purpose, obligation, member_code order by year)
