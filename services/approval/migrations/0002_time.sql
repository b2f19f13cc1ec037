-- What the statutory limit is counted from and how long it is: extending needs to know whether it has passed.
alter table approval.joint_approval
  add accepted_on    date,
  add statutory_days bigint check (statutory_days >= 0);
update approval.joint_approval
set accepted_on = (open_time at time zone 'Asia/Shanghai')::date, statutory_days = 20;
alter table approval.joint_approval
  alter accepted_on set not null,
  alter statutory_days set not null,
  -- The extension (行政许可法 art. 42), once.
  add extension_days      bigint check (extension_days > 0),
  add extension_authority text check (extension_authority in ('AGENCY_HEAD', 'GOVERNMENT_HEAD')),
  add extension_approver  text,
  add extension_reason    text,
  add extended_at         timestamptz,
  add constraint extension_whole check (
    num_nonnulls(extension_days, extension_authority, extension_approver, extension_reason, extended_at) in (0, 5));

-- Special procedures whose time is not counted (art. 45); only `ended_on` is ever written later.
create table approval.procedure (
  id         uuid primary key,
  number     text not null references approval.joint_approval,
  position   bigint not null,
  department text not null,
  ground     text not null,
  reason     text not null,
  from_on    date not null,
  until_on   date not null check (until_on >= from_on),
  by_name    text not null,
  by_id      text not null,
  ended_on   date,
  unique (number, position)
);
create unique index procedure_open on approval.procedure (number, department) where ended_on is null;
