with counts as (
  select
    *,
    -- NULL where nobody is asked: neither 0 % nor 100 % (domain.md 5, trap 44).
    n_met / nullif(n_asked, 0) as rate,
    (n_met + n_unknown) / nullif(n_asked, 0) as rate_upper
  from {{ ref('int_coverage_count') }}
),

years as (
  select * from {{ ref('int_reference_year') }}
),

trajectory as (
  select * from {{ ref('trajectory') }}
),

baseline as (
  select counts.*
  from counts
  inner join trajectory on counts.reference_year = trajectory.baseline_year
),

pathed as (
  select
    counts.*,
    years.is_published,
    years.is_finished,
    years.vintage,
    trajectory.target_rate,
    trajectory.tolerance,
    -- How far along the way from the baseline year's end to the target year's end the reference date lies.
    (years.reference_on - years.starts_on + 1) / (years.ends_on - years.starts_on + 1) as elapsed,
    (years.reference_year - 1 - trajectory.baseline_year + elapsed) / (trajectory.target_year - trajectory.baseline_year) as way,
    baseline.rate as baseline_rate
  from counts
  inner join years on counts.reference_year = years.reference_year
  inner join trajectory on years.policy_version = trajectory.policy_version
  left join baseline
    on
      counts.tier_basis = baseline.tier_basis
      and counts.purpose = baseline.purpose
      and counts.obligation = baseline.obligation
      and counts.dimension = baseline.dimension
      and counts.member_code = baseline.member_code
),

on_path as (
  select
    *,
    -- Before the baseline year there is no path; after the target year full coverage stays the aim.
    case when way >= 0 then baseline_rate + (target_rate - baseline_rate) * least(way, 1) end as path_rate
  from pathed
)

select
  reference_year,
  tier_basis,
  purpose,
  obligation,
  dimension,
  member_code,
  n_asked,
  n_met,
  n_not_met,
  n_unknown,
  n_tier_unknown,
  rate,
  rate_upper,
  target_rate,
  path_rate,
  -- The 1e-12 keeps a rate that lies exactly on the tolerance from falling to the wrong side in binary fractions.
  case when is_finished then rate >= path_rate - tolerance - 1e-12 end as on_track,
  is_finished,
  vintage,
  case
    when not is_finished then 'F'
    when is_provisional then 'P'
    else 'A'
  end as obs_status,
  is_published
from on_path
