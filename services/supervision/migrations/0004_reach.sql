-- Derived like due_on: the last day of the calendar that any of a clock's days depends on; far away until it is
-- computed, and while a clock has no last day. A notice that changes only later days leaves the clock as it is.
alter table supervision.clock add column reaches_on date not null default '9999-12-31';
drop index supervision.clock_open_by_edition;
create index clock_open_by_edition on supervision.clock (edition, reaches_on, clock)
  where ended_on is null and started_on is not null;

-- Lists one after the other: a board reads all measures of a period as one row.
create aggregate supervision.joined(bigint[]) (sfunc = array_cat, stype = bigint[], initcond = '{}');
