-- The newest sign-in in a browser that is known no more: a device that ends takes its browser with it, and what was stays. Written
-- there alone, so that no sign-in pays for it.
alter table users add column forgotten_sign_in_at timestamptz;
update users u set forgotten_sign_in_at = s.at from (select user_id, max(created_at) as at from session group by user_id) s where s.user_id = u.id;
