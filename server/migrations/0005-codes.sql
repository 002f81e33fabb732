create table code (
  id uuid primary key,
  kind text not null check (kind in ('enrol-totp', 'enrol-device', 'sign-in', 'approve', 'device-grant', 'link', 'static', 'offline', 'canary')),
  secret_hash bytea check (length(secret_hash) = 32),
  user_id uuid references users on delete set null, -- whom it is for
  owner_id uuid, -- who issued it; null: the host
  issued_by text, -- host:USER where it was not a person
  bootstrap text check (bootstrap in ('owner', 'operator')), -- the role that its confirm gives to a new person
  suggested_username text,
  reset_password boolean not null default false,
  label text not null default '',
  not_before timestamptz not null default '-infinity',
  expires_at timestamptz not null default 'infinity',
  scan_limit int check (scan_limit > 0),
  scans int not null default 0,
  claimed_at timestamptz,
  claimed_by bytea check (length(claimed_by) = 32), -- thumbprint of the claiming key
  revoked_at timestamptz,
  replaced_by uuid references code,
  noticed_at timestamptz, -- last notice of a late claim: at most one an hour
  epoch int not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  check ((kind in ('link', 'static', 'canary')) = (secret_hash is null)),
  check (secret_hash is null or (expires_at < 'infinity' and scan_limit is null)),
  check (secret_hash is not null or claimed_at is null),
  check ((claimed_at is null) = (claimed_by is null))
) with (fillfactor = 80);
create index code_user on code (user_id, id) where user_id is not null;
create index code_owner on code (owner_id, id) where owner_id is not null;
create index code_open on code (expires_at) where claimed_at is null and revoked_at is null and secret_hash is not null;
-- What a claim opened: good for the claiming key alone, until confirmed, failed five times, or expired.
create table claim (
  code_id uuid primary key references code,
  user_id uuid not null references users on delete cascade,
  totp_id uuid not null,
  claim_key bytea not null check (length(claim_key) = 32),
  confirm_hash bytea not null unique check (length(confirm_hash) = 32),
  answer bytea not null, -- the confirm token, sealed, for the repeat of a lost answer
  browser_hash bytea not null check (length(browser_hash) = 32), -- tells the claimer's own later visits from a stranger's
  failures smallint not null default 0 check (failures between 0 and 5),
  expires_at timestamptz not null,
  ended_at timestamptz,
  epoch int not null
);
create table scan (
  id uuid not null,
  code_id uuid not null,
  outcome text not null,
  device_type text not null,
  platform text not null,
  browser text not null,
  country text not null,
  bot boolean not null default false,
  address_tag bytea,
  primary key (id)
) partition by range (id);
create index scan_code on scan (code_id, id);
create table scan_default partition of scan default;
