-- The item catalog: every version as it was published.
create table intake.item_version (
  code           text not null,
  version        integer not null check (version > 0),
  effective_from date not null,
  centers        text[] not null,
  -- The guide as a serialized yimen.intake.v1.ServiceItem.
  body           bytea not null,
  imported_at    timestamptz not null,
  primary key (code, version)
);

-- Serials without a row to fight for: a serial may be lost, none is given twice on a day.
create sequence intake.case_serial minvalue 0 maxvalue 999999 start 1 cycle;
create sequence intake.document_serial minvalue 1 maxvalue 9999999 cycle;

create table intake.application (
  number             text primary key,
  center             text not null,
  item               text not null,
  item_version       integer not null,
  item_name_zh       text not null,
  item_name_en       text not null,
  state              text not null check (state in (
                       'SUBMITTED', 'SUPPLEMENT_REQUESTED', 'SUPPLEMENTED', 'ACCEPTED',
                       'REFUSED', 'WITHDRAWN', 'COMPLETED', 'DELIVERED')),
  version            bigint not null check (version > 0),
  outcome            text check (outcome in ('GRANTED', 'GRANTED_WITH_CONDITIONS', 'REFUSED')),
  applicant_kind     text not null check (applicant_kind in ('PERSON', 'ORGANIZATION')),
  applicant_name     text not null,
  id_number          text not null,
  contact_name       text not null,
  mobile             text not null,
  address            text not null,
  subject            text not null,
  form               jsonb not null,
  -- SHA-256 of number and lookup code.
  lookup_digest      bytea not null,
  online             boolean not null,
  materials_revision integer not null check (materials_revision > 0),
  notices            integer not null default 0 check (notices >= 0),
  submitted_at       timestamptz not null,
  accepted_at        timestamptz,
  completed_at       timestamptz,
  delivered_at       timestamptz,
  check ((outcome is not null) = (state in ('COMPLETED', 'DELIVERED'))),
  foreign key (item, item_version) references intake.item_version (code, version)
);
create index application_by_center on intake.application (center, number);
create index application_by_state on intake.application (center, state, number);

-- What happened, in order; never changed.
create table intake.history (
  number   text not null references intake.application,
  sequence bigint not null,
  happened text not null,
  state    text not null,
  document text,
  at       timestamptz not null,
  primary key (number, sequence)
);

-- Every version of every material. Revision 0 is a promise to hand it in.
create table intake.material (
  number     text not null references intake.application,
  code       text not null,
  revision   integer not null check (revision >= 0),
  file_name  text not null,
  media_type text not null,
  size       bigint not null,
  sha256     bytea,
  at         timestamptz not null,
  primary key (number, code, revision),
  check ((sha256 is null) = (revision = 0))
);

-- What the applicant was asked for or promised.
create table intake.owed (
  number     text not null references intake.application,
  code       text not null,
  ground     text not null check (ground in ('SUPPLEMENT', 'PROMISED', 'RETURNED')),
  asked_at   timestamptz not null,
  reason     text not null,
  due_on     date,
  settled_at timestamptz,
  primary key (number, code, ground, asked_at)
);
create index owed_open on intake.owed (number) where settled_at is null;

-- Numbered documents as issued.
create table intake.document (
  document  text primary key,
  number    text not null references intake.application,
  kind      text not null,
  issued_at timestamptz not null,
  text_zh   text not null,
  text_en   text not null
);
create index document_by_application on intake.document (number, issued_at);

-- Files taken in ahead of an application.
create table intake.upload (
  id         uuid primary key,
  file_name  text not null,
  media_type text not null,
  size       bigint not null,
  sha256     bytea not null,
  at         timestamptz not null,
  used_by    text
);

-- Departments that take part in the approval and so may read the application.
create table intake.participant (
  number     text not null references intake.application,
  department text not null,
  primary key (number, department)
);

-- Wrong lookup codes, counted per number and caller within a window of time.
create table intake.lookup_attempt (
  key      text primary key,
  since    timestamptz not null,
  failures integer not null
);
create index lookup_attempt_age on intake.lookup_attempt (since);
