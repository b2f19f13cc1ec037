-- How many messages each center handed over in each minute of the clock: what its limit is measured by.
create table notification.pace (
  minute timestamptz,
  center text,
  sent   bigint not null,
  primary key (minute, center)
);
drop index notification.message_sent_by;
