{#- The generic forms of indicators. A model lists figures, each a set of records and what to say of it; `measured` counts them for the
    province and its cities in every period. Keys of a figure (the first four are required, expressions are SQL over `from`):

    id        indicator
    from      a staging model (its rows in statistical use) or a common table expression of the model
    entity    what is counted once, in the province and in each city
    on        the day a record begins to count: its event, the start of its validity, its entry into a cohort
    time      flow (begins in the period; default) · stock (counts on day d) · spell (under way at some time of the period)
              · net (stock on day d less stock on the eve of the period) · ytd (begins between 1 January and day d)
    until     the first day on which it no longer counts (stock, spell, net); default: never ends
    where     which rows
    hit_on    the day it becomes a hit (share, funnel, cohort); default: the day it begins
    base_on   the day it enters the denominator; default: the day it begins
    amount, base   what is added up, and what that is divided by
    measures  measure → form: count (hits) · base (all) · share (hits / base) · of_total (a category's part of all) · net · sum · ratio (of sums) · growth (ratio less 1) · median
              · mean · open (base without a hit) · age (days from the last one to d) · flag (1 if there is one, else 0)
    reading   default main
    provisional  whether a record's figure is one (P where any of them is); default: no
    periods   default year
    category  an expression (blank: _U), or `labels`, a list of them; `total` adds the row of all; `categories` are shown even when empty
    area, uscc     its own area code and its enterprise's code; default area_code, uscc
    sources   whose deliveries it needs; default: the staging model's
    found_in  whose rows its entities are, for `innostat explain`; default: its sources
    province_only  no cities: its source knows no areas
    reported  what comes once a period: nothing at all for a period is unknown, not 0

    Day d is the period's last, or the as-of date while it runs: what happens later is not known to the period. -#}
{% macro measured(figures) -%}
{%- set spread = [] -%}
{%- for figure in figures if 'mean' in (figure.measures or {}).values() or 'median' in (figure.measures or {}).values() -%}
  {%- do spread.append(figures.index(figure) + 1) -%}
{%- endfor -%}
records as (
  {%- for figure in figures %}
  {%- set staged = figure.from.startswith('stg_') %}
  select
    {{ loop.index }} as set_no,
    {%- if figure.labels %}
    unnest(list_distinct({{ "list_append(coalesce(" ~ figure.labels ~ ", []), '')" if figure.total else figure.labels }})) as category,
    {%- elif figure.category %}
    {{ "unnest([coalesce(" ~ figure.category ~ ", '_U'), ''])" if figure.total else "coalesce(" ~ figure.category ~ ", '_U')" }} as category,
    {%- else %}
    '' as category,
    {%- endif %}
    cast({{ figure.entity }} as varchar) as entity,
    cast({{ figure.area or 'area_code' }} as varchar) as area_code,
    cast({{ figure.uscc or 'uscc' }} as varchar) as uscc,
    cast({{ figure.on }} as date) as from_on,
    cast({{ figure.until or 'null' }} as date) as until_on,
    cast({{ figure.base_on or figure.on }} as date) as base_on,
    cast({{ figure.hit_on or figure.on }} as date) as hit_on,
    cast({{ figure.amount or 'null' }} as decimal(24, 6)) as amount,
    cast({{ figure.base or 'null' }} as decimal(24, 6)) as base,
    cast({{ figure.provisional or 'false' }} as boolean) as is_provisional
  from {{ ref(figure.from) if staged else figure.from }}
  where {{ 'in_statistical_use' if staged else 'true' }}{{ ' and (' ~ figure.where ~ ')' if figure.where }}
  {{- '\n  union all' if not loop.last }}
  {%- endfor %}
),

sets (set_no, indicator_id, reading, timing, period_kinds, sources, found_in, categories, is_provincial, is_reported) as (
  values
  {%- for figure in figures %}
  (
    {{ loop.index }}, '{{ figure.id }}', '{{ figure.reading or 'main' }}', '{{ figure.time or 'flow' }}',
    {{ text_list(figure.periods or ['year']) }},
    {{ text_list(figure.sources or [figure.from | replace('stg_', '')]) }},
    {{ text_list(figure.found_in or figure.sources or [figure.from | replace('stg_', '')]) }},
    {{ text_list((figure.categories or []) + ([''] if figure.total or not (figure.category or figure.labels) else [])) }},
    {{ 'true' if figure.province_only else 'false' }}, {{ 'true' if figure.reported else 'false' }}
  ){{ ',' if not loop.last }}
  {%- endfor %}
),

measures (set_no, measure, form) as (
  values
  {%- for figure in figures %}
  {%- set outer_last = loop.last %}
  {%- set set_no = loop.index %}
  {%- for measure, form in (figure.measures or {'count': 'count'}).items() %}
  ({{ set_no }}, '{{ measure }}', '{{ form }}'){{ ',' if not (outer_last and loop.last) }}
  {%- endfor %}
  {%- endfor %}
),

set_periods as (
  select
    sets.set_no,
    sets.timing,
    periods.*
  from sets
  inner join {{ ref('int_period') }} as periods on list_contains(sets.period_kinds, periods.period_kind)
),

-- Numbers are told apart far more cheaply than names and codes, and a record is in many periods. Materialised: a second
-- reader of the numbers must find the same ones.
entities as materialized (
  select
    set_no,
    category,
    entity,
    row_number() over () as entity_no,
    count(*) = 1 as is_alone
  from records
  where entity is not null
  group by set_no, category, entity
),

-- Where a record counts: its own area, else its enterprise's in that year, else the province only.
placed as (
  select
    records.set_no,
    records.category,
    entities.entity_no,
    coalesce(entities.is_alone, true) as is_alone, -- what is of no entity is added up, never counted
    records.from_on,
    records.until_on,
    records.base_on,
    records.hit_on,
    records.amount,
    records.base,
    records.is_provisional,
    years.reference_year,
    coalesce(own.city_code, place.city_code) as city_code
  from records
  inner join (select distinct set_no, reference_year from set_periods) as years on records.set_no = years.set_no
  left join entities
    on records.set_no = entities.set_no and records.category = entities.category and records.entity = entities.entity
  left join {{ ref('int_area') }} as own on records.area_code = own.delivered_code
  left join {{ ref('int_enterprise_place') }} as place
    on records.uscc = place.uscc and years.reference_year = place.reference_year
),

-- Which records count in which period.
counting as (
  select
    placed.set_no,
    placed.category,
    placed.entity_no,
    placed.is_alone,
    placed.from_on,
    placed.amount,
    placed.base,
    placed.is_provisional,
    set_periods.period,
    -- Of a stock's change: does it count at the end, and did it on the eve of the period?
    case when set_periods.timing = 'net' then coalesce(placed.until_on > set_periods.reference_on, true) else placed.hit_on <= set_periods.reference_on end as is_hit,
    case when set_periods.timing = 'net' then placed.from_on < set_periods.starts_on else placed.base_on <= set_periods.reference_on end as is_base,
    placed.city_code
  from placed
  inner join set_periods
    on
      placed.set_no = set_periods.set_no
      and placed.reference_year = set_periods.reference_year
      and placed.from_on <= set_periods.reference_on
      and placed.from_on >= case set_periods.timing
        when 'flow' then set_periods.starts_on
        when 'ytd' then set_periods.year_starts_on
        else placed.from_on
      end
      and (
        placed.until_on is null
        or placed.until_on > case set_periods.timing
          when 'stock' then set_periods.reference_on
          when 'spell' then set_periods.starts_on
          when 'net' then set_periods.starts_on - 1
          else placed.until_on - 1
        end
      )
),

{# innostat explain asks `counting` which records stand behind a figure; it cuts the compiled model at this mark (orchestration/counted.py). -#}
-- counting ends here
-- An entity is counted once, however many records it has: in each of its cities, and once in the province.
by_city as (
  select
    set_no,
    period,
    category,
    entity_no,
    city_code,
    bool_or(is_hit) as is_hit,
    bool_or(is_base) as is_base,
    sum(amount) as amount,
    sum(base) as base,
    bool_or(is_provisional) as is_provisional,
    max(from_on) as last_on
  from counting
  where not is_alone
  group by all
),

by_area as (
  select
    * exclude (city_code),
    city_code as area_code
  from by_city
  where city_code is not null
  union all by name
  select
    set_no,
    period,
    category,
    entity_no,
    bool_or(is_hit) as is_hit,
    bool_or(is_base) as is_base,
    sum(amount) as amount,
    sum(base) as base,
    bool_or(is_provisional) as is_provisional,
    max(last_on) as last_on,
    '340000' as area_code
  from by_city
  group by all
  union all by name
  -- Most entities have one record, which needs no adding up.
  select
    * exclude (is_alone, from_on, city_code),
    from_on as last_on,
    unnest(if(city_code is null, ['340000'], ['340000', city_code])) as area_code
  from counting
  where is_alone
),

counted as (
  select
    set_no,
    period,
    area_code,
    category,
    count(entity_no) filter (where is_hit) as n_hit,
    count(entity_no) filter (where is_base) as n_base,
    sum(amount) as amount,
    sum(base) as base,
    bool_or(is_provisional) as is_provisional,
    max(last_on) as last_on
  from by_area
  group by all
),

{% if spread -%}
-- How the amounts of single records spread.
spreading as (
  select
    *,
    unnest(list_distinct(['340000', city_code])) as area_code
  from counting
  where set_no in ({{ spread | join(', ') }})
),

spread as (
  select
    set_no,
    period,
    area_code,
    category,
    avg(amount) as mean,
    median(amount) filter (where is_hit) as median
  from spreading
  group by set_no, period, area_code, category
),

{% endif -%}
delivered as (
  select distinct source
  from {{ source('raw', 'delivery') }}
  where refused_code is null
),

missing as (
  select
    wanted.set_no,
    string_agg(wanted.source, '、' order by wanted.source) as sources
  from (select set_no, unnest(sources) as source from sets) as wanted
  anti join delivered on wanted.source = delivered.source
  group by wanted.set_no
),

categories as (
  select distinct
    set_no,
    category
  from records
  union
  select
    set_no,
    unnest(categories) as category
  from sets
),

cells as (
  select
    sets.set_no,
    sets.indicator_id,
    sets.reading,
    sets.is_reported,
    set_periods.period,
    set_periods.reference_on,
    area.code as area_code,
    categories.category
  from sets
  inner join set_periods on sets.set_no = set_periods.set_no
  inner join categories on sets.set_no = categories.set_no
  inner join {{ ref('area') }} as area
    on area.province_code = '34' and (area.level = 'province' or (area.level = 'city' and not sets.is_provincial))
),

figured as (
  select
    cells.indicator_id,
    measures.measure,
    measures.form,
    cells.reading,
    cells.period,
    cells.area_code,
    cells.category,
    missing.sources as missing_sources,
    -- Of a return that comes once a period, none at all says nothing; of a register, none is none.
    cells.is_reported and max(counted.n_base) over (partition by cells.set_no, cells.period) is null as is_silent,
    counted.amount,
    counted.base,
    coalesce(counted.is_provisional, false) as is_provisional, -- where nothing counts nothing is provisional
    {{ 'spread.mean, spread.median' if spread else 'null as mean, null as median' }},
    cells.reference_on - counted.last_on as age,
    coalesce(counted.n_hit, 0) as n_hit,
    coalesce(counted.n_base, 0) as n_base,
    coalesce(max(counted.n_hit) filter (where cells.category = '')
      over (partition by cells.set_no, measures.measure, cells.period, cells.area_code), 0) as n_total
  from cells
  inner join measures on cells.set_no = measures.set_no
  left join counted
    on
      cells.set_no = counted.set_no
      and cells.period = counted.period
      and cells.area_code = counted.area_code
      and cells.category = counted.category
  {%- if spread %}
  left join spread
    on
      cells.set_no = spread.set_no
      and cells.period = spread.period
      and cells.area_code = spread.area_code
      and cells.category = spread.category
  {%- endif %}
  left join missing on cells.set_no = missing.set_no
),

valued as (
  select
    *,
    cast(case form
      when 'count' then n_hit
      when 'base' then n_base
      when 'open' then n_base - n_hit
      when 'net' then n_hit - n_base
      when 'flag' then least(n_hit, 1)
      when 'share' then n_hit / nullif(n_base, 0)
      when 'of_total' then n_hit / nullif(n_total, 0)
      when 'sum' then coalesce(amount, 0)
      when 'ratio' then cast(amount as double) / nullif(cast(base as double), 0)
      when 'growth' then cast(amount as double) / nullif(cast(base as double), 0) - 1
      when 'mean' then mean
      when 'median' then median
      when 'age' then age
    end as double) as value,
    cast(case when form in ('sum', 'ratio', 'growth') then coalesce(amount, 0) when form = 'open' then n_base - n_hit when form = 'base' then n_base else n_hit end as double) as numerator,
    cast(case form
      when 'share' then n_base
      when 'net' then n_base
      when 'open' then n_base
      when 'of_total' then n_total
      when 'ratio' then coalesce(base, 0)
      when 'growth' then coalesce(base, 0)
    end as double) as denominator,
    missing_sources is not null or is_silent as is_unknown
  from figured
  where not (form = 'of_total' and category = '')
)

select
  indicator_id,
  measure,
  reading,
  period,
  area_code,
  category,
  case when not is_unknown then value end as value,
  case when not is_unknown then numerator end as numerator,
  case when not is_unknown then denominator end as denominator,
  is_unknown,
  is_provisional,
  case
    when missing_sources is not null then '来源 ' || missing_sources || ' 尚无交付 | no delivery of ' || replace(missing_sources, '、', ', ') || ' yet'
    when is_silent then '本期尚无报送 | nothing reported for this period yet'
    when value is null then '无此类记录 | no such record'
  end as note
from valued
{%- endmacro %}

{% macro text_list(texts) -%}
  cast([{% for text in texts %}'{{ text }}'{{ ', ' if not loop.last }}{% endfor %}] as varchar[])
{%- endmacro %}

{#- A funnel: of the cases that enter in a period, how many reached each stage by day d, and how many of those of the stage before did.
    A case that reached a later stage has passed the earlier ones. `stages` are [name, day] in order. -#}
{% macro funnel(figure, stages) -%}
  {%- set figures = [] %}
  {%- for name, day in stages %}
    {%- set reached = 'least(' ~ (stages[loop.index0:] | map(attribute=1) | join(', ')) ~ ')' %}
    {%- set measures = {'count': 'count'} %}
    {%- set base = reached %}
    {%- if not loop.first %}
      {%- do measures.update({'share': 'share'}) %}
      {%- set base = 'least(' ~ (stages[loop.index0 - 1:] | map(attribute=1) | join(', ')) ~ ')' %}
    {%- endif %}
    {%- do figures.append(dict(figure, category="'" ~ name ~ "'", categories=[name], hit_on=reached, base_on=base, measures=measures)) %}
  {%- endfor %}
  {{ return(figures) }}
{%- endmacro %}
