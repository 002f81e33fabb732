create table users (
  id uuid primary key,
  username text not null,
  username_key text not null unique, -- NFKC, case-folded by the app
  display_name text not null default '',
  email text,
  -- pending: made by the claim of a bootstrap code, dies with it
  state text not null default 'active' check (state in ('pending', 'active', 'suspended', 'offboarded')),
  state_at timestamptz not null default now(),
  version int not null default 1,
  created_at timestamptz not null default now()
);
create table user_role (
  user_id uuid not null references users on delete cascade,
  role text not null check (role in ('user', 'auditor', 'operator', 'owner')),
  primary key (user_id, role)
);
create index user_role_by_role on user_role (role);
-- No row: the person was erased, and what it sealed is noise.
create table person_key (
  user_id uuid primary key references users on delete cascade,
  data_key_id int not null references data_key,
  wrapped bytea not null
);
create table service_token (
  id uuid primary key,
  hash bytea not null unique check (length(hash) = 32),
  name text not null,
  scopes text[] not null check (cardinality(scopes) > 0),
  role text not null check (role in ('operator', 'auditor', 'owner')), -- of its maker when it was made
  created_by uuid references users, -- null: made on the host
  created_by_name text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index service_token_of_maker on service_token (created_by) where revoked_at is null;
