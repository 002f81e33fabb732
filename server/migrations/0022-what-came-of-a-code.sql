-- The code in whose confirmation it was chosen, also of one that has taken its place since: it ends with what came of that code.
alter table password add column code_id uuid;
-- both are of the moment of one transaction
update password p set code_id = c.code_id from claim c where c.user_id = p.user_id and c.ended_at = p.changed_at;
-- Taken away with the code that it came of. Its person's password alone leads to no new one.
alter table totp add column revoked_at timestamptz check (revoked_at is null or state = 'retired');
