-- 好差评.
create sequence complaints.rectification_serial minvalue 1 maxvalue 9999999 cycle;
create sequence complaints.call_in_serial minvalue 1 maxvalue 9999999 cycle;

-- What intake tells of a case in any order: where, by whom, about what it was served. Who has the row may write
-- the invitations of the case.
create table complaints.served (
  number     text primary key,
  item       text not null default '',
  -- The window that accepted it, and the login of its clerk; empty where none did.
  window_id  text not null default '',
  clerk      text not null default '',
  -- The lead department of the plan.
  department text not null default ''
);

-- An event that may be rated, once.
create table complaints.invitation (
  number      text not null references complaints.served,
  event       text not null check (event in ('VISIT', 'COMPLETION')),
  center      text not null,
  served_on   date not null,
  -- Of a visit: the window that took the application in, and its clerk; empty on line.
  window_id   text not null,
  clerk       text not null,
  -- 提醒, once.
  reminded_at timestamptz,
  primary key (number, event)
);
create index invitation_to_remind on complaints.invitation (served_on, number)
  where event = 'COMPLETION' and reminded_at is null;

-- What leads to an event: SHA-256 of a token that is kept nowhere. May be heard of before the event.
create table complaints.rating_link (
  digest bytea primary key check (octet_length(digest) = 32),
  number text not null,
  event  text not null check (event in ('VISIT', 'COMPLETION'))
);

-- A rating. Who rated stands in `rater` alone.
create table complaints.rating (
  rating           uuid primary key,
  number           text not null,
  event            text not null,
  center           text not null,
  window_id        text not null,
  clerk            text not null,
  department       text not null,
  item             text not null,
  level            integer not null check (level between 1 and 5),
  aspects          text[] not null,
  text             text not null,
  identity         text not null check (identity in ('NAMED', 'PROTECTED', 'ANONYMOUS')),
  rated_at         timestamptz not null,
  -- The first day of its month.
  month            date not null check (extract(day from month) = 1),
  set_aside        text check (set_aside in ('MISTAKEN', 'MALICIOUS')),
  set_aside_reason text not null default '',
  set_aside_by     text not null default '',
  set_aside_at     timestamptz,
  constraint rated_once unique (number, event),
  foreign key (number, event) references complaints.invitation,
  check ((set_aside is null) = (set_aside_at is null))
);
create index rating_by_center on complaints.rating (center, rating desc);
create index rating_by_month on complaints.rating (month, center);
create index rating_set_aside on complaints.rating (set_aside_at desc, rating desc) where set_aside is not null;

-- Who rated: personal data, here and nowhere else.
create table complaints.rater (
  rating uuid primary key references complaints.rating,
  name   text not null,
  mobile text not null
);

-- 差评整改: a negative rating's way to its outcome.
create table complaints.rectification (
  rectification      text primary key,
  rating             uuid not null unique references complaints.rating,
  center             text not null,
  version            bigint not null check (version > 0),
  opened_on          date not null,
  -- Who handles it; empty: the supervisor's office.
  department         text not null default '',
  run                integer not null default 1 check (run > 0),
  state              text not null check (state in ('OPEN', 'CONTACTED', 'RECTIFIED', 'VISITED', 'CLOSED')),
  -- The day from which the days of what is to be done next count.
  from_on            date not null,
  -- Working days that were added to what is in hand.
  run_extension      integer not null default 0 check (run_extension between 0 and 10),
  sent_back          boolean not null default false,
  visit              text check (visit in ('PLEASED', 'DISPLEASED', 'ABSENT')),
  extension_days     integer check (extension_days between 1 and 10),
  extension_approver text not null default '',
  extension_reason   text not null default '',
  measures           text not null default '',
  outcome            text check (outcome in (
                       'RATER_SATISFIED', 'RATER_DISSATISFIED', 'RATER_UNREACHED', 'PUT_RIGHT', 'SET_ASIDE')),
  conclusion         text not null default '',
  check ((state = 'CLOSED') = (outcome is not null)),
  check (state <> 'VISITED' or visit is not null)
);
create index rectification_by_center on complaints.rectification (center, rectification desc);
create index rectification_by_department on complaints.rectification (department, rectification desc)
  where department <> '';

-- What happened, in order; never changed.
create table complaints.rectification_step (
  step          uuid primary key,
  rectification text not null references complaints.rectification,
  what          text not null,
  at            timestamptz not null,
  -- A login, or empty for the rater.
  by            text not null,
  note          text not null
);
create index rectification_step_by_number on complaints.rectification_step (rectification, step);

-- The figures of a month that has ended, as they were published; a rating that is set aside later makes the next
-- edition.
create table complaints.rating_month (
  center       text not null,
  month        date not null,
  published_at timestamptz not null,
  edition      integer not null default 1 check (edition > 0),
  primary key (center, month)
);
create table complaints.rating_figure (
  center    text not null,
  month     date not null,
  scope     text not null check (scope in ('CENTER', 'DEPARTMENT', 'WINDOW', 'ITEM')),
  -- Empty for the center.
  id        text not null,
  level1    bigint not null,
  level2    bigint not null,
  level3    bigint not null,
  level4    bigint not null,
  level5    bigint not null,
  set_aside bigint not null,
  primary key (center, month, scope, id),
  foreign key (center, month) references complaints.rating_month
);

-- The figures as the ratings have them.
create view complaints.rating_count as
  select r.center, r.month, s.scope, s.id,
         count(*) filter (where r.level = 1 and r.set_aside is null) as level1,
         count(*) filter (where r.level = 2 and r.set_aside is null) as level2,
         count(*) filter (where r.level = 3 and r.set_aside is null) as level3,
         count(*) filter (where r.level = 4 and r.set_aside is null) as level4,
         count(*) filter (where r.level = 5 and r.set_aside is null) as level5,
         count(*) filter (where r.set_aside is not null) as set_aside
  from complaints.rating r
  cross join lateral (values ('CENTER', ''), ('DEPARTMENT', r.department), ('WINDOW', r.window_id), ('ITEM', r.item))
    s(scope, id)
  where s.scope = 'CENTER' or s.id <> ''
  group by r.center, r.month, s.scope, s.id;

-- 约谈, once for a window and month.
create table complaints.call_in (
  call_in    text primary key,
  center     text not null,
  window_id  text not null,
  month      date not null,
  satisfied  bigint not null,
  valid      bigint not null,
  windows    integer not null,
  opened_at  timestamptz not null,
  state      text not null default 'OPEN' check (state in ('OPEN', 'HELD')),
  conclusion text not null default '',
  held_by    text not null default '',
  held_at    timestamptz,
  constraint called_in_once unique (center, window_id, month),
  check ((state = 'HELD') = (held_at is not null))
);
create index call_in_by_center on complaints.call_in (center, call_in desc);
