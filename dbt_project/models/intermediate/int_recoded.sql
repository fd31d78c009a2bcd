-- The code of this year's frame for an enterprise that stood in last year's under another one. Where both codes stand in one frame they
-- are two enterprises there; of two candidates the first code is taken, so that no enterprise is counted twice.
with frame as (
  select
    reference_year,
    purpose,
    uscc
  from {{ ref('int_frame') }}
),

followed as (
  select
    years.reference_year,
    frame.purpose,
    frame.uscc as old_uscc,
    successions.new_uscc
  from frame
  inner join {{ ref('int_succession') }} as successions
    on frame.purpose = successions.purpose and frame.uscc = successions.old_uscc and successions.is_same
  inner join {{ ref('int_reference_year') }} as years
    on frame.reference_year + 1 = years.reference_year and successions.effective_on <= years.reference_on
)

select
  followed.reference_year,
  followed.purpose,
  followed.old_uscc,
  followed.new_uscc
from followed
semi join frame as now
  on followed.reference_year = now.reference_year and followed.purpose = now.purpose and followed.new_uscc = now.uscc
anti join frame as kept
  on followed.reference_year = kept.reference_year and followed.purpose = kept.purpose and followed.old_uscc = kept.uscc
anti join frame as already
  on followed.reference_year - 1 = already.reference_year and followed.purpose = already.purpose and followed.new_uscc = already.uscc
qualify
  row_number() over (partition by followed.reference_year, followed.purpose, followed.old_uscc order by followed.new_uscc) = 1
  and row_number() over (partition by followed.reference_year, followed.purpose, followed.new_uscc order by followed.old_uscc) = 1
