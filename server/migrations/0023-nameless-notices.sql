-- Notices that anybody can cause and that name nobody: one a kind, address and hour.
create table nameless_notice (
  kind text not null,
  source bytea not null, -- the tag of the address; empty: none is known
  at timestamptz not null default now(),
  primary key (kind, source)
);
