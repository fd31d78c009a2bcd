{#- An outcome counts while it is news (36 months) and, for as long as it is in force, afterwards. -#}
{% set window_months = 36 %}

with years as (
  select * from {{ ref('int_reference_year') }}
),

-- A product is news, it doesn't last by silence: past the window it needs a validity that was given.
products as (
  {{ by_purpose(ref('stg_innovative_product'), [
    "'innovative_product' as source", 'product_id as evidence_key', 'uscc', 'recognised_on as dated_on',
    'valid_until as in_force_until', 'revoked_on',
  ]) }}
),

-- Every holder is credited (domain.md 5, traps 27 and 28); a patent stays in force until it lapses.
patents as (
  {{ by_purpose(ref('stg_patent'), [
    "'patent' as source", 'patent_no as evidence_key', 'unnest(list_distinct(holder_usccs)) as uscc', 'kind', 'granted_on as dated_on',
    "coalesce(lapsed_on - 1, date '9999-12-31') as in_force_until", 'cast(null as date) as revoked_on',
  ]) }}
),

-- 废止 without a date: abolished from the day of the delivery that says so.
standards as (
  {{ by_purpose(ref('stg_standard'), [
    "'standard' as source", "standard_no || '|' || uscc as evidence_key", 'uscc', 'level', 'published_on as dated_on',
    "coalesce(coalesce(abolished_on, case when stage = '废止' then delivered_on end) - 1, date '9999-12-31') as in_force_until",
    'cast(null as date) as revoked_on',
  ]) }}
),

dated as (
  select purpose, source, evidence_key, uscc, dated_on, in_force_until, revoked_on
  from products
  union all
  select purpose, source, evidence_key, uscc, dated_on, in_force_until, revoked_on
  from patents
  where kind = '发明'
  union all
  select purpose, source, evidence_key, uscc, dated_on, in_force_until, revoked_on
  from standards
  where level in ('国际标准', '国家标准', '行业标准')
),

recognised as (
  select
    years.reference_year,
    dated.purpose,
    dated.uscc,
    dated.source,
    dated.evidence_key,
    least(
      greatest(dated.in_force_until, cast(dated.dated_on + to_months({{ window_months }}) as date) - 1),
      dated.revoked_on - 1
    ) as counts_until
  from dated
  inner join years
    on
      dated.dated_on <= years.reference_on
      and (dated.revoked_on is null or dated.revoked_on > years.reference_on)
      and (
        dated.dated_on > {{ months_before('years.reference_on', window_months) }}
        or dated.in_force_until >= years.reference_on
      )
  where dated.uscc is not null
),

surveyed as (
  select
    year as reference_year,
    'statistical' as purpose,
    uscc,
    'survey_rd_activity' as source,
    uscc || '|' || year as evidence_key,
    cast(null as date) as counts_until
  from {{ ref('stg_survey_rd_activity') }}
  where in_statistical_use and (valid_inventions > 0 or new_product_sales > 0 or standards > 0)
)

select
  reference_year,
  purpose,
  uscc,
  source,
  evidence_key,
  nullif(counts_until, date '9999-12-31') as counts_until
from recognised
union all
select * from surveyed
