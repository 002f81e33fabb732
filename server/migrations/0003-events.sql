-- The record (model: entry = the exact bytes hashed; personal data sealed beside it; order given at visibility).
create table event (
  id uuid not null,
  type text not null,
  outcome text not null check (outcome in ('success', 'failure', 'denied')),
  actor_id uuid,
  user_id uuid,
  code_id uuid,
  session_id uuid,
  device_id uuid,
  target_id uuid,
  factor text,
  device_type text,
  platform text,
  browser text,
  country text,
  address_tag bytea,
  entry text not null,
  sealed bytea,
  primary key (id)
) partition by range (id);
create index event_user on event (user_id, id) where user_id is not null;
create index event_actor on event (actor_id, id) where actor_id is not null and actor_id <> user_id;
create index event_code on event (code_id, id) where code_id is not null;
create index event_session on event (session_id, id) where session_id is not null;
create index event_address on event (address_tag, id) where address_tag is not null;
create index event_type on event (type, outcome, id);
create table event_default partition of event default;
create table pending (
  stream smallint not null,
  n bigint generated always as identity,
  ids uuid[] not null,
  hashes bytea,
  primary key (stream, n),
  check (hashes is null or length(hashes) = 32 * cardinality(ids))
);
create table log_head (stream smallint primary key, size bigint not null default 0);
create table log_batch (
  stream smallint not null,
  first_seq bigint not null,
  n int not null check (n > 0),
  ids uuid[] not null,
  hashes bytea,
  min_id uuid not null,
  max_id uuid not null,
  at timestamptz not null default now(),
  primary key (stream, first_seq),
  check (cardinality(ids) = n)
);
alter table log_batch alter column hashes set storage external, alter column ids set storage external;
create index log_batch_by_id on log_batch (stream, max_id, min_id);
create table log_cursor (stream smallint not null, consumer text not null, upto bigint not null default 0, primary key (stream, consumer));
insert into log_head (stream) values (1), (2);
-- What people must see on their first page until each dismisses it.
create table notice (
  event_id uuid primary key,
  kind text not null check (kind in ('late-claim', 'late-inspect', 'session-binding', 'factor-changed')),
  user_id uuid -- whom it concerns; operators see all but factor-changed
);
create index notice_of_user on notice (user_id, event_id);
create table notice_dismissal (event_id uuid not null references notice, user_id uuid not null references users on delete cascade, primary key (event_id, user_id));
-- Refused calls are counted here and become one event a source and minute.
create table refusal_tally (
  minute timestamptz not null,
  type text not null,
  source bytea not null,
  n int not null default 1,
  last jsonb not null,
  sealed bytea not null,
  primary key (minute, type, source)
);
