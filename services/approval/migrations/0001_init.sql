-- The joint approval: one plan, one task per department, one inspection, one decision.
-- Revisions are those of the application's materials, as intake counts them.

-- What was heard of a case number, and the row that the handlers of its events take turns on.
create table approval.arrival (
  number       text primary key,
  -- Set for good: a case withdrawn before it was accepted here is never opened.
  withdrawn_at timestamptz
);

-- Materials that were told of before the acceptance was; applied when it comes.
create table approval.early_material (
  number   text   not null,
  code     text   not null,
  revision bigint not null,
  primary key (number, code)
);

create table approval.joint_approval (
  number             text        primary key,
  center             text        not null,
  item               text        not null,
  item_version       bigint      not null,
  item_name_zh       text        not null,
  item_name_en       text        not null,
  subject            text        not null,
  lead               text        not null,
  state              text        not null check (state in ('RUNNING', 'DECIDED', 'WITHDRAWN')),
  materials_revision bigint      not null check (materials_revision >= 0),
  -- When the application was accepted.
  open_time          timestamptz not null,
  -- Running with every opinion in: the lead's turn.
  awaits_decision    boolean     not null check (state = 'RUNNING' or not awaits_decision),
  version            bigint      not null check (version > 0)
);
create index joint_approval_to_decide on approval.joint_approval (lead, open_time, number) where awaits_decision;

create table approval.decision (
  number             text        primary key references approval.joint_approval,
  outcome            text        not null check (outcome in ('GRANTED', 'GRANTED_WITH_CONDITIONS', 'REFUSED')),
  conditions         text        not null,
  reasons            text        not null,
  materials_revision bigint      not null,
  decided_by         text        not null,
  -- The account; `decided_by` is the name that documents show. So in all tables below.
  decided_by_id      text        not null,
  decided_at         timestamptz not null,
  check ((outcome = 'GRANTED_WITH_CONDITIONS') = (conditions <> '')),
  check (outcome <> 'REFUSED' or reasons <> '')
);

create table approval.material (
  number   text    not null references approval.joint_approval,
  code     text    not null,
  -- The revision that brought it.
  revision bigint  not null,
  -- Promised (容缺后补) and not yet handed in.
  promised boolean not null,
  primary key (number, code)
);

create table approval.task (
  number       text        not null references approval.joint_approval,
  department   text        not null,
  -- Its place in the plan; departments added midway come after.
  position     bigint      not null,
  limit_days   bigint      not null,
  after        text[]      not null,
  -- Empty: all.
  relies_on    text[]      not null,
  site_visit   boolean     not null,
  -- Why the lead added it; empty if the plan named it.
  added_reason text        not null,
  added_at     timestamptz not null,
  state        text        not null
    check (state in ('WAITING', 'OPEN', 'RETURNED', 'AWAITING_MATERIAL', 'OPINED', 'CLOSED')),
  -- When it last became the department's turn.
  open_time    timestamptz,
  reopened     bigint      not null,
  -- How often the department has spoken: the sequence of its last opinion.
  spoken       bigint      not null,
  primary key (number, department)
);
create index task_of_department on approval.task (department, coalesce(open_time, added_at), number);
create index task_in_state on approval.task (department, state, coalesce(open_time, added_at), number);

-- All that departments said; only `superseded_at` is ever written later.
create table approval.opinion (
  number             text        not null,
  department         text        not null,
  sequence           bigint      not null,
  kind               text        not null check (kind in ('APPROVE', 'APPROVE_WITH_CONDITIONS', 'OBJECT', 'RETURN')),
  conditions         text        not null,
  reason             text        not null,
  -- What a RETURN asks for.
  materials          text[]      not null,
  -- What was looked at.
  materials_revision bigint      not null,
  given_by           text        not null,
  given_by_id        text        not null,
  given_at           timestamptz not null,
  superseded_at      timestamptz,
  primary key (number, department, sequence),
  foreign key (number, department) references approval.task
);
create unique index opinion_standing on approval.opinion (number, department) where superseded_at is null;

-- What the lead did with a RETURN.
create table approval.return_resolution (
  number         text        not null,
  department     text        not null,
  sequence       bigint      not null,
  forwarded      boolean     not null,
  note           text        not null,
  due_on         date,
  resolved_by    text        not null,
  resolved_by_id text        not null,
  resolved_at    timestamptz not null,
  primary key (number, department, sequence),
  foreign key (number, department, sequence) references approval.opinion,
  check (forwarded = (due_on is not null))
);

create table approval.inspection (
  number         text        primary key references approval.joint_approval,
  state          text        not null check (state in ('PROPOSED', 'RECORDED', 'CONCLUDED')),
  proposal       bigint      not null,
  visit_time     timestamptz not null,
  place          text        not null,
  findings       text,
  recorded_by    text,
  recorded_by_id text,
  recorded_at    timestamptz,
  check ((state = 'PROPOSED') = (findings is null))
);

create table approval.inspection_party (
  number          text   not null references approval.inspection,
  department      text   not null,
  answer          text   not null check (answer in ('PENDING', 'CONFIRMED', 'DECLINED')),
  decline_reason  text   not null,
  -- Who was there: at least two (行政许可法 art. 34(3)); empty until the record is written.
  staff           text[] not null check (cardinality(staff) <> 1),
  conclusion      text   check (conclusion in ('PASSED', 'PASSED_WITH_RECTIFICATION', 'FAILED')),
  conclusion_text text,
  signed_by       text,
  signed_by_id    text,
  signed_at       timestamptz,
  primary key (number, department),
  check (conclusion is null or cardinality(staff) >= 2)
);

-- Changes that departments watch. A watcher gives committed rows their `seq`, so that no row can
-- turn up behind a cursor that has passed it, in whatever order transactions commit.
create table approval.task_change (
  id         uuid        primary key,
  department text        not null,
  number     text        not null,
  at         timestamptz not null,
  seq        bigint      unique
);
create index task_change_unnumbered on approval.task_change (id) where seq is null;
create index task_change_of_department on approval.task_change (department, seq);

-- The last `seq` given; its one row is locked while more are given.
create table approval.task_feed (
  singleton boolean primary key check (singleton),
  last      bigint  not null
);
insert into approval.task_feed (singleton, last) values (true, 0);
