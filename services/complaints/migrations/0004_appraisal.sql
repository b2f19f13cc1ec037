-- Democratic review (民主评议): rounds, what entitles to vote, ballots, and what follows.
create sequence complaints.appraisal_serial minvalue 1 maxvalue 9999999;

create table complaints.appraisal_round (
  -- The serial in its number: short, because every ballot has it.
  round                    integer primary key,
  number                   text not null unique,
  center                   text not null,
  version                  bigint not null check (version > 0),
  kind                     text not null check (kind in ('RATED', 'LISTS')),
  title                    text not null,
  -- What a confirmed reward is, in words.
  award                    text not null,
  -- RATED: the levels, the best first, and how many of them count as satisfied.
  levels                   text[] not null,
  satisfied                integer not null,
  reward_percent           integer not null check (reward_percent between 0 and 100),
  reward_places            integer not null check (reward_places >= 0),
  accountability_percent   integer not null check (accountability_percent between 0 and 100),
  accountability_inclusive boolean not null,
  -- LISTS (双评): how many a voter names on each list, and the places of each that have a consequence.
  nominations              integer not null check (nominations >= 0),
  best_places              integer not null check (best_places >= 0),
  worst_places             integer not null check (worst_places >= 0),
  -- The least valid votes; with fewer a unit is not rated.
  minimum                  bigint not null check (minimum >= 0),
  -- Percent of each group, in the order of the groups; null: votes are added.
  weights                  integer[],
  opens_at                 timestamptz not null,
  closes_at                timestamptz not null,
  state                    text not null check (state in ('SET', 'CANCELLED', 'COUNTED', 'PUBLISHED')),
  -- Service users were drawn by this seed from so many completed cases with this digest.
  seed                     text,
  population               bigint,
  population_digest        bytea,
  -- Ballots that came with a token that was spent, as they were counted at the closing.
  refused                  bigint,
  cancel_reason            text not null default '',
  counted_at               timestamptz,
  published_at             timestamptz,
  check (closes_at > opens_at),
  check ((kind = 'RATED') = (cardinality(levels) > 0)),
  check (satisfied between 0 and cardinality(levels)),
  check ((seed is null) = (population is null) and (seed is null) = (population_digest is null)),
  check ((state in ('COUNTED', 'PUBLISHED')) = (counted_at is not null)),
  check ((state in ('COUNTED', 'PUBLISHED')) = (refused is not null)),
  check ((state = 'PUBLISHED') = (published_at is not null))
);
create index appraisal_round_by_center on complaints.appraisal_round (center, number desc);
create index appraisal_round_to_count on complaints.appraisal_round (closes_at) where state = 'SET';

create table complaints.appraisal_unit (
  round      integer not null references complaints.appraisal_round,
  -- Its place on the ballot, 1 for the first.
  unit       smallint not null check (unit > 0),
  department text not null,
  name_zh    text not null,
  name_en    text not null,
  primary key (round, unit),
  unique (round, department)
);

-- What entitles to vote. The token itself is nowhere; nor is whom it was given to.
create table complaints.appraisal_token (
  digest     bytea primary key,
  round      integer not null references complaints.appraisal_round,
  -- 1 PUBLIC, 2 SUPERVISORS, 3 DEPUTIES, 4 SERVICE_USERS.
  electorate smallint not null check (electorate between 1 and 4),
  -- What was issued by one call, until the closing: so that it can be voided before the opening.
  batch      uuid,
  -- Ballots that came with it: the first was counted. At most 1 after the closing.
  tries      integer not null default 0 check (tries >= 0)
) with (fillfactor = 60);
create index appraisal_token_of_round on complaints.appraisal_token (round, electorate);

-- One mark of one voter about one unit. No token, no time and no order; at the closing all of a round are written
-- anew, in another order, in one transaction. The key has all there is to count.
create table complaints.appraisal_ballot (
  round      integer not null,
  unit       smallint not null,
  electorate smallint not null,
  -- RATED: 0 blank, else the level's place; LISTS: 0 not named, 1 best, 2 worst.
  choice     smallint not null check (choice >= 0),
  ballot     uuid not null,
  -- No foreign key: it would have every voter lock the same few rows. `yimen check` looks instead.
  primary key (round, unit, electorate, choice, ballot)
);

-- What was counted, as it is published.
create table complaints.appraisal_count (
  round      integer not null,
  unit       smallint not null,
  electorate smallint not null,
  choice     smallint not null,
  votes      bigint not null check (votes > 0),
  primary key (round, unit, electorate, choice),
  foreign key (round, unit) references complaints.appraisal_unit
);
create table complaints.appraisal_turnout (
  round      integer not null references complaints.appraisal_round,
  electorate smallint not null check (electorate between 1 and 4),
  issued     bigint not null check (issued >= 0),
  spent      bigint not null check (spent between 0 and issued),
  primary key (round, electorate)
);

-- What the rules propose, and what a person made of it.
create table complaints.appraisal_outcome (
  round               integer not null,
  unit                smallint not null,
  proposal            text not null check (proposal in ('REWARD', 'ACCOUNTABILITY')),
  state               text not null check (state in ('PROPOSED', 'CONFIRMED', 'REJECTED')),
  decided_by          text not null default '',
  decided_at          timestamptz,
  reason              text not null default '',
  accountability_case text references complaints.accountability,
  primary key (round, unit, proposal),
  foreign key (round, unit) references complaints.appraisal_unit,
  check ((state = 'PROPOSED') = (decided_at is null)),
  check ((state = 'REJECTED') <= (reason <> '')),
  check ((accountability_case is not null) = (proposal = 'ACCOUNTABILITY' and state = 'CONFIRMED'))
);

-- Numbers of completed cases: whom service users are drawn from. Nothing else is kept of them.
create table complaints.appraisal_case (
  number text primary key,
  center text not null
);
create index appraisal_case_of_center on complaints.appraisal_case (center, number);

-- 责任追究 has its origin in a complaint or in a round.
alter table complaints.accountability alter column complaint drop not null;
alter table complaints.accountability add column appraisal_round text references complaints.appraisal_round (number);
alter table complaints.accountability add constraint accountability_origin
  check ((complaint is null) <> (appraisal_round is null));
alter table complaints.accountability add constraint accountability_once_a_round
  unique (appraisal_round, held_kind, held_id);

-- 面对面评议 and 巡视.
create sequence complaints.scrutiny_serial minvalue 1 maxvalue 9999999;
create table complaints.scrutiny (
  number  text primary key,
  kind    text not null check (kind in ('SESSION', 'TOUR')),
  center  text not null,
  title   text not null,
  held_on date not null,
  -- Who asks or visits, as offices: 50 supervisors, three deputies.
  seats   integer not null check (seats > 0),
  -- The round in which the session votes; empty without one.
  round   text references complaints.appraisal_round (number)
);
create index scrutiny_by_center on complaints.scrutiny (center, number desc);
create table complaints.scrutiny_unit (
  number     text not null references complaints.scrutiny,
  department text not null,
  primary key (number, department)
);
create table complaints.scrutiny_question (
  number      text not null references complaints.scrutiny,
  position    integer not null check (position > 0),
  department  text not null,
  -- Which of the seats asked.
  seat        integer not null check (seat > 0),
  text        text not null,
  asked_at    timestamptz not null,
  answer      text not null default '',
  answered_at timestamptz,
  primary key (number, position),
  foreign key (number, department) references complaints.scrutiny_unit,
  check ((answer <> '') = (answered_at is not null))
);

-- What a unit has to do until a day: a promise of a session, the remedy of a tour's finding.
create table complaints.undertaking (
  number      text not null references complaints.scrutiny,
  position    integer not null check (position > 0),
  version     bigint not null check (version > 0),
  department  text not null,
  -- 巡视: what was found; empty for a promise.
  finding     text not null,
  text        text not null,
  given_on    date not null,
  due_on      date not null,
  state       text not null check (state in ('OPEN', 'REPORTED', 'KEPT', 'BROKEN')),
  report      text not null default '',
  reported_at timestamptz,
  -- When it was noted that the day had passed and it was not settled.
  passed_at   timestamptz,
  evidence    text not null default '',
  settled_on  date,
  -- What takes its place, where it was not kept and another day was set.
  follows     integer,
  primary key (number, position),
  foreign key (number, department) references complaints.scrutiny_unit,
  check (due_on >= given_on),
  check ((state in ('KEPT', 'BROKEN')) = (settled_on is not null))
);
create index undertaking_due on complaints.undertaking (due_on)
  where state in ('OPEN', 'REPORTED') and passed_at is null;
