-- Settings → Authentication: one row, its version is the ETag.
create table authentication_settings (
  one boolean primary key default true check (one),
  enrolment boolean not null default true,
  second_factor_roles text[] not null default '{user,auditor,operator,owner}',
  second_factor_from timestamptz,
  totp_renewal_days int check (totp_renewal_days > 0),
  starts_per_minute int not null default 300 check (starts_per_minute > 0),
  failures_per_minute int not null default 120 check (failures_per_minute > 0),
  totp_algorithm text not null default 'SHA1' check (totp_algorithm in ('SHA1', 'SHA256', 'SHA512')),
  totp_digits smallint not null default 6 check (totp_digits in (6, 8)),
  totp_period smallint not null default 30 check (totp_period in (15, 30, 60)),
  issuer text not null default 'Postern',
  version int not null default 1,
  check (enrolment or cardinality(second_factor_roles) = 0) -- R5: what is switched off cannot be demanded
);
insert into authentication_settings default values;
create table idempotency (
  actor_key bytea not null,
  key_hash bytea not null,
  request_hash bytea not null,
  answer bytea, -- sealed
  redacted bytea, -- sealed, without secrets
  full_until timestamptz not null,
  expires_at timestamptz not null,
  primary key (actor_key, key_hash)
);
create table download (
  hash bytea primary key check (length(hash) = 32),
  user_id uuid not null references users on delete cascade,
  session_hash bytea not null,
  path text not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
