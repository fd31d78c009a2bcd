with figures as (
  select * from {{ ref('int_revenue_figure') }}
),

-- Within a source the year's figure, else December's cumulative one; the survey before the departments' monitoring.
of_year as (
  select
    purpose,
    uscc,
    year,
    revenue_yuan,
    month is not null as is_provisional,
    false as is_partial
  from figures
  where month is null or month = 12
  qualify row_number() over (
    partition by purpose, uscc, year
    order by source_rank asc, month asc nulls first
  ) = 1
),

-- Only where no source has the year: the latest cumulative figure. It can prove that a threshold is reached, never that it isn't.
so_far as (
  select
    figures.purpose,
    figures.uscc,
    figures.year,
    figures.revenue_yuan,
    true as is_provisional,
    true as is_partial
  from figures
  anti join of_year
    on figures.purpose = of_year.purpose and figures.uscc = of_year.uscc and figures.year = of_year.year
  qualify row_number() over (
    partition by figures.purpose, figures.uscc, figures.year
    order by figures.month desc, figures.source_rank asc
  ) = 1
)

select * from of_year
union all
select * from so_far
