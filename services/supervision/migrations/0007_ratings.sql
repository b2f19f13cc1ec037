-- The clocks of negative ratings, whose cases of rectification are cases of their own.

alter table supervision.clock
  drop constraint clock_kind_check,
  add constraint clock_kind_check check (kind in (
    'ACCEPTANCE', 'DECISION', 'TASK', 'PROCEDURE', 'DELIVERY', 'FEE_FOLLOW_UP', 'SUPERVISION_CASE',
    'COMPLAINT_ACCEPTANCE', 'COMPLAINT_ANSWER', 'COMPLAINT_REVIEW', 'CONSULTATION',
    'RATING_CONTACT', 'RATING_RECTIFICATION', 'RATING_RETURN_VISIT'));
