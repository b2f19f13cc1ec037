-- The message tables of one service. `{schema}` is the service's schema.

-- Events on their way out, written by the transaction that they tell of.
create table {schema}.outbox (
  id           uuid primary key,
  source       text not null,
  kind         text not null,
  center       text not null,
  subject      text not null,
  version      bigint not null,
  time         timestamptz not null,
  traceparent  text,
  body         bytea not null,
  leased_until timestamptz,
  attempts     integer not null default 0,
  sent_at      timestamptz
);
create index outbox_waiting on {schema}.outbox (id) where sent_at is null;
create index outbox_sent on {schema}.outbox (sent_at) where sent_at is not null;

-- Events that had their effect here, written by the transaction of the effect.
create table {schema}.processed (
  source  text not null,
  id      uuid not null,
  kind    text not null,
  at      timestamptz not null,
  primary key (id, source)
);

-- The kinds of event that the service listens to.
create table {schema}.subscription (
  kind  text primary key,
  since timestamptz not null
);

-- Mutations that were answered, by the caller's name for them.
create table {schema}.request (
  caller     text not null,
  request_id text not null,
  method     text not null,
  digest     bytea not null,
  response   bytea not null,
  at         timestamptz not null,
  constraint request_once primary key (caller, request_id)
);
create index request_age on {schema}.request (at);

-- The days of years as they were announced after the program was made, in the order of their coming; a
-- later version of a year stands in the place of an earlier one.
create table {schema}.calendar_notice (
  version bigint primary key,
  year    integer not null,
  csv     text not null,
  at      timestamptz not null
);
