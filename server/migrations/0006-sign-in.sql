create table sign_in (
  id uuid primary key,
  browser_hash bytea not null unique check (length(browser_hash) = 32),
  key_thumbprint bytea not null check (length(key_thumbprint) = 32),
  purpose text not null default 'sign-in' check (purpose in ('sign-in', 'step-up')),
  wanted_acr text,
  from_session uuid, -- the session that a step-up replaces
  username text, -- as typed when it was opened
  return_to text,
  user_id uuid references users on delete cascade,
  state text not null default 'open' check (state in ('open', 'collected', 'failed')),
  proved text[] not null default '{}',
  proved_at timestamptz, -- of the first proof
  wrong_offset int, -- steps by which the last wrong passcode was off (R10)
  wrong_step bigint, -- and the step that it was of
  session_id uuid unique,
  expires_at timestamptz not null,
  epoch int not null,
  created_at timestamptz not null default now(),
  check ((state = 'collected') = (session_id is not null)),
  check (state <> 'collected' or user_id is not null)
) with (fillfactor = 70);
create index sign_in_of_user on sign_in (user_id) where state = 'open' and user_id is not null;
create index sign_in_by_expiry on sign_in (expires_at);
create table session (
  hash bytea primary key check (length(hash) = 32),
  id uuid not null unique,
  user_id uuid not null references users on delete cascade,
  scope text not null default 'full' check (scope in ('full', 'recovery')),
  key_thumbprint bytea not null check (length(key_thumbprint) = 32),
  code_id uuid,
  device_id uuid,
  acr text not null check (acr in ('aal1', 'aal2', 'phr', 'phrh')),
  amr text[] not null,
  proved_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  idle interval not null default '15 min',
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_why text,
  device_type text not null default 'unknown',
  platform text not null default 'unknown',
  browser text not null default 'unknown',
  country text not null default '',
  epoch int not null,
  created_at timestamptz not null default now(),
  check ((ended_at is null) = (ended_why is null))
) with (fillfactor = 80);
create index session_of_user on session (user_id) where ended_at is null;
create index session_of_code on session (code_id) where ended_at is null and code_id is not null;
