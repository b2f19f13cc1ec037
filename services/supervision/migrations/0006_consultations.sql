-- The clocks of questions that were asked (咨询), which are no applications either.

alter table supervision.clock
  drop constraint clock_kind_check,
  add constraint clock_kind_check check (kind in (
    'ACCEPTANCE', 'DECISION', 'TASK', 'PROCEDURE', 'DELIVERY', 'FEE_FOLLOW_UP', 'SUPERVISION_CASE',
    'COMPLAINT_ACCEPTANCE', 'COMPLAINT_ANSWER', 'COMPLAINT_REVIEW', 'CONSULTATION'));
