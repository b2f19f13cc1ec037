-- Supervision cases, appeals, questions, and the boards' figures.

alter table supervision.application
  add column completed_on date,
  -- How it ended before a decision; empty if it did not.
  add column outcome      text not null default '' check (outcome in ('', 'REFUSED', 'WITHDRAWN')),
  -- Something was heard since next rungs and figures were computed.
  add column unsettled    boolean not null default true;
create index application_unsettled on supervision.application (number) where unsettled;

alter table supervision.clock
  drop constraint clock_kind_check,
  add constraint clock_kind_check check (kind in (
    'ACCEPTANCE', 'DECISION', 'TASK', 'PROCEDURE', 'DELIVERY', 'FEE_FOLLOW_UP', 'SUPERVISION_CASE')),
  -- None until it is computed for the first time.
  alter column edition drop not null,
  alter column edition drop default,
  add column ended_at timestamptz,
  -- Derived like next_on: the last day by which its handler goes; far away while it has none.
  add column due_on date not null default '9999-12-31';
drop index supervision.clock_open_by_edition;
create index clock_open_by_edition on supervision.clock (edition, clock)
  where ended_on is null and started_on is not null;
-- What runs, by center and department, the most urgent first.
create index clock_urgent on supervision.clock (left(number, 6), department, due_on, clock)
  where ended_on is null and started_on is not null;
create index clock_opinions on supervision.clock (ended_at) where kind = 'TASK' and ended_at is not null;

alter table supervision.warning
  drop constraint warning_rung_check,
  add constraint warning_rung_check check (rung in ('YELLOW', 'RED', 'DARK_RED', 'CASE')),
  -- Whether everyone may see it.
  add column public boolean not null default false;
alter table supervision.warning alter column public drop default;
update supervision.warning w set public = true
from supervision.clock c
where c.clock = w.clock and w.rung <> 'YELLOW' and c.kind in ('ACCEPTANCE', 'DECISION', 'TASK', 'DELIVERY');
drop index supervision.warning_public;
create index warning_public on supervision.warning (warning desc) where public;

-- 申诉, once per warning.
create table supervision.appeal (
  warning    uuid primary key references supervision.warning,
  appellant  text not null,
  reason     text not null,
  evidence   text not null,
  at         timestamptz not null,
  state      text not null default 'OPEN' check (state in ('OPEN', 'UPHELD', 'DISMISSED')),
  decider    text not null default '',
  decision   text not null default '',
  decided_at timestamptz,
  check ((state = 'OPEN') = (decided_at is null))
);

-- What watchers of the red list follow. Whoever adds to it holds the one row of `red_list` until the end of
-- the transaction, so a change that is seen later has a later number.
create table supervision.red_list (
  last bigint not null
);
insert into supervision.red_list values (0);
create table supervision.red_list_change (
  seq     bigint primary key,
  warning uuid not null references supervision.warning
);

-- 督办.
create table supervision.supervision_case (
  supervision_case uuid primary key,
  -- What was not done.
  clock            uuid not null unique references supervision.clock,
  -- The clock of the reply.
  run              integer not null,
  center           text not null,
  department       text not null,
  due_on           date not null,
  opened_on        date not null,
  reply            text not null default '',
  replier          text not null default '',
  replied_at       timestamptz,
  conclusion       text not null default '',
  closer           text not null default '',
  closed_at        timestamptz,
  check (closed_at is null or replied_at is not null)
);
create index supervision_case_by_center on supervision.supervision_case (center, supervision_case desc);

-- A question to a department.
create table supervision.flag (
  flag        uuid primary key,
  kind        text not null check (kind in (
                'SECOND_NOTICE', 'SUSPENSION_WITHOUT_NOTICE', 'SUSPENSION_OVERRUN', 'LAST_DAY_RESUMPTION',
                'BULK_OPINIONS', 'OUT_OF_HOURS_OPINIONS', 'DECIDED_BEFORE_ACCEPTANCE', 'SUSPENDED_SHARE')),
  center      text not null,
  department  text not null,
  -- What it is about, so that it is asked once: an application, a minute, a day, a month.
  subject     text not null,
  from_on     date not null,
  until_on    date not null,
  observed    integer not null,
  threshold   integer not null,
  numbers     text[] not null,
  at          timestamptz not null,
  answer      text not null default '',
  answerer    text not null default '',
  answered_at timestamptz,
  constraint flag_once unique (kind, center, department, subject)
);
create index flag_by_center on supervision.flag (center, flag desc);

-- What a case counts for: a function of its clocks, its procedures and its warnings.
create table supervision.fact (
  number     text not null references supervision.application,
  measure    text collate "C" not null,
  department text collate "C" not null,
  day        date not null,
  -- Working days for a distribution, else 0.
  bucket     integer not null,
  count      bigint not null,
  primary key (number, measure, department, day, bucket)
);

-- The facts added up. `scope` says which of department and item a row is about; the others are empty.
-- `counts` has the count of each bucket, from 0 on; what is no distribution has one.
create table supervision.rollup (
  scope      text collate "C" not null check (scope in ('CENTER', 'DEPARTMENT', 'ITEM', 'DEPARTMENT_AND_ITEM')),
  grain      text collate "C" not null check (grain in ('DAY', 'MONTH', 'YEAR')),
  center     text collate "C" not null,
  first_on   date not null,
  department text collate "C" not null,
  item       text collate "C" not null,
  measure    text collate "C" not null,
  counts     bigint[] not null,
  primary key (scope, grain, center, first_on, department, item, measure)
);

-- The figures that a fact is part of.
create function supervision.places(department text, item text, day date)
  returns table (scope text, grain text, first_on date, of_department text, of_item text)
  language sql immutable
  as $$
    select s.scope, g.grain, g.first_on, s.of_department, s.of_item
    from (values ('CENTER', '', ''), ('DEPARTMENT', department, ''), ('ITEM', '', item),
                 ('DEPARTMENT_AND_ITEM', department, item)) s(scope, of_department, of_item),
         (values ('DAY', day), ('MONTH', date_trunc('month', day::timestamp)::date),
                 ('YEAR', date_trunc('year', day::timestamp)::date)) g(grain, first_on)
  $$;

-- Counts with one more count in its bucket.
create function supervision.put_count(counts bigint[], bucket integer, count bigint) returns bigint[]
  language plpgsql immutable
  as $$
    begin
      for place in cardinality(counts) + 1 .. bucket + 1 loop
        counts[place] := 0;
      end loop;
      counts[bucket + 1] := counts[bucket + 1] + count;
      return counts;
    end
  $$;
create aggregate supervision.counts(bucket integer, count bigint) (
  sfunc = supervision.put_count, stype = bigint[], initcond = '{}'
);
-- Counts added bucket by bucket.
create function supervision.add_counts(one bigint[], other bigint[]) returns bigint[]
  language plpgsql immutable
  as $$
    begin
      for place in 1 .. cardinality(other) loop
        one := supervision.put_count(one, place - 1, other[place]);
      end loop;
      return one;
    end
  $$;

-- The figures as they come out when they are counted again.
create view supervision.rollup_again as
  select p.scope, p.grain, a.center, p.first_on, p.of_department as department, p.of_item as item, f.measure,
         supervision.counts(f.bucket, f.count) as counts
  from supervision.fact f
  join supervision.application a using (number)
  cross join lateral supervision.places(f.department, a.item, f.day) p
  group by 1, 2, 3, 4, 5, 6, 7;
