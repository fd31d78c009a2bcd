"""Why a rate differs from the year before, and the change of those who were asked in both years.

Not here: the rates (coverage.py).
"""

from __future__ import annotations

CHANGES = """
create table asked as  -- on the basis of the headline: a running year is asked by the revenue of the year before
  select year, obligation, uscc, starts, d from tier join years using (year)
  where purpose = 'statistical' and state = 'asked' and basis = if(finished, 'CY', 'PY');

create table became as
  with recursive follows as (
    select old_uscc, new_uscc, effective_on, kind in ('更名', '换码', '迁移') as same from enterprise_event where new_uscc <> old_uscc
    union
    select f.old_uscc, e.new_uscc, greatest(f.effective_on, e.effective_on), same and kind in ('更名', '换码', '迁移')
    from follows as f join enterprise_event as e on e.old_uscc = f.new_uscc and e.new_uscc is not null and f.old_uscc <> e.new_uscc
  ) from follows;

create table coverage_change as
with renamed as (  -- the same enterprise under a new code
  select y.year, old_uscc, new_uscc from became join years as y on same and effective_on <= d
  semi join frame as f on f.year = y.year - 1 and f.uscc = old_uscc
  semi join frame as n on n.year = y.year and n.uscc = new_uscc
  anti join frame as o on o.year = y.year and o.uscc = old_uscc
  anti join frame as p on p.year = y.year - 1 and p.uscc = new_uscc
  qualify row_number() over (partition by y.year, old_uscc order by new_uscc) = 1
    and row_number() over (partition by y.year, new_uscc order by old_uscc) = 1
), earlier as (
  select f.year + 1 as year, f.uscc as old_uscc, coalesce(new_uscc, f.uscc) as uscc, city
  from frame as f left join renamed on renamed.year = f.year + 1 and old_uscc = f.uscc
), now as (
  select s.year, basis, purpose, obligation, uscc, city, s.status = 'MET' as met from status as s join frame using (year, uscc)
), before as (
  select e.year, basis, purpose, obligation, e.uscc, e.city, s.status = 'MET' as met
  from earlier as e join status as s on s.year = e.year - 1 and s.uscc = old_uscc
), paired as (
  select year, basis, purpose, obligation, uscc, now.city as city, before.city as city_before, now.met as met, before.met as was_met
  from now full join before using (year, basis, purpose, obligation, uscc)
  where year in (select year from years) and year - 1 in (select year from years)
), placed as (
  select paired.*, e.uscc is not null as in_before, f.uscc is not null as in_now,
    unnest(list_distinct(['340000', paired.city, city_before])) as area_code
  from paired left join earlier as e using (year, uscc) left join frame as f using (year, uscc)
), there as (
  select *, was_met is not null and area_code in ('340000', city_before) as was, met is not null and area_code in ('340000', city) as is_here from placed
), counted as (
  select year, basis, purpose, obligation, area_code, count(*) filter (was) as na, count(*) filter (was and was_met) as ma,
    count(*) filter (is_here) as nb, count(*) filter (is_here and met) as mb,
    count(*) filter (was and is_here and met and not was_met) as won, count(*) filter (was and is_here and was_met and not met) as lost,
    count(*) filter (is_here and not was and was_met is null and not in_before) as n_new,
    count(*) filter (is_here and not was and was_met is null and not in_before and met) as m_new,
    count(*) filter (is_here and not was and was_met is null and in_before) as n_rose,
    count(*) filter (is_here and not was and was_met is null and in_before and met) as m_rose,
    count(*) filter (is_here and not was and was_met is not null) as n_came,
    count(*) filter (is_here and not was and was_met is not null and met) as m_came,
    count(*) filter (was and not is_here and met is null and not in_now) as n_left,
    count(*) filter (was and not is_here and met is null and not in_now and was_met) as m_left,
    count(*) filter (was and not is_here and met is null and in_now) as n_fell,
    count(*) filter (was and not is_here and met is null and in_now and was_met) as m_fell,
    count(*) filter (was and not is_here and met is not null) as n_went,
    count(*) filter (was and not is_here and met is not null and was_met) as m_went
  from there group by all
), descent as (
  select year, basis, purpose, obligation, uscc, uscc as old_uscc, city, met from now
  union
  select now.* exclude (city, met), old_uscc, city, met from now join years using (year) join became on new_uscc = uscc and effective_on <= d
), comparable as (
  select n.year, n.basis, n.purpose, n.obligation, unnest(['340000', n.city]) as area_code, n.uscc, n.met, old_uscc, b.met as was_met
  from descent as n join now as b on (b.year + 1, b.basis, b.purpose, b.obligation, b.uscc) = (n.year, n.basis, n.purpose, n.obligation, old_uscc)
), same as (
  select year, basis, purpose, obligation, area_code, count(distinct uscc) filter (met) / count(distinct uscc)
    - count(distinct old_uscc) filter (was_met) / count(distinct old_uscc) as change
  from comparable group by all
)
select year as reference_year, basis as tier_basis, purpose, obligation, member as area_code,
  mb / nullif(nb, 0) - ma / nullif(na, 0) as rate_change, won / nullif(nb, 0) + 0 * ra as conversion, -lost / nullif(nb, 0) + 0 * ra as loss,
  (m_new - n_new * ra) / nullif(nb, 0) as entry_new, (m_rose - n_rose * ra) / nullif(nb, 0) as entry_crossed,
  (m_came - n_came * ra) / nullif(nb, 0) as entry_moved, (n_left * ra - m_left) / nullif(nb, 0) as exit_left,
  (n_fell * ra - m_fell) / nullif(nb, 0) as exit_crossed, (n_went * ra - m_went) / nullif(nb, 0) as exit_moved,
  if(na > 0 and nb > 0, change, null) as comparable_rate_change
from (
  select c.year, c.basis, c.purpose, c.obligation, member, counted.* exclude (year, basis, purpose, obligation, area_code), ma / nullif(na, 0) as ra, change
  from coverage as c
  left join counted on (counted.year, counted.basis, counted.purpose, counted.obligation, counted.area_code) = (c.year, c.basis, c.purpose, c.obligation, member)
  left join same on (same.year, same.basis, same.purpose, same.obligation, same.area_code) = (c.year, c.basis, c.purpose, c.obligation, member)
  where dimension in ('province', 'city') and c.year > (select min(year) from years));
"""
