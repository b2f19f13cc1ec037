-- Serials without a row to fight for: one may be lost, none is given twice.
create sequence complaints.complaint_serial minvalue 1 maxvalue 9999999 cycle;
create sequence complaints.accountability_serial minvalue 1 maxvalue 9999999 cycle;

-- 行政效能投诉. Who complains stands in `complainant` alone.
create table complaints.complaint (
  number              text primary key,
  center              text not null,
  version             bigint not null check (version > 0),
  kind                text not null check (kind in ('COMPLAINT', 'ACCUSATION')),
  channel             text not null check (channel in ('WEB', 'WINDOW', 'VISIT', 'TELEPHONE', 'LETTER', 'SMS')),
  identity            text not null check (identity in ('NAMED', 'PROTECTED', 'ANONYMOUS')),
  grounds             text[] not null check (cardinality(grounds) > 0),
  about               text not null check (about in ('CASE', 'WINDOW', 'DEPARTMENT', 'PERSON', 'UNPUBLISHED')),
  -- What it is about, as it was said; empty where it was not.
  about_number        text not null,
  about_department    text not null,
  about_window        text not null,
  about_login         text not null,
  about_description   text not null,
  body                text not null,
  group_size          integer not null check (group_size >= 0),
  -- SHA-256 of number and lookup code.
  lookup_digest       bytea not null,
  -- The login of whoever took it down; empty on line.
  taken_by            text not null,
  filed_at            timestamptz not null,
  filed_on            date not null,
  state               text not null check (state in (
                        'REGISTERED', 'HANDLING', 'ANSWERED', 'TOLD', 'REVIEWING', 'REVIEWED', 'CLOSED')),
  -- Since it was accepted.
  way                 text check (way in ('OWN', 'ASSIGNED', 'TRANSFERRED')),
  -- Who handles it; empty: the supervisor's office.
  department          text not null default '',
  run                 integer not null default 0 check (run >= 0),
  accepted_on         date,
  received_on         date,
  -- Days that were added in this run.
  run_extension       integer not null default 0 check (run_extension between 0 and 30),
  objection           text,
  objected            boolean not null default false,
  -- 延期, once.
  extension_days      integer check (extension_days between 1 and 30),
  extension_approver  text not null default '',
  extension_reason    text not null default '',
  reopened            boolean not null default false,
  -- Told or asked for a review at this level, on this day.
  level               integer not null default 0 check (level between 0 and 2),
  stage_on            date,
  closing             text check (closing in ('DECLINED', 'SATISFIED', 'WITHDRAWN', 'MERGED', 'LAPSED', 'FINAL')),
  procedure           text check (procedure in (
                        'COURT', 'ADMINISTRATIVE_REVIEW', 'PETITION', 'INFORMATION_REQUEST', 'DISCIPLINE_INSPECTION')),
  closing_reason      text not null default '',
  merged_into         text references complaints.complaint,
  check ((state = 'CLOSED') = (closing is not null)),
  check ((closing is not distinct from 'DECLINED') = (procedure is not null)),
  check ((closing is not distinct from 'MERGED') = (merged_into is not null)),
  check (merged_into <> number),
  check ((run > 0) = (way is not null) and (run > 0) = (received_on is not null)),
  check ((way is not distinct from 'OWN') or way is null or department <> '')
);
create index complaint_by_center on complaints.complaint (center, number desc);
create index complaint_by_department on complaints.complaint (department, number desc) where department <> '';
create index complaint_by_case on complaints.complaint (about_number) where about_number <> '';
create index complaint_told on complaints.complaint (stage_on) where state = 'TOLD';
create index complaint_merged on complaints.complaint (merged_into) where merged_into is not null;

-- Who complains: personal data, here and nowhere else.
create table complaints.complainant (
  number          text primary key references complaints.complaint,
  name            text not null,
  mobile          text not null,
  address         text not null,
  representatives text[] not null check (cardinality(representatives) <= 5)
);

-- Whom a complaint is about: recused from it.
create table complaints.accused (
  number text not null references complaints.complaint,
  kind   text not null check (kind in ('DEPARTMENT', 'WINDOW', 'PERSON')),
  id     text not null,
  primary key (number, kind, id)
);

-- The departments that take part in an application, as approval tells of them: recused from complaints about it.
create table complaints.party (
  number     text not null,
  department text not null,
  primary key (number, department)
);

create table complaints.answer (
  number     text not null references complaints.complaint,
  run        integer not null,
  level      integer not null check (level between 0 and 2),
  text       text not null,
  finding    text not null check (finding in ('FOUNDED', 'PARTLY_FOUNDED', 'UNFOUNDED')),
  author     text not null,
  -- Empty: the supervisor's office.
  department text not null,
  at         timestamptz not null,
  primary key (number, run, level)
);

-- What happened, in order; never changed.
create table complaints.step (
  step   uuid primary key,
  number text not null references complaints.complaint,
  what   text not null,
  at     timestamptz not null,
  -- A login, or empty for the complainant and for time.
  by     text not null,
  note   text not null
);
create index step_by_number on complaints.step (number, step);

create table complaints.attachment (
  number     text not null references complaints.complaint,
  position   integer not null check (position > 0),
  file_name  text not null,
  media_type text not null,
  size       bigint not null,
  content    bytea not null,
  primary key (number, position)
);

-- Complaints and wrong lookup codes, counted so that a flood from one place stops there.
create table complaints.attempt (
  key   text primary key,
  since timestamptz not null,
  count integer not null
);

-- 责任追究, once for each unit or person.
create table complaints.accountability (
  accountability_case text primary key,
  complaint           text not null references complaints.complaint,
  center              text not null,
  version             bigint not null check (version > 0),
  held_kind           text not null check (held_kind in ('DEPARTMENT', 'WINDOW', 'PERSON')),
  held_id             text not null,
  opened_on           date not null,
  state               text not null check (state in ('OPEN', 'DECIDED', 'CARRIED_OUT', 'PUBLISHED', 'DROPPED')),
  finding             text not null default '',
  measure             text check (measure in ('CRITICISM', 'CIRCULAR', 'NO_AWARD', 'REFERRAL')),
  decided_by          text not null default '',
  decided_at          timestamptz,
  evidence            text not null default '',
  carried_out_on      date,
  public_text         text not null default '',
  published_at        timestamptz,
  drop_reason         text not null default '',
  constraint accountability_once unique (complaint, held_kind, held_id),
  check ((state in ('OPEN', 'DROPPED')) = (measure is null)),
  check ((state in ('CARRIED_OUT', 'PUBLISHED')) = (carried_out_on is not null)),
  check ((state = 'PUBLISHED') = (published_at is not null))
);
create index accountability_by_center on complaints.accountability (center, accountability_case desc);
create index accountability_public on complaints.accountability (published_at desc, accountability_case desc)
  where state = 'PUBLISHED';
