-- The fee catalog: every version as it was published.
create table fees.fee (
  code            text not null,
  version         integer not null check (version > 0),
  effective_from  date not null,
  effective_until date check (effective_until >= effective_from),
  -- A serialized yimen.fees.v1.Fee.
  body            bytea not null,
  imported_at     timestamptz not null,
  primary key (code, version)
);

-- Serials without a row to fight for: one may be lost, none is given twice.
create sequence fees.notice_serial minvalue 1 maxvalue 9999999 cycle;
create sequence fees.refund_serial minvalue 1 maxvalue 9999999 cycle;
create sequence fees.payment_code_serial minvalue 1 maxvalue 99999999999 cycle;

-- The one notice of an application.
create table fees.notice (
  notice        text primary key,
  number        text not null constraint notice_once unique,
  center        text not null,
  item_name_zh  text not null,
  item_name_en  text not null,
  payer         text not null,
  payer_is_person boolean not null,
  state         text not null check (state in (
                  'MEASURING', 'ISSUED', 'OVERDUE', 'PAID', 'WAIVED', 'CANCELLED', 'REFUNDED')),
  version       bigint not null check (version > 0),
  limit_on      date,
  payment_code  text not null constraint payment_code_once unique,
  created_at    timestamptz not null,
  settled_at    timestamptz,
  cancel_reason text not null default '',
  check ((state = 'MEASURING') = (limit_on is null) or state = 'CANCELLED')
);
create index notice_by_center on fees.notice (center, notice);
create index notice_unpaid on fees.notice (limit_on) where state = 'ISSUED';

create table fees.line (
  notice       text not null references fees.notice,
  position     integer not null,
  fee          text not null,
  fee_version  integer not null,
  department   text not null,
  -- Thousandths of a unit; none while the department has not measured it.
  quantity     bigint check (quantity > 0),
  original_fen bigint check (original_fen >= 0),
  amount_fen   bigint check (amount_fen >= 0),
  primary key (notice, position),
  foreign key (fee, fee_version) references fees.fee (code, version),
  check (amount_fen <= original_fen),
  check ((quantity is null) = (original_fen is null) and (quantity is null) = (amount_fen is null))
);

-- What was heard of an application's fees: handlers of its events take turns on this row, so that fees
-- that are due and lapse at the same moment are not both.
create table fees.arrival (
  number    text primary key,
  lapsed_at timestamptz
);

-- 缓减免: never without ground, document and approver.
create table fees.relief (
  notice        text not null references fees.notice,
  sequence      bigint not null,
  kind          text not null check (kind in ('REDUCTION', 'WAIVER', 'POSTPONEMENT')),
  ground        text not null check (ground <> ''),
  document      text not null check (document <> ''),
  approver      text not null check (approver <> ''),
  from_fen      bigint not null,
  to_fen        bigint not null check (to_fen <= from_fen),
  from_limit_on date not null,
  to_limit_on   date not null check (to_limit_on >= from_limit_on),
  by            text not null,
  at            timestamptz not null,
  primary key (notice, sequence)
);

-- Attempts to charge without a lawful basis.
create table fees.refused_charge (
  number     text not null,
  fee        text not null,
  department text not null,
  reason     text not null,
  at         timestamptz not null,
  primary key (number, fee, department, at)
);

create table fees.payment (
  payment      uuid primary key,
  channel      text not null check (channel in ('CASH', 'CARD', 'BANK')),
  -- Who reported it: the bank's key, or the cashier's login.
  source       text not null,
  reference    text not null,
  -- SHA-256 of what was reported, so that a repetition is told from another report.
  digest       bytea not null,
  center       text,
  payment_code text not null,
  notice       text references fees.notice,
  amount_fen   bigint not null check (amount_fen > 0),
  state        text not null check (state in ('HELD', 'APPLIED', 'RETURNED')),
  anomaly      text check (anomaly in ('LATE', 'PARTIAL', 'OVER', 'UNKNOWN_CODE', 'NOTICE_CLOSED')),
  receipt      text,
  paid_at      timestamptz not null,
  received_at  timestamptz not null,
  resolution   text not null default '',
  resolved_by  text,
  resolved_at  timestamptz,
  -- What of it went back to the payer.
  returned_fen bigint not null default 0 check (returned_fen between 0 and amount_fen),
  constraint payment_reported_once unique (source, reference),
  check (state <> 'HELD' or anomaly is not null)
);
create index payment_by_center on fees.payment (center, payment);
create index payment_held on fees.payment (payment) where state = 'HELD';
create index payment_of_notice on fees.payment (notice);
create index payment_by_day on fees.payment (center, paid_at);

-- 票据: a series per center and year in which no number is missing. The row is locked only while a
-- payment settles.
create table fees.receipt_series (
  center text not null,
  year   integer not null,
  last   integer not null check (last > 0),
  primary key (center, year)
);
create table fees.receipt (
  receipt     text primary key,
  center      text not null,
  year        integer not null,
  serial      integer not null check (serial > 0),
  notice      text not null references fees.notice,
  amount_fen  bigint not null check (amount_fen > 0),
  state       text not null check (state in ('VALID', 'SPOILED', 'RED_STAMPED')),
  issued_at   timestamptz not null,
  replaced_by text,
  reason      text not null default '',
  constraint receipt_serial_once unique (center, year, serial),
  check ((state = 'SPOILED') = (replaced_by is not null))
);
-- One receipt counts for a notice, also after it was red-stamped.
create unique index receipt_one_per_notice on fees.receipt (notice) where state <> 'SPOILED';

create table fees.refund (
  refund        text primary key,
  notice        text not null references fees.notice,
  number        text not null,
  center        text not null,
  state         text not null check (state in ('APPLIED', 'VERIFIED', 'APPROVED', 'PAID_BACK', 'REJECTED')),
  version       bigint not null check (version > 0),
  ground        text not null,
  reason        text not null,
  amount_fen    bigint not null check (amount_fen > 0),
  applied_by    text not null,
  created_at    timestamptz not null,
  decided_by    text,
  reject_reason text not null default '',
  reference     text not null default '',
  paid_at       timestamptz
);
create unique index refund_one_open on fees.refund (notice) where state <> 'REJECTED';
create index refund_by_center on fees.refund (center, refund);
-- 单位核实: each department that charged.
create table fees.refund_verification (
  refund     text not null references fees.refund,
  department text not null,
  by         text not null,
  at         timestamptz not null,
  primary key (refund, department)
);

-- The ledger: each row moves one amount from one account to another, so an entry that does not balance
-- cannot be written. Rows are added and never changed.
create table fees.entry (
  source            text not null,
  kind              text not null check (kind in (
                      'ASSESSED', 'RELIEVED', 'CANCELLED', 'PAID', 'HELD', 'APPLIED', 'RETURNED',
                      'REFUND_APPROVED', 'REFUNDED', 'DEPOSITED', 'REMITTED')),
  position          integer not null,
  center            text not null,
  number            text,
  debit             text not null,
  debit_department  text not null default '',
  credit            text not null,
  credit_department text not null default '',
  amount_fen        bigint not null check (amount_fen > 0),
  at                timestamptz not null,
  -- The same thing is booked once.
  primary key (source, kind, position),
  constraint entry_moves check (debit <> credit),
  constraint entry_accounts check (
    array[debit, credit] <@ array['RECEIVABLE', 'CASH', 'BANK', 'TREASURY', 'REVENUE', 'SUSPENSE', 'REFUND_PAYABLE'])
);
create index entry_by_center on fees.entry (center);
create index entry_by_number on fees.entry (number);

create function fees.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: book a reversal instead';
end $$;
create trigger entry_append_only before update or delete on fees.entry
  for each row execute function fees.refuse_change();

create table fees.reconciliation (
  reconciliation uuid primary key,
  center         text not null,
  day            date not null,
  by             text not null,
  at             timestamptz not null,
  bank_digest    bytea not null,
  treasury_digest bytea not null
);
create table fees.reconciliation_line (
  reconciliation uuid not null references fees.reconciliation,
  payment_code   text not null,
  class          text not null check (class in ('MATCH', 'AMOUNT_DIFFERS', 'ONLY_OURS', 'ONLY_BANK', 'DATE_DIFFERS')),
  ours_fen       bigint not null,
  bank_fen       bigint not null,
  treasury_fen   bigint not null,
  ours_on        date,
  bank_on        date,
  treasury_on    date,
  primary key (reconciliation, payment_code)
);
