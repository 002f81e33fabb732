-- Bulk jobs: their rows are decided when they are made, and worked off one by one under a lease (model.md §7).
create table bulk_job (
  id uuid primary key,
  action text not null check (action in ('revoke', 'reissue', 'edit', 'issue', 'import-users', 'import-codes')),
  request bytea not null, -- sealed: what to do, and why
  actor bytea not null, -- sealed: who made it, by which rights, from where
  by_id uuid, -- the person or the token that made it
  by_name text, -- a token's or the host's name
  total int not null check (total > 0),
  done int not null default 0,
  failed int not null default 0,
  state text not null default 'queued' check (state in ('queued', 'running', 'cancelled', 'done', 'failed')),
  why text,
  created_at timestamptz not null default now(),
  started_at timestamptz, -- of the present run; `before` rows were over then
  before int not null default 0,
  ended_at timestamptz,
  fetched_at timestamptz,
  holder uuid,
  fence int not null default 0,
  until timestamptz not null default '-infinity',
  check (done + failed <= total),
  check ((state in ('cancelled', 'done', 'failed')) = (ended_at is not null)),
  check (state <> 'done' or done + failed = total)
) with (fillfactor = 50);
create index bulk_job_open on bulk_job (id) where state in ('queued', 'running');
create table bulk_row (
  job_id uuid not null references bulk_job on delete cascade,
  n int not null,
  subject_id uuid, -- the code or person it is about
  state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
  tries smallint not null default 0, -- that a bug, or the loss of the database, broke off
  input bytea, -- sealed: a row of a file
  made_id uuid, -- the code that came of it
  result bytea, -- sealed: its address, for who made the job
  result_until timestamptz,
  errors jsonb,
  primary key (job_id, n),
  check ((state = 'failed') = (errors is not null))
) with (fillfactor = 80);
create index bulk_row_waiting on bulk_row (job_id, n) where state = 'waiting';
create index bulk_row_result on bulk_row (job_id, n) where result is not null;
