create table password (
  user_id uuid primary key references users on delete cascade,
  sealed_hash bytea not null, -- PHC string, sealed
  changed_at timestamptz not null default now()
);
create table totp (
  user_id uuid not null references users on delete cascade,
  id uuid not null,
  state text not null check (state in ('pending', 'active', 'retired')),
  sealed bytea,
  algorithm text not null default 'SHA1' check (algorithm in ('SHA1', 'SHA256', 'SHA512')),
  digits smallint not null default 6 check (digits in (6, 8)),
  period smallint not null default 30 check (period in (15, 30, 60)), -- seconds
  last_step bigint not null default 0,
  failures smallint not null default 0 check (failures between 0 and 5), -- wrong passcodes while pending
  origin text not null default 'postern' check (origin in ('postern', 'imported')),
  confirmed_at timestamptz,
  last_used_at timestamptz,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (user_id, id),
  check ((state = 'pending') = (expires_at is not null)),
  check ((state = 'retired') = (sealed is null))
) with (fillfactor = 70);
create unique index totp_one_active on totp (user_id) where state = 'active';
create unique index totp_one_pending on totp (user_id) where state = 'pending';
-- account_key: the user's id, or for an unknown name a UUID made of its keyed hash, so that both count and wait alike.
create table attempt (
  account_key uuid not null,
  factor text not null check (factor in ('password', 'totp', 'recovery-code')),
  lane smallint not null check (lane in (0, 1)), -- 0 unknown browsers, 1 a browser that signed this account in within 90 days
  failures int not null default 0 check (failures between 0 and 100),
  open_at timestamptz not null default '-infinity',
  primary key (account_key, factor, lane)
) with (fillfactor = 50);
create table recovery_code (
  user_id uuid not null references users on delete cascade,
  hash bytea not null check (length(hash) = 32),
  used_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (user_id, hash)
);
create table known_browser (
  user_id uuid not null references users on delete cascade,
  thumbprint bytea not null check (length(thumbprint) = 32),
  last_at timestamptz not null default now(),
  primary key (user_id, thumbprint)
);
-- Starts, failures and scans of one address in one minute, over all processes.
create table address_count (
  minute timestamptz not null,
  kind text not null check (kind in ('start', 'failure', 'scan')),
  source bytea not null,
  n int not null default 1,
  primary key (minute, kind, source)
) with (fillfactor = 50);
