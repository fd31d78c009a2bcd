-- Who is asked for an outcome is asked for an institution, and who is asked for that is asked for activity.
select
  reference_year,
  tier_basis,
  purpose,
  uscc
from {{ ref('int_tier') }}
where tier_state = 'asked'
group by reference_year, tier_basis, purpose, uscc
having
  count(*) filter (where obligation = 'outcome') > count(*) filter (where obligation = 'institution')
  or count(*) filter (where obligation = 'institution') > count(*) filter (where obligation = 'activity')
