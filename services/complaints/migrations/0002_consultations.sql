create sequence complaints.question_serial minvalue 1 maxvalue 9999999 cycle;

-- 咨询. Who asks is not known here.
create table complaints.question (
  number          text primary key,
  center          text not null,
  version         bigint not null check (version > 0),
  -- Who is to answer; empty: the window.
  department      text not null,
  run             integer not null check (run > 0),
  item            text not null,
  title           text not null,
  body            text not null,
  may_publish     boolean not null,
  -- SHA-256 of number and lookup code.
  lookup_digest   bytea not null,
  asked_at        timestamptz not null,
  asked_on        date not null,
  state           text not null check (state in ('ASKED', 'ANSWERED', 'PUBLISHED', 'WITHHELD')),
  answer          text,
  -- A login.
  answered_by     text,
  answered_at     timestamptz,
  withheld_reason text not null default '',
  check ((state = 'ASKED') = (answer is null)),
  check ((answer is null) = (answered_by is null) and (answer is null) = (answered_at is null)),
  check ((state = 'WITHHELD') = (withheld_reason <> '')),
  check (state <> 'PUBLISHED' or may_publish)
);
create index question_by_center on complaints.question (center, state, number);
create index question_by_department on complaints.question (center, department, state, number);

-- Questions and answers as everyone reads them.
create table complaints.published_answer (
  number       text primary key references complaints.question,
  center       text not null,
  department   text not null,
  item         text not null,
  title        text not null,
  question     text not null,
  answer       text not null,
  -- What is searched: the three texts in lower case.
  searched     text not null generated always as (lower(title || ' ' || question || ' ' || answer)) stored,
  published_on date not null,
  -- A login.
  published_by text not null
);
create index published_answer_by_center on complaints.published_answer (center, number desc);
