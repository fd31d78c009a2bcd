with years as (
  select * from {{ ref('int_reference_year') }}
),

-- Only the host is credited, not the co-builders (domain.md 5, trap 26).
institutions as (
  {{ by_purpose(ref('stg_rd_institution'), [
    "'rd_institution' as source", 'institution_id as evidence_key', 'host_uscc as uscc', 'level', 'recognised_on', 'valid_until', 'revoked_on',
  ]) }}
  union all
  {{ by_purpose(ref('stg_innovation_platform'), [
    "'innovation_platform' as source", 'platform_id as evidence_key', 'host_uscc as uscc', 'level', 'recognised_on', 'null as valid_until', 'revoked_on',
  ]) }}
),

recognised as (
  select
    years.reference_year,
    institutions.purpose,
    institutions.uscc,
    institutions.source,
    institutions.evidence_key,
    -- 有效期至 includes its day; a revocation counts from its day on.
    least(institutions.valid_until, institutions.revoked_on - 1) as counts_until
  from institutions
  inner join years
    on
      institutions.recognised_on <= years.reference_on
      and (institutions.valid_until is null or institutions.valid_until >= years.reference_on)
      and (institutions.revoked_on is null or institutions.revoked_on > years.reference_on)
  where institutions.uscc is not null and institutions.level in ('国家', '省', '市')
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
  where in_statistical_use and institutions >= 1
)

select * from recognised
union all
select * from surveyed
