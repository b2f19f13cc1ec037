-- What the clocks of an application have in common.
create table supervision.application (
  number              text primary key,
  center              text not null,
  item                text not null,
  -- Withdrawn or refused: nothing runs any more, and what was heard of late does not start.
  ended_on            date,
  -- Nothing is to be paid any more.
  fee_settled_on      date,
  -- 延长 (行政许可法 art. 42).
  extension_days      integer check (extension_days > 0),
  extension_authority text check (extension_authority in ('AGENCY_HEAD', 'GOVERNMENT_HEAD')),
  check ((extension_days is null) = (extension_authority is null))
);

-- A limit that runs or ran. Its start and its end may be heard of in either order.
create table supervision.clock (
  clock          uuid primary key,
  number         text not null references supervision.application,
  kind           text not null check (kind in (
                   'ACCEPTANCE', 'DECISION', 'TASK', 'PROCEDURE', 'DELIVERY', 'FEE_FOLLOW_UP')),
  -- Empty: the window.
  department     text not null,
  -- 1 for the first time.
  run            integer not null check (run > 0),
  started_on     date,
  calendar_days  boolean not null default false,
  promised_days  integer check (promised_days >= 0),
  statutory_days integer check (statutory_days >= 0),
  ended_on       date,
  outcome        text not null default '',
  -- Derived, so that what is due is found: the day on which the next rung is reached, none if none is,
  -- and the edition of the calendar by which it was computed.
  next_on        date,
  edition        bigint not null default 0,
  unique (number, kind, department, run)
);
create index clock_next on supervision.clock (next_on) where next_on is not null;
create index clock_open_by_edition on supervision.clock (edition) where ended_on is null and started_on is not null;

-- A special procedure: time that is not counted.
create table supervision.suspension (
  procedure  uuid primary key,
  number     text not null references supervision.application,
  department text not null,
  run        integer not null,
  ground     text not null,
  -- The written notice; empty until it is issued.
  document   text not null default '',
  from_on    date not null,
  ended_on   date
);
create index suspension_by_number on supervision.suspension (number);

-- A rung that a clock reached, once; never changed.
create table supervision.warning (
  warning    uuid primary key,
  clock      uuid not null references supervision.clock,
  rung       text not null check (rung in ('YELLOW', 'RED', 'DARK_RED')),
  center     text not null,
  due_on     date not null,
  -- The true day, whenever it was noticed.
  reached_on date not null,
  at         timestamptz not null,
  constraint warning_once unique (clock, rung)
);
create index warning_by_center on supervision.warning (center, warning desc);
create index warning_public on supervision.warning (warning desc) where rung <> 'YELLOW';

-- A last day that a notice of the calendar moved.
create table supervision.calendar_move (
  clock     uuid not null references supervision.clock,
  promised  boolean not null,
  edition   bigint not null,
  -- The year whose notice moved it.
  year      integer not null,
  before_on date not null,
  after_on  date not null,
  at        timestamptz not null,
  primary key (clock, promised, edition)
);
