-- Who followed whom, over any number of events. A rename, a new code or a relocation leaves the same enterprise.
with recursive events as (
  {{ by_purpose(ref('stg_enterprise_event'), [
    'old_uscc', 'new_uscc', 'effective_on', "kind in ('更名', '换码', '迁移') as is_same",
  ]) }}
),

successions as (
  select
    purpose,
    old_uscc,
    new_uscc,
    effective_on,
    is_same
  from events
  where new_uscc is not null and new_uscc != old_uscc
  union
  -- A chain of events has taken place with the last of them; no enterprise comes of itself.
  select
    successions.purpose,
    successions.old_uscc,
    events.new_uscc,
    greatest(successions.effective_on, events.effective_on) as effective_on,
    successions.is_same and events.is_same as is_same
  from successions
  inner join events
    on successions.purpose = events.purpose and successions.new_uscc = events.old_uscc and successions.old_uscc != events.new_uscc
)

select
  purpose,
  old_uscc,
  new_uscc,
  effective_on,
  is_same
from successions
