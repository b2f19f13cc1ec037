-- Parts of messages that a carrier took in parts, such as long ones over SMPP.
create table notification.part (
  carrier    text not null,
  carrier_id text not null,
  message    uuid not null references notification.message,
  -- What its receipt said; null while there is none.
  delivered  boolean,
  primary key (carrier, carrier_id)
);
create index part_of_message on notification.part (message);
