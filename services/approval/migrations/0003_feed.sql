-- Changes are added with their number, under the lock of the row of `task_feed`, as the last of their transaction.
with fresh as (
  select id, row_number() over (order by id) as place, count(*) over () as count
  from approval.task_change where seq is null),
feed as (
  update approval.task_feed set last = last + (select count(*) from fresh)
  where exists (select from fresh) returning last)
update approval.task_change c set seq = feed.last - fresh.count + fresh.place
from fresh, feed where c.id = fresh.id;

-- The index of what has no number goes with the ids.
alter table approval.task_change
  drop column id,
  drop constraint task_change_seq_key,
  alter seq set not null,
  add primary key (seq);
