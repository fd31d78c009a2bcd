-- The same rates under stricter and wider definitions (domain.md 6). Statistical use only: most of them need the survey.
{% set definitions = {
  'ACT-S': ['activity', 'is_recognised_project'], 'ACT-A': ['activity', 'true'],
  'INST-S': ['institution', "source = 'survey_rd_activity'"], 'INST-R': ['institution', "source != 'survey_rd_activity'"],
  'INST-R∪S': ['institution', 'true'],
  'OUT-S': ['outcome', "source = 'survey_rd_activity'"], 'OUT-R': ['outcome', "source != 'survey_rd_activity'"],
  'OUT-R∪S': ['outcome', 'true'],
} %}

with definitions (definition, obligation) as (
  values
  {% for definition, rule in definitions.items() -%}
    ('{{ definition }}', '{{ rule[0] }}'){{ ',' if not loop.last }}
  {% endfor %}
),

evidence as (
  select
    evidence.reference_year,
    evidence.obligation,
    evidence.uscc,
    evidence.source,
    -- The national formula counts a project of the survey only if it was recognised.
    evidence.source = 'survey_rd_project' and coalesce(project.recognised, false) as is_recognised_project
  from {{ ref('int_evidence') }} as evidence
  left join {{ ref('stg_survey_rd_project') }} as project
    on
      evidence.source = 'survey_rd_project'
      and evidence.evidence_key = project.uscc || '|' || project.year || '|' || project.project_no
      and project.in_statistical_use
  where evidence.purpose = 'statistical'
),

met as (
  {% for definition, rule in definitions.items() -%}
    select distinct
      reference_year,
      uscc,
      '{{ definition }}' as definition
    from evidence
    where obligation = '{{ rule[0] }}' and {{ rule[1] }}
    {{ 'union all' if not loop.last }}
  {% endfor %}
),

statuses as (
  select
    statuses.reference_year,
    statuses.tier_basis,
    statuses.obligation,
    definitions.definition,
    unnest(['340000', frame.city_code]) as area_code,
    met.uscc is not null as is_met,
    activity.uscc is not null or complete.year is not null as is_answered
  from {{ ref('int_obligation_status') }} as statuses
  inner join definitions on statuses.obligation = definitions.obligation
  inner join {{ ref('int_frame') }} as frame
    on statuses.reference_year = frame.reference_year and statuses.purpose = frame.purpose and statuses.uscc = frame.uscc
  left join met
    on
      statuses.reference_year = met.reference_year
      and statuses.uscc = met.uscc
      and definitions.definition = met.definition
  left join {{ ref('stg_survey_rd_activity') }} as activity
    on statuses.uscc = activity.uscc and statuses.reference_year = activity.year and activity.in_statistical_use
  left join {{ source('raw', 'complete_register') }} as complete
    on statuses.obligation = complete.obligation and statuses.reference_year = complete.year
  where statuses.purpose = 'statistical'
),

counts as (
  select
    reference_year,
    tier_basis,
    definition,
    area_code,
    count(*) filter (where is_met) as n_met,
    count(*) filter (where not is_met and not is_answered) as n_unknown
  from statuses
  group by all
)

-- No row in counts: nobody asked there, so nobody covered and nobody unknown.
select
  cells.reference_year,
  cells.tier_basis,
  cells.obligation,
  definitions.definition,
  cells.member_code as area_code,
  cells.n_asked,
  coalesce(counts.n_met, 0) as n_met,
  coalesce(counts.n_unknown, 0) as n_unknown,
  coalesce(counts.n_met, 0) / nullif(cells.n_asked, 0) as rate,
  (coalesce(counts.n_met, 0) + coalesce(counts.n_unknown, 0)) / nullif(cells.n_asked, 0) as rate_upper
from {{ ref('int_coverage') }} as cells
inner join definitions on cells.obligation = definitions.obligation
left join counts
  on
    cells.reference_year = counts.reference_year
    and cells.tier_basis = counts.tier_basis
    and definitions.definition = counts.definition
    and cells.member_code = counts.area_code
where cells.is_published and cells.dimension in ('province', 'city') and cells.purpose = 'statistical'
