-- Devices: passkeys of people. A device that was lost or revoked never comes back: it is enrolled again, as another.
create table device (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  name text not null,
  credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
  public_key bytea not null, -- COSE_Key
  sign_count bigint not null default 0,
  be boolean not null, -- backup eligible: the passkey can leave the device
  bs boolean not null, -- backed up when it was used last
  aaguid uuid not null,
  transports text[] not null default '{}',
  state text not null default 'active' check (state in ('active', 'lost', 'revoked')),
  state_at timestamptz,
  platform text not null default 'unknown',
  browser text not null default 'unknown',
  key_thumbprint bytea not null check (length(key_thumbprint) = 32), -- of the browser that registered it
  code_id uuid, -- that enrolled it
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  last_country text,
  check (be or not bs),
  check ((state = 'active') = (state_at is null))
) with (fillfactor = 80);
create index device_of_user on device (user_id, id);
create index device_of_browser on device (key_thumbprint) where state = 'active';
-- A WebAuthn challenge that is out: spent by a delete that is committed before anything is verified.
create table challenge (
  hash bytea primary key check (length(hash) = 32),
  purpose text not null check (purpose in ('register', 'enrol', 'sign-in', 'approve', 'not-me')),
  request_id uuid not null, -- session, sign-in or code that it belongs to
  user_id uuid references users on delete cascade, -- whom it is for, where that is known
  context_hash bytea check (length(context_hash) = 32), -- of what the phone shows
  key_thumbprint bytea not null check (length(key_thumbprint) = 32),
  expires_at timestamptz not null,
  epoch int not null,
  check ((purpose = 'approve') = (context_hash is not null))
);
create index challenge_by_expiry on challenge (expires_at);
create index challenge_of_request on challenge (request_id);

-- A claim opens a pending key, a registration (no TOTP key), or a decision about a request (nobody yet, and no TOTP key).
alter table claim alter column totp_id drop not null, alter column user_id drop not null;

alter table code add column sign_in_id uuid references sign_in on delete set null;
-- the session that shows the code for another phone of its own person: it goes on when that phone is registered
alter table code add column for_session uuid;
create index code_of_sign_in on code (sign_in_id) where sign_in_id is not null;
-- A request that waits for a phone: a row of its own beside the sign-in, so that a scan never closes the other ways.
create table approval (
  code_id uuid primary key references code on delete cascade,
  sign_in_id uuid not null references sign_in on delete cascade,
  state text not null default 'open' check (state in ('open', 'claimed', 'approved', 'denied', 'failed', 'collected')),
  why text, -- of denied and failed
  match smallint not null check (match between 10 and 99),
  match_tries smallint not null default 0 check (match_tries between 0 and 3),
  asker jsonb not null, -- browser, platform, address and place of who asked
  asker_key bytea not null check (length(asker_key) = 32),
  context text, -- what the phone shows, RFC 8785
  context_hash bytea check (length(context_hash) = 32),
  for_user uuid references users on delete cascade, -- whom the shown context names
  near text,
  known text,
  read text,
  claim_key bytea check (length(claim_key) = 32),
  device_id uuid references device,
  user_id uuid references users on delete cascade,
  scanned_at timestamptz,
  decided_at timestamptz,
  expires_at timestamptz not null,
  epoch int not null,
  created_at timestamptz not null default now(),
  check (state <> 'claimed' or (claim_key is not null and context_hash is not null)),
  check (state not in ('approved', 'collected') or (device_id is not null and user_id is not null))
) with (fillfactor = 70);
create index approval_of_sign_in on approval (sign_in_id);
-- Waits of a browser whose requests were declined: a count and when it may ask again.
create table request_wait (
  thumbprint bytea primary key check (length(thumbprint) = 32),
  denials int not null default 0,
  open_at timestamptz not null default '-infinity',
  last_at timestamptz not null default now()
) with (fillfactor = 50);

create index session_of_device on session (device_id) where ended_at is null and device_id is not null;

alter table notice drop constraint notice_kind_check;
alter table notice add check (kind in ('late-claim', 'late-inspect', 'session-binding', 'factor-changed', 'code-reported', 'not-me', 'relay', 'device-lost', 'device-cloned'));

-- Settings → Devices: one row, its version is the ETag.
create table device_settings (
  one boolean primary key default true check (one),
  qr text not null default 'passwordless' check (qr in ('off', 'second-factor', 'passwordless')),
  computer_first text[] not null default '{operator,owner}',
  one_frame boolean not null default true,
  near text not null default 'warn' check (near in ('off', 'warn', 'require')),
  known_browser text not null default 'warn' check (known_browser in ('off', 'warn', 'require')),
  start_networks cidr[] not null default '{}',
  device_held text[] not null default '{}',
  devices_each int not null default 10 check (devices_each between 1 and 100),
  session_minutes int not null default 60 check (session_minutes between 5 and 720),
  models uuid[] not null default '{}',
  version int not null default 1
);
insert into device_settings default values;
