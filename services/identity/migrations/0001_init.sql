-- The organization of the hall. Keys compare byte by byte (collate "C"), so that pages have the
-- same order on every machine.

create table identity.center (
  code      text collate "C" primary key check (code ~ '^[0-9]{6}$'),
  name_zh   text not null,
  name_en   text not null,
  -- The city's center; none for the city itself.
  parent    text collate "C" references identity.center (code),
  address   text,
  telephone text,
  constraint center_not_its_own_parent check (parent <> code)
);

-- What a center's division was called before, so that old case numbers resolve.
create table identity.former_division (
  center      text collate "C" not null references identity.center (code),
  code        text collate "C" not null check (code ~ '^[0-9]{6}$'),
  name_zh     text not null,
  -- None: before our records.
  valid_from  date,
  -- The last day.
  valid_until date not null,
  primary key (center, code, valid_until),
  constraint former_division_in_order check (valid_from <= valid_until)
);

create table identity.department (
  id          text collate "C" primary key,
  center      text collate "C" not null references identity.center (code),
  name_zh     text not null,
  name_en     text not null,
  credit_code text,
  telephone   text,
  constraint department_in_its_center check (starts_with(id, center || '-'))
);
create index department_by_center on identity.department (center, id);

-- "window" is a word of SQL.
create table identity.hall_window (
  id      text collate "C" primary key,
  center  text collate "C" not null references identity.center (code),
  name_zh text not null,
  name_en text not null,
  constraint window_in_its_center check (starts_with(id, center || '-w'))
);
create index hall_window_by_center on identity.hall_window (center, id);

create table identity.staff (
  login         text collate "C" primary key,
  name          text not null,
  -- None only for operators.
  center        text collate "C" references identity.center (code),
  department_id text collate "C" references identity.department (id),
  window_id     text collate "C" references identity.hall_window (id),
  roles         text[] not null,
  active        boolean not null,
  -- Argon2id as a PHC string; none until the first password is set.
  password_hash text,
  version       bigint not null default 1,
  constraint staff_roles check (
    cardinality(roles) > 0
    and roles <@ array['CLERK', 'APPROVER', 'SUPERVISOR', 'MANAGER', 'OPERATOR']),
  constraint staff_has_center check (center is not null or roles @> array['OPERATOR']),
  constraint staff_department_of_center check (department_id is null or starts_with(department_id, center || '-')),
  constraint staff_window_of_center check (window_id is null or starts_with(window_id, center || '-'))
);
create index staff_by_center on identity.staff (center, login);

create table identity.session (
  -- SHA-256 of the token; the token itself is kept by nobody but its holder.
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  login      text collate "C" not null references identity.staff (login),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- When sign-out, a new password or a deactivation ended it before its time.
  ended_at   timestamptz
);
create index session_open on identity.session (login) where ended_at is null;
create index session_age on identity.session (expires_at);

create table identity.api_key (
  id            uuid primary key,
  -- SHA-256 of the key as its holder sends it.
  key_hash      bytea not null check (octet_length(key_hash) = 32),
  department_id text collate "C" not null references identity.department (id),
  center        text collate "C" not null references identity.center (code),
  label         text not null,
  created_at    timestamptz not null,
  revoked_at    timestamptz,
  constraint api_key_hash unique (key_hash)
);
create index api_key_by_center on identity.api_key (center, id);

-- Failed sign-ins per login and per source, the two kinds of `key`. The key is a digest, because
-- people type their password into the wrong field.
create table identity.attempt (
  key       bytea primary key check (octet_length(key) = 32),
  failed_at timestamptz[] not null,
  last_at   timestamptz not null
);
create index attempt_age on identity.attempt (last_at);
