-- Decided, and the fee is not settled yet.
alter table intake.application drop constraint application_state_check;
alter table intake.application add constraint application_state_check check (state in (
  'SUBMITTED', 'SUPPLEMENT_REQUESTED', 'SUPPLEMENTED', 'ACCEPTED',
  'REFUSED', 'WITHDRAWN', 'DECIDED', 'COMPLETED', 'DELIVERED'));
alter table intake.application drop constraint application_check;
alter table intake.application add constraint application_outcome_when_decided check (
  (outcome is not null) = (state in ('DECIDED', 'COMPLETED', 'DELIVERED')));

-- What fees tells of an application; no row: it has no fee.
create table intake.fee (
  number       text primary key references intake.application,
  -- LATER: the decision will make it due; DUE: fees was asked; SETTLED: nothing more is to be paid.
  state        text not null check (state in ('LATER', 'DUE', 'SETTLED')),
  -- The version of the notice that the rest is of.
  version      bigint not null default 0,
  notice       text,
  payment_code text,
  amount_fen   bigint,
  limit_on     date,
  receipt      text,
  how          text check (how in ('PAID', 'WAIVED', 'CANCELLED', 'NOTHING_LAWFUL', 'REFUNDED'))
);
