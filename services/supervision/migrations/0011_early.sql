-- What is heard of a case before it is heard that it began, as from another copy of the service, makes a row that is
-- not known yet: its clocks are kept, and nothing is told or counted of them until it is.
alter table supervision.application add known boolean not null default true;
