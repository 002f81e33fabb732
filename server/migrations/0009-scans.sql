-- Scans stand on the spine (stream 2) and are rolled up behind a cursor over it; what is kept of an address, Settings → Codes says.
alter table scan
  add column n int not null default 1 check (n > 0), -- openings that the row stands for: more than one where an address flooded
  add column city text not null default '',
  add column sealed bytea; -- the address, or its network, under the month's nobody key
-- Openings of an address beyond its rows a minute: counted at once, and one row of `scan` when the minute is over.
create table scan_flood (
  minute timestamptz not null,
  code_id uuid not null,
  address_tag bytea not null, -- empty: none is kept
  outcome text not null,
  device_type text not null,
  platform text not null,
  browser text not null,
  country text not null,
  city text not null,
  bot boolean not null,
  id uuid not null, -- of the row that will stand for them
  sealed bytea,
  n int not null check (n > 0),
  primary key (minute, code_id, address_tag, outcome, device_type, platform, browser, country, city, bot)
) with (fillfactor = 50);
-- A code's openings so far, without those past the cursor. A scan outlives its code, so nothing here refers to it.
create table scan_total (
  code_id uuid primary key,
  people bigint not null,
  previews bigint not null,
  last_id uuid, -- the last opening by a person
  last_country text,
  last_platform text,
  by_code boolean not null default false -- scan_by_code holds all of it that is rolled up; else its raw rows do
) with (fillfactor = 70);
-- All codes together. grain: minutes a cell; at: its start, UTC. browser: without its version.
create table scan_cube (
  grain smallint not null check (grain in (1, 60, 1440)),
  at timestamptz not null,
  outcome text not null,
  device_type text not null,
  platform text not null,
  browser text not null,
  country text not null,
  bot boolean not null,
  n bigint not null,
  primary key (grain, at, outcome, device_type, platform, browser, country, bot)
) with (fillfactor = 80);
-- Codes that have many scans, or whose raw rows were deleted: one dimension a row. `seen` and `preview` count all, the others people.
create table scan_by_code (
  code_id uuid not null,
  grain smallint not null check (grain in (1, 60, 1440)),
  dim text not null check (dim in ('seen', 'preview', 'place', 'platform', 'device', 'browser', 'outcome')),
  at timestamptz not null,
  value text not null,
  n bigint not null,
  primary key (code_id, grain, dim, at, value)
) with (fillfactor = 80);
create index scan_by_code_minutes on scan_by_code (at) where grain = 1;
insert into log_cursor (stream, consumer) values (2, 'rollup');
insert into pending (stream, ids) select 2, array_agg(id order by id) from (select id, row_number() over (order by id) / 200 as part from scan) s group by part;
