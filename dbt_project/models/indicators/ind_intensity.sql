{#- H9 to H12 and T16-4: money and returns of the frame's enterprises. Ratios are of sums, over the enterprises that have both figures. -#}
{%- set frame = {'entity': 'uscc', 'area': 'city_code', 'uscc': 'null', 'on': 'reference_on', 'reported': true} -%}
{%- set surveyed = dict(frame, from='returned', measures={'share': 'share'}) -%}
{#- An entity of a ratio of money is the row that has both figures; either source of them will do. -#}
{%- set spending = dict(frame, from='figures', entity='figure_key', amount='rd_expense_yuan', base='revenue_yuan', measures={'share': 'ratio'},
  provisional='is_provisional', sources=['enterprise_register'], found_in=['enterprise_revenue']) -%}
{%- set figures = [
  dict(surveyed, id='H9', hit_on='if(has_activity, reference_on, null)', sources=['survey_rd_activity', 'enterprise_register']),
  dict(surveyed, id='H10', hit_on='if(has_institution, reference_on, null)', sources=['survey_rd_activity', 'enterprise_register']),
  dict(spending, id='H11', where="length(period) = 4"),
  dict(spending, id='H11', where="length(period) = 7", periods=['month']),
  dict(frame, id='H12', from='product_sales', provisional='is_provisional', amount='new_product_sales', base='revenue_yuan', measures={'share': 'ratio'},
    sources=['survey_rd_activity', 'enterprise_register']),
  dict(spending, id='T16-4', where="length(period) = 4 and is_in_park", sources=['development_park', 'enterprise_register']),
] -%}

with frame as (
  select
    frame.reference_year,
    frame.uscc,
    frame.city_code,
    park.park_id is not null as is_in_park,
    years.reference_on
  from {{ ref('int_frame') }} as frame
  inner join {{ ref('int_reference_year') }} as years on frame.reference_year = years.reference_year
  left join {{ ref('stg_development_park') }} as park on frame.park_id = park.park_id and park.in_statistical_use
  where frame.purpose = 'statistical'
),

spent as (
  select uscc, year from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use and rd_expense > 0
  union
  select uscc, year from {{ ref('stg_survey_rd_project') }}
  where in_statistical_use and expenditure > 0
),

hosted as (
  select uscc, year from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use and institutions >= 1
),

-- Years for which returns came in: before, nothing can be said of anyone (missing is not "none").
returned as (
  select
    frame.*,
    spent.uscc is not null as has_activity,
    hosted.uscc is not null as has_institution
  from frame
  semi join {{ ref('stg_survey_rd_activity') }} as any_return on frame.reference_year = any_return.year and any_return.in_statistical_use
  left join spent on frame.uscc = spent.uscc and frame.reference_year = spent.year
  left join hosted on frame.uscc = hosted.uscc and frame.reference_year = hosted.year
),

-- One figure an enterprise and period: the year's (else December's cumulative), and each month's cumulative one; the survey first.
figures_given as (
  select
    *,
    uscc || '|' || period as figure_key,
    case when month is null or month = 12 then cast(year as varchar) end as year_period
  from {{ ref('int_revenue_figure') }}
  where purpose = 'statistical' and revenue_yuan is not null and rd_expense_yuan is not null
),

of_period as (
  -- December's cumulative figure where the year's is not there is provisional (interface 4, Revenue).
  select
    uscc,
    figure_key,
    year,
    year_period as period,
    last_day(make_date(year, 12, 1)) as period_on,
    revenue_yuan,
    rd_expense_yuan,
    month is not null as is_provisional
  from figures_given
  where year_period is not null
  qualify row_number() over (partition by uscc, year order by source_rank, month nulls first) = 1
  union all
  select uscc, figure_key, year, period, last_day(make_date(year, month, 1)) as period_on, revenue_yuan, rd_expense_yuan, false as is_provisional
  from figures_given
  where month is not null
  qualify row_number() over (partition by uscc, period order by source_rank) = 1
),

figures as (
  select
    of_period.figure_key,
    frame.city_code,
    frame.is_in_park,
    of_period.period,
    least(of_period.period_on, frame.reference_on) as reference_on,
    of_period.revenue_yuan,
    of_period.rd_expense_yuan,
    of_period.is_provisional
  from of_period
  inner join frame on of_period.uscc = frame.uscc and of_period.year = frame.reference_year
),

product_sales as (
  select
    frame.uscc,
    frame.city_code,
    frame.reference_on,
    activity.new_product_sales,
    revenue.revenue_yuan,
    revenue.is_provisional
  from frame
  inner join {{ ref('stg_survey_rd_activity') }} as activity
    on frame.uscc = activity.uscc and frame.reference_year = activity.year and activity.in_statistical_use
  inner join {{ ref('int_revenue') }} as revenue
    on frame.uscc = revenue.uscc and frame.reference_year = revenue.year and revenue.purpose = 'statistical' and not revenue.is_partial
),

{{ measured(figures) }}
