-- One row says what this database is; every single-use row carries its epoch, so a restore voids all that was open.
create table deployment (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid(),
  epoch int not null default 1 check (epoch > 0),
  master_key_id text not null,
  rp_id text
);
-- Data keys, wrapped by the master key. `nobody-YYYY-MM` seals what no person's key can, until retention destroys it.
create table data_key (
  id int generated always as identity primary key,
  purpose text not null,
  wrapped bytea not null,
  state text not null default 'active' check (state in ('active', 'decrypt-only', 'destroyed')),
  created_at timestamptz not null default now(),
  check ((state = 'destroyed') = (length(wrapped) = 0))
);
create unique index data_key_one_active on data_key (purpose) where state = 'active';
-- Bounds of UUID v7 by time: the time of a row is the time in its id.
create function uuid7_at(id uuid) returns timestamptz language sql immutable parallel safe
  return to_timestamp((('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint) / 1000.0);
create function uuid7_low(at timestamptz) returns uuid language sql immutable parallel safe
  return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
