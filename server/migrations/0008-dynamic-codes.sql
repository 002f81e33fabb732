-- Dynamic codes: destinations, versions, replacement in place, brands, and what Settings → Codes says.
create table brand (
  id uuid primary key,
  name text not null,
  is_default boolean not null default false,
  archived_at timestamptz,
  version int not null default 1,
  created_at timestamptz not null default now(),
  check (not (is_default and archived_at is not null))
);
create unique index brand_one_default on brand (is_default) where is_default;
create unique index brand_name on brand (lower(name)) where archived_at is null;
-- A version of a brand kit with the proof that its design scans (R27).
create table brand_version (
  brand_id uuid not null references brand,
  version int not null,
  design jsonb not null,
  logo bytea, -- re-encoded PNG without metadata
  proof jsonb not null,
  by_id uuid,
  by_name text,
  at timestamptz not null default now(),
  primary key (brand_id, version)
);
alter table code
  add column destination jsonb,
  add column brand_id uuid references brand,
  add check ((kind in ('link', 'static')) = (destination is not null)),
  add check (kind <> 'static' or scan_limit is null);
create index code_replaced on code (replaced_by) where replaced_by is not null;
create index code_brand on code (brand_id, id) where brand_id is not null;
create index code_kind on code (kind, id);
-- Every version of a code: written by the statement that raises code.version. `fields` is all that can be edited, as it then stood.
create table code_version (
  code_id uuid not null references code on delete cascade,
  version int not null,
  changed text[] not null check (cardinality(changed) > 0),
  fields jsonb not null,
  by_id uuid, -- the person who did it, by id: a name is personal
  by_name text, -- a token's or the host's name where it was no person
  at timestamptz not null default now(),
  primary key (code_id, version)
);
insert into code_version (code_id, version, changed, fields, by_id, by_name, at)
  select id, v.version, v.changed, jsonb_build_object('label', label, 'destination', null, 'expiresAt', nullif(expires_at, 'infinity'),
    'notBefore', nullif(not_before, '-infinity'), 'scanLimit', null, 'brandId', null, 'ownerId', owner_id), owner_id, issued_by, v.at
  from code, lateral (values (1, '{issued}'::text[], created_at), (2, '{revoked}', revoked_at)) v(version, changed, at) where v.version <= code.version;
-- Settings → Codes: one row, its version is the ETag.
create table code_settings (
  one boolean primary key default true check (one),
  link_hosts text[] not null default '{}', -- empty: any
  static_text boolean not null default true,
  static_hosts text[] not null default '{}', -- empty: none
  scan_addresses text not null default 'truncated' check (scan_addresses in ('full', 'truncated', 'none')),
  scan_retention_days int check (scan_retention_days > 0),
  version int not null default 1
);
insert into code_settings default values;
