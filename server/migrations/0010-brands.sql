-- A name belongs to a version of a kit. Logos lie apart, so that versions share them. One kit is there from the start: every code has a look.
create table brand_logo (
  id uuid primary key,
  png bytea not null, -- decoded and written anew: no metadata
  width int not null,
  height int not null,
  at timestamptz not null default now()
);
alter table brand_version
  drop column logo,
  add column logo_id uuid references brand_logo,
  add column name text,
  alter column proof drop not null;
update brand_version v set name = b.name from brand b where b.id = v.brand_id;
alter table brand_version
  alter column name set not null,
  -- what came with Postern is proved by the deployment that first looks at it
  add check (proof is not null or (by_id is null and by_name is null));
create index brand_version_logo on brand_version (logo_id) where logo_id is not null;
with plain as (
  insert into brand (id, name, is_default)
    select '00000000-0000-7000-8000-000000000001', 'Plain', not exists (select from brand where is_default)
    returning id
)
insert into brand_version (brand_id, version, name, design)
  select id, 1, 'Plain', '{"modules":"square","eyeFrames":"square","eyeBalls":"square","colours":{"modules":"#0b1013","eyes":"#0b1013","ground":"#ffffff"},"frame":null,"logo":null}'
  from plain;
