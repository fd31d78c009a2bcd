"""Frame, tiers, evidence, statuses and coverage in seven dimensions.

Not here: what follows from them.
"""

from __future__ import annotations

WINDOW = 36  # months for which an outcome is news

DIMENSIONS = {
    "province": "province", "city": "city", "county": "county", "industry_section": "section",
    "industry_division": "division", "park": "park", "size": "size",
}  # fmt: skip
DIMENSION = "case " + " ".join(f"when {c} is not null then '{d}'" for d, c in DIMENSIONS.items()) + " end"
MEMBER = f"coalesce({', '.join(DIMENSIONS.values())})"
SETS = ", ".join(f"({{0}}, {column})" for column in DIMENSIONS.values())

STATISTICS = f"""
create table place as
  with recursive chain as (
    select old_code as delivered, new_code as code from area_change
    union all select chain.delivered, c.new_code from chain join area_change as c on chain.code = c.old_code
  ), today as (select delivered, code from chain union all select code, code from area)
  select delivered, today.code as today, province_code || '0000' as province,
    case when level = 'province' then '_U' else left(today.code, 4) || '00' end as city,
    case when level in ('county', 'zone') then today.code else '_U' end as county
  from today join area using (code) where today.code not in (select old_code from area_change);

create table lives as  -- where an enterprise is in a year: by that year's frame, else by the latest
  select y.year, uscc, arg_max(city, rank) as city, arg_max(size, rank) as size from (
    select y.year, uscc, city, coalesce(size, '_U') as size, if(frame_year = max(if(frame_year <= y.year, frame_year, null)) over (partition by y.year), 9999, frame_year) as rank
    from years as y cross join enterprise_register left join place on delivered = operating_area_code) as y
  group by all;

create table frame as
  with latest as (
    select y.year, max(frame_year) as frame_year from years as y join enterprise_register on frame_year <= y.year group by all
  ), coded as (
    select *, nullif(left(regexp_replace(industry_code, '^[A-Z]', ''), 2), '') as digits from enterprise_register
  )
  select latest.year, uscc, coded.name, former_names, province, city, county, coalesce(size, '_U') as size,
    coalesce(park_id, '_N') as park, coalesce(digits, '_U') as division,
    coalesce(industry.section, left(industry_code, 1)) as section
  from latest join coded using (frame_year) join place on place.delivered = operating_area_code
  left join industry on industry.level = 'division' and industry.code = digits
  where status = '在库' and province = '340000' and coalesce(industry.section, left(industry_code, 1)) in ('B', 'C', 'D');

create table uses as select * from (values ('statistical', true), ('administrative', false)) as u (purpose, sees_survey);

create table figure as
  select true as survey, 1 as rank, uscc, period, revenue, rd_expense from survey_finance
  union all select false, 2, uscc, period, revenue, rd_expense from enterprise_revenue;

create table revenue as
  with dated as (
    select *, left(period, 4)::integer as year, coalesce(nullif(substr(period, 6), '')::integer, 0) as month from figure
  )
  select purpose, uscc, year, coalesce(
      arg_min(revenue, rank * 100 + month) filter (where month in (0, 12)), arg_max(revenue, month * 10 - rank)) as yuan,
    not bool_or(month in (0, 12)) as is_partial,
    coalesce(arg_min(month, rank * 100 + month) filter (month in (0, 12)) = 12, true) as provisional
  from dated join uses on sees_survey or not survey group by all;

create table tier as
  with wanted as (
    select purpose, year, basis, year - lag as revenue_year, uscc
    from frame cross join uses cross join (values ('CY', 0), ('PY', 1)) as b (basis, lag)
  )
  select w.purpose, w.year, basis, obligation, w.uscc, yuan, provisional,
    case when yuan >= threshold_yuan::decimal(24, 6) then 'asked' when yuan is null or is_partial then 'unknown' end as state
  from wanted as w cross join obligation
  left join revenue as r on r.purpose = w.purpose and r.uscc = w.uscc and r.year = w.revenue_year
  where state is not null;

create table task as
  select source || '|' || key as key, key as no, uscc, coalesce(ended_on, case when status in ('验收', '终止', '退出') then coalesce(due_on, delivered_on) end) as done,
    coalesce(original_due_on, due_on) as due, * exclude (key, uscc, ended_on, due_on, original_due_on, delivered_on)
  from (
    select 'challenge_task' as source, task_id as key, lead_uscc as uscc, coalesce(started_on, taken_on) as began, true as counts, * from challenge_task
    union all by name
    select 'science_project' as source, project_no as key, lead_uscc as uscc, coalesce(started_on, case when status <> '立项' then approved_on end) as began,
      true as counts, * from science_project
    union all by name
    select 'university_industry_project' as source, project_id as key, started_on as began, key_project as counts, * from university_industry_project
  );

create table holder as
  select patent_no, kind, granted_on, lapsed_on, priority_recommended_on, i, holder_area_codes[i] as area_code, coalesce(code, names.uscc) as uscc
  from (
    select *, case when well_formed(code_of(holder_usccs[i])) then code_of(holder_usccs[i]) end as code
    from (select *, unnest(range(1, greatest(len(holders), len(coalesce(holder_usccs, []))) + 1)) as i from patent)
  ) left join names on code is null and names.name = name_of(holders[i]);

create table piece as
  with institution as (
    select 'rd_institution' as source, institution_id as key, host_uscc as uscc, recognised_on, valid_until, revoked_on
    from rd_institution where level in ('国家', '省', '市')
    union all
    select 'innovation_platform', platform_id, host_uscc, recognised_on, null, revoked_on
    from innovation_platform where level in ('国家', '省', '市')
  ), outcome as (
    select 'innovative_product' as source, product_id as key, uscc, recognised_on as dated, valid_until as until, revoked_on from innovative_product
    union all
    select 'patent', patent_no, uscc, granted_on, coalesce(lapsed_on - 1, date '9999-12-31'), null from holder where kind = '发明'
    union all
    select 'standard', standard_no || '|' || uscc, uscc, published_on,
      coalesce(coalesce(abolished_on, case when stage = '废止' then delivered_on end) - 1, date '9999-12-31'), null
    from standard where level in ('国际标准', '国家标准', '行业标准')
  ), survey as (
    select *, 'survey_rd_activity' as source, uscc || '|' || year as key from survey_rd_activity
  )
  select false as survey, 'activity' as obligation, year, uscc, source, no as key, null::date as until from task join years
    on counts and began <= d and (done is null or done >= starts) where uscc is not null
  union all
  select survey, 'activity', left(period, 4)::integer, uscc, if(survey, 'survey_finance', 'enterprise_revenue'), uscc || '|' || period, null
  from figure where rd_expense > 0 and uscc is not null
  union all
  select true, 'activity', year, uscc, 'survey_rd_project', uscc || '|' || year || '|' || project_no, null from survey_rd_project where expenditure > 0
  union all select true, 'activity', year, uscc, source, key, null from survey where rd_expense > 0
  union all
  select false, 'institution', year, uscc, source, key, least(valid_until, revoked_on - 1) from institution join years
    on recognised_on <= d and (valid_until is null or valid_until >= d) and (revoked_on is null or revoked_on > d) where uscc is not null
  union all select true, 'institution', year, uscc, source, key, null from survey where institutions >= 1
  union all
  select false, 'outcome', year, uscc, source, key,
    nullif(least(greatest(until, (dated + to_months({WINDOW}))::date - 1), revoked_on - 1), date '9999-12-31')
  from outcome join years on dated <= d and (revoked_on is null or revoked_on > d) and (dated > (d - to_months({
    WINDOW
}))::date or until >= d)
  where uscc is not null
  union all
  select true, 'outcome', year, uscc, source, key, null from survey where valid_inventions > 0 or new_product_sales > 0 or standards > 0;

create table evidence as
  select purpose, obligation, year, uscc, min({{'source': source, 'key': key}}) as first, count(distinct (source, key)) as n,
    if(count(*) = count(until), max(until), null) as until
  from piece semi join (from tier where state = 'asked') as t using (obligation, year, uscc) join uses on sees_survey or not survey group by all;

create table status as
  select tier.* exclude (state), case
      when evidence.uscc is not null then 'MET' when returned.uscc is not null then 'NOT_MET' else 'UNKNOWN' end as status,
      first.source as evidence_source, first.key as evidence_id, coalesce(n, 0) as evidence_count, until
  from tier
  left join evidence using (purpose, obligation, year, uscc)
  left join (select distinct 'statistical' as purpose, year, uscc from survey_rd_activity) as returned using (purpose, year, uscc)
  where state = 'asked';

create table coverage as
  with counted as (
    select tier.purpose, tier.year, tier.basis, tier.obligation, {DIMENSION} as dimension, {MEMBER} as member,
      count(*) filter (where state = 'asked') as n_asked, count(*) filter (where status = 'MET') as n_met,
      count(*) filter (where status = 'NOT_MET') as n_not_met, count(*) filter (where status = 'UNKNOWN') as n_unknown,
      count(*) filter (where state = 'unknown') as n_tier_unknown, bool_or(tier.provisional) filter (where state = 'asked') as provisional
    from tier join frame using (year, uscc) left join status using (purpose, year, basis, obligation, uscc)
    group by grouping sets ({SETS.format("tier.purpose, tier.year, tier.basis, tier.obligation")})
  ), members as (
    select year, {DIMENSION} as dimension, {MEMBER} as member from frame group by grouping sets ({
    SETS.format("year")
})
    union select year, level, code from years, area where province_code = '34' and level in ('province', 'city')
  ),
  filled as (
    select purpose, m.year, basis, obligation, m.dimension, m.member, coalesce(columns('n_.*'), 0), coalesce(provisional, false) as provisional,
      n_met / nullif(n_asked, 0) as rate, (n_met + n_unknown) / nullif(n_asked, 0) as rate_upper
    from members as m cross join uses cross join (values ('CY'), ('PY')) as b (basis) cross join (select obligation from obligation)
    left join counted using (purpose, year, basis, obligation, dimension, member)
  ), way as (  -- the straight path from the baseline to the target
    select year, finished, baseline_year::integer as baseline_year, target_rate::double as target_rate, tolerance::double as tolerance,
      (year - 1 - baseline_year::integer + (d - starts + 1) / (make_date(year, 12, 31) - starts + 1)) / (target_year::integer - baseline_year::integer) as gone
    from years cross join trajectory
  ), base as (select year as baseline_year, purpose, basis, obligation, dimension, member, rate as base_rate from filled)
  select * exclude (finished, baseline_year, tolerance, gone, base_rate, provisional, code, name, threshold_yuan, definition_id),
    case when gone >= 0 then base_rate + (target_rate - base_rate) * least(gone, 1) end as path_rate,
    case when finished then rate >= path_rate - tolerance - 1e-12 end as on_track, if(finished, 'P', 'N') as vintage,
    case when not finished then 'F' when provisional then 'P' else 'A' end as obs_status,
    case member when '_U' then '未说明' when '_N' then '不在开发区内' else coalesce(name, member) end as member_name,
    threshold_yuan::decimal(24, 6) as threshold_yuan, definition_id
  from filled join way using (year) left join base using (baseline_year, purpose, basis, obligation, dimension, member)
  join (select obligation, threshold_yuan, definition_id from obligation) using (obligation)
  left join (
    select if(level = 'zone', 'county', level) as dimension, code as member, name, code from area
    union all select 'industry_' || level, code, name, code from industry
  ) using (dimension, member)
  order by purpose, year, basis, obligation, dimension, member;
"""
