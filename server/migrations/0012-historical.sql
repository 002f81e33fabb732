-- Historical codes (R9, R45): keys by age and origin, re-enrolment from a date, scans for old pictures.
alter table totp add column renew_from timestamptz; -- due for renewal from here on, whatever its age
create index totp_age on totp (id) where state <> 'retired';
create index claim_totp on claim (user_id, totp_id);
-- A purge scan: the key under which an operator's machine makes fingerprints of what it found.
create table purge_scan (
  id uuid primary key,
  opened_by text not null, -- kind and id of the actor: nobody else compares under its key
  key bytea not null, -- 32 random bytes, sealed
  compared int not null default 0 check (compared <= 100000), -- fingerprints so far
  expires_at timestamptz not null
);
