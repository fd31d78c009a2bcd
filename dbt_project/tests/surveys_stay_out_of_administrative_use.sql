-- No survey answer is evidence, revenue or an answer in administrative use (domain.md 0 fact 9, trap 60).
select uscc
from {{ ref('int_evidence') }}
where purpose = 'administrative' and source like 'survey\_%' escape '\'
union all
select uscc
from {{ ref('int_revenue_figure') }}
where purpose = 'administrative' and source like 'survey\_%' escape '\'
union all
select uscc
from {{ ref('int_obligation_status') }}
where purpose = 'administrative' and reason_code = 'return_shows_none'
