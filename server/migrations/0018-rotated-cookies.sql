-- A session's cookie is changed by time. Null: its browser has not shown the newest cookie yet, so the one before it stays good.
alter table session add column hash_since timestamptz default now();

-- Who started a download is looked up by the session's id: its hash changes meanwhile.
delete from download;
alter table download drop column session_hash, add column session_id uuid not null;
