create table notification.template (
  code        text not null,
  version     integer not null check (version > 0),
  -- A serialized yimen.notification.v1.Template.
  body        bytea not null,
  imported_at timestamptz not null,
  primary key (code, version)
);

create table notification.signature (
  center text primary key,
  text   text not null check (text <> '')
);

-- How applicants are reached: the one place of this service with their numbers.
create table notification.contact (
  number    text primary key,
  center    text not null,
  item_name text not null,
  mobile    text not null,
  at        timestamptz not null
);

create table notification.opt_out (
  mobile text primary key,
  at     timestamptz not null
);

create table notification.message (
  message      uuid primary key,
  center       text not null,
  number       text not null,
  -- What it tells of, such as ACCEPTED, or SUPPLEMENT_REQUESTED with the notice's number.
  transition   text not null,
  template     text not null,
  variables    jsonb not null,
  state        text not null check (state in (
                 'AWAITING_CONTACT', 'QUEUED', 'SENDING', 'SENT', 'DELIVERED', 'FAILED_PERMANENT',
                 'FAILED_TEMPORARY', 'UNKNOWN', 'SUPPRESSED')),
  mobile       text,
  text         text,
  carrier      text,
  -- What the carrier calls it.
  carrier_id   text,
  attempts     integer not null default 0,
  due_at       timestamptz not null,
  leased_until timestamptz,
  created_at   timestamptz not null,
  sent_at      timestamptz,
  ended_at     timestamptz,
  reason       text not null default '',
  -- One message for a transition of a case, however often it is told of.
  constraint message_once unique (number, transition),
  check ((state in ('AWAITING_CONTACT', 'SUPPRESSED')) or (mobile is not null and text is not null)),
  check ((state = 'SENDING') = (leased_until is not null))
);
create index message_due on notification.message (due_at, message) where state = 'QUEUED';
create index message_leased on notification.message (leased_until) where state = 'SENDING';
create index message_by_center on notification.message (center, message);
create index message_by_carrier_id on notification.message (carrier, carrier_id) where carrier_id is not null;
create index message_sent_to on notification.message (mobile, sent_at) where sent_at is not null;
create index message_sent_by on notification.message (center, sent_at) where sent_at is not null;

-- What the simulated carrier is and has received: as another house would keep it, in transactions of its own.
create table notification.simulator (
  only_row           boolean primary key default true check (only_row),
  refused_permille   integer not null default 0 check (refused_permille between 0 and 1000),
  failed_permille    integer not null default 0 check (failed_permille between 0 and 1000),
  timed_out_permille integer not null default 0 check (timed_out_permille between 0 and 1000),
  delay_millis       integer not null default 0 check (delay_millis between 0 and 3600000)
);
insert into notification.simulator default values;
create table notification.simulated (
  id          uuid primary key,
  message     uuid not null,
  mobile      text not null,
  text        text not null,
  outcome     text not null check (outcome in ('DELIVERED', 'FAILED', 'TIMED_OUT', 'REFUSED')),
  received_at timestamptz not null,
  report_at   timestamptz,
  reported_at timestamptz
);
create index simulated_to_report on notification.simulated (report_at) where reported_at is null and report_at is not null;
