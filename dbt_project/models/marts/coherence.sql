-- Our figures beside those that were officially published: how far apart, and how far apart they may be (seed published_fact).
with ours as (
  select
    indicator_id,
    measure,
    reading,
    period,
    area_code,
    vintage,
    unnest(['value', 'numerator', 'denominator']) as part,
    unnest([value, numerator, denominator]) as our_value
  from {{ ref('indicator_value') }}
  where category = ''
)

select
  facts.fact_id,
  facts.name_zh,
  facts.name_en,
  facts.area_code,
  facts.year,
  facts.published_value,
  facts.as_published,
  facts.indicator_id,
  ours.our_value,
  ours.our_value - facts.published_value as difference,
  (ours.our_value - facts.published_value) / facts.published_value as relative_difference,
  facts.tolerance,
  case
    when ours.our_value is null then 'no_figure'
    when abs(ours.our_value - facts.published_value) <= facts.tolerance * facts.published_value then 'within'
    else 'beyond'
  end as state,
  ours.vintage,
  facts.because,
  facts.source
from {{ ref('published_fact') }} as facts
left join ours
  on
    facts.indicator_id = ours.indicator_id
    and facts.measure = ours.measure
    and facts.reading = ours.reading
    and facts.part = ours.part
    and facts.area_code = ours.area_code
    and cast(facts.year as varchar) = ours.period
