"""What is made of statuses and coverage: work left to do, other definitions, lists of enterprises.

Not here: the statuses (coverage.py), indicators (measuring.py, headline.py).
"""

from __future__ import annotations

STATUS = """
  select year as reference_year, basis as tier_basis, purpose, obligation, uscc, yuan as revenue_yuan, status,
    case when evidence_count > 0 then 'evidence' when status = 'NOT_MET' then 'return_shows_none' else 'no_return' end as reason_code,
    evidence_source, evidence_id, evidence_count
  from status where purpose = """

DERIVED = f"""
create table obligation_status as {STATUS} 'administrative';
create table confidential_obligation_status as {STATUS} 'statistical';

create table conversion_needed as
with ahead as (
  select c.*, finished, baseline_year, target_year, base.rate as base_rate, (unnest(range(year + finished::integer, target_year + 1)))::integer as year_ahead
  from coverage as c join years using (year)
  cross join (select baseline_year::integer as baseline_year, target_year::integer as target_year from trajectory)
  left join (select year as baseline_year, purpose, basis, obligation, dimension, member, rate from coverage) as base
    using (baseline_year, purpose, basis, obligation, dimension, member)
  where dimension in ('province', 'city') and c.n_asked > 0
), counted as (
  select *, base_rate + (target_rate - base_rate) * (year_ahead - baseline_year) / (target_year - baseline_year) as path,
    ceil(if(year_ahead = target_year, target_rate, path) * n_asked - 1e-9) as due
  from ahead
)
select year as reference_year, basis as tier_basis, purpose, obligation, member as area_code, year_ahead as year, n_asked, n_met, n_asked - n_met as n_gap,
  path as path_rate, due::bigint as n_on_path,
  if(path is null, null, greatest(due, n_met) - greatest(n_met, lag(due, 1, n_met) over (cell order by year_ahead)))::bigint as n_to_convert,
  (n_asked - n_met) / count(*) over cell as even_share
from counted window cell as (partition by counted.year, basis, purpose, obligation, member);

create table sensitivity as
with meaning (definition, obligation) as (
  values ('ACT-S', 'activity'), ('ACT-A', 'activity'), ('INST-S', 'institution'), ('INST-R', 'institution'), ('INST-R∪S', 'institution'),
    ('OUT-S', 'outcome'), ('OUT-R', 'outcome'), ('OUT-R∪S', 'outcome')
), shown as (  -- the national formula counts a project of the survey only if it was recognised
  select obligation, p.year, p.uscc, true as any_piece, bool_or(source = 'survey_rd_activity') as surveyed, bool_or(source <> 'survey_rd_activity') as registered,
    bool_or(source = 'survey_rd_project' and recognised) as recognised
  from piece as p left join survey_rd_project as s on source = 'survey_rd_project' and (s.uscc, s.year) = (p.uscc, p.year) and s.project_no = split_part(key, '|', 3)
  group by all
), judged as (
  select year, basis, definition, u.member, coalesce(
      case when definition = 'ACT-S' then recognised when definition like '%-S' then surveyed when definition like '%-R' then registered else any_piece end,
      false) as met, r.uscc is not null as answered
  from status join meaning using (obligation) join frame using (year, uscc) left join shown using (obligation, year, uscc)
  left join (select distinct year, uscc from survey_rd_activity) as r using (year, uscc) cross join unnest(['340000', city]) as u (member)
  where purpose = 'statistical'
), counted as (
  select year, basis, definition, member, count(*) filter (met) as met, count(*) filter (not met and not answered) as unclear from judged group by all
)
select year as reference_year, basis as tier_basis, obligation, definition, member as area_code, n_asked, coalesce(met, 0) as n_met,
  coalesce(unclear, 0) as n_unknown, coalesce(met, 0) / nullif(n_asked, 0) as rate, (coalesce(met, 0) + coalesce(unclear, 0)) / nullif(n_asked, 0) as rate_upper
from coverage join meaning using (obligation) left join counted using (year, basis, definition, member)
where dimension in ('province', 'city') and purpose = 'statistical';

create temp table owed as  -- on the headline's basis, from registers only
  select s.*, name, city, d from status as s join years using (year) join frame using (year, uscc)
  where purpose = 'administrative' and basis = if(finished, 'CY', 'PY');

create table gap_list as
with listed as (
  select year, uscc, name, city, max(yuan) as yuan, columns('missing_.*'), expiring_evidence from (
    select year, uscc, name, city, max(yuan) as yuan,
      max(case when obligation = 'activity' then word end) as missing_activity, max(case when obligation = 'institution' then word end) as missing_institution,
      max(case when obligation = 'outcome' then word end) as missing_outcome,
      string_agg(obligation || ' ' || until, '；' order by obligation) filter (status = 'MET' and until between d and d + 90) as expiring_evidence
    from (select *, case status when 'NOT_MET' then 'missing' when 'UNKNOWN' then 'unknown' else '' end as word from owed)
    group by all having bool_or(status <> 'MET'))
  group by all
)
select year as reference_year, uscc, name, city as city_code,
  case when yuan >= (select threshold_yuan::bigint from obligation where obligation = 'outcome') then '10亿元以上'
    when yuan >= (select threshold_yuan::bigint from obligation where obligation = 'institution') then '5亿元至10亿元' else '1亿元至5亿元' end as revenue_band,
  coalesce(missing_activity, '') as missing_activity, coalesce(missing_institution, '') as missing_institution, coalesce(missing_outcome, '') as missing_outcome,
  expiring_evidence, min(year) over (partition by uscc, run) as since_year
from (select *, year - row_number() over (partition by uscc order by year) as run from listed) order by all;

create table one_step_away as
with one as (
  select *, count(*) over (partition by year, uscc) as n_obligations from owed
  qualify count(*) filter (status <> 'MET') over (partition by year, uscc) = 1
), asked as (
  select year, basis, obligation, member, n_asked from coverage where purpose = 'administrative' and dimension in ('province', 'city')
), effect as (
  select one.*, 1 / province.n_asked as province_effect, 1 / city.n_asked as city_effect, if(n_obligations = 3, 1 / h4.n_asked, null) as all_three_effect
  from one join asked as province on (province.year, province.basis, province.obligation, province.member) = (one.year, one.basis, one.obligation, '340000')
  left join asked as city on (city.year, city.basis, city.obligation, city.member) = (one.year, one.basis, one.obligation, one.city)
  left join asked as h4 on (h4.year, h4.basis, h4.obligation, h4.member) = (one.year, one.basis, 'outcome', '340000')
  where status <> 'MET'
)
select year as reference_year, row_number() over (partition by year order by province_effect + coalesce(all_three_effect, 0) desc, city_effect desc nulls last, uscc) as rank,
  uscc, name, city as city_code, obligation as missing_obligation, if(status = 'NOT_MET', 'missing', 'unknown') as missing_as, n_obligations,
  province_effect, city_effect, all_three_effect
from effect;

create table tier_crossing as
with so_far as (
  select uscc, year, substr(period, 6)::integer as months, revenue as so_far, revenue * 12 / months as projected
  from figure join years on year = left(period, 4)::integer and not finished
  where not survey and length(period) = 7 and revenue is not null
  qualify row_number() over (partition by uscc, year order by months desc) = 1
)
select year as reference_year, obligation, uscc, name, city as city_code, threshold as threshold_yuan, if(projected >= threshold, 'up', 'down') as direction,
  so_far >= threshold as is_certain, months, so_far as revenue_so_far_yuan, projected::double as projected_yuan, yuan as revenue_before_yuan
from so_far join frame using (year, uscc)
join (select uscc, year + 1 as year, yuan from revenue where purpose = 'administrative' and not is_partial) using (year, uscc)
join (select obligation, threshold_yuan::decimal(24, 6) as threshold from obligation) on (projected >= threshold) <> (yuan >= threshold);

create table outside_register as
with named as (
  select 'enterprise_revenue' as source, uscc, name from enterprise_revenue union all
  select 'innovation_platform', host_uscc, host_name from innovation_platform union all
  select 'innovative_product', uscc, enterprise_name from innovative_product union all
  select 'rd_institution', host_uscc, host_name from rd_institution union all
  select 'standard', uscc, enterprise_name from standard
)
select source, uscc, min(name) as name, count(*) as n_rows from named anti join enterprise_register using (uscc) where uscc is not null group by all;

create table enterprise as
with numbered as (
  select r.*, place.* exclude (delivered), today, dense_rank() over (order by frame_year) as frame_no,
    hash(name, former_names, operating_area_code, registered_area_code, industry_code, size, park_id, status, opened_on, closed_on) as content,
    nullif(left(ltrim(industry_code, 'ABCDEFGHIJKLMNOPQRST'), 2), '') as digits
  from enterprise_register as r left join place on delivered = operating_area_code
), run as (
  select *, count(*) filter (changed) over (partition by uscc order by frame_no) as run, max(frame_no) over () as last_no from (
    select *, lag(content) over one is distinct from content or lag(frame_no) over one is distinct from frame_no - 1 as changed
    from numbered window one as (partition by uscc order by frame_no))
)
select uscc, make_date(min(frame_year) over same, 1, 1) as valid_from, if(frame_no < last_no, make_date(frame_year, 12, 31), null) as valid_to, run.name,
  array_to_string(former_names, '；') as former_names, today as operating_area_code, operating_area_code as operating_area_code_delivered, city as city_code,
  county as county_code, registered_area_code, industry_code, coalesce(section, left(industry_code, 1)) as industry_section,
  coalesce(digits, '_U') as industry_division, coalesce(park_id, '_N') as park_id, coalesce(size, '_U') as size, status as frame_status, opened_on, closed_on
from run left join industry on level = 'division' and code = digits
window same as (partition by uscc, run) qualify frame_no = max(frame_no) over same;
"""
