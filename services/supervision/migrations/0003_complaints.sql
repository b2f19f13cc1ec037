-- The clocks of complaints, which are cases of their own: their numbers are complaints', they have no item.

alter table supervision.clock
  drop constraint clock_kind_check,
  add constraint clock_kind_check check (kind in (
    'ACCEPTANCE', 'DECISION', 'TASK', 'PROCEDURE', 'DELIVERY', 'FEE_FOLLOW_UP', 'SUPERVISION_CASE',
    'COMPLAINT_ACCEPTANCE', 'COMPLAINT_ANSWER', 'COMPLAINT_REVIEW'));
alter table supervision.application
  drop constraint application_outcome_check,
  add constraint application_outcome_check check (outcome in ('', 'REFUSED', 'WITHDRAWN', 'CLOSED'));
