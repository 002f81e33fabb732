-- The statement that accepts a passcode changes a sign-in's state and session. Where no index holds either, the row is
-- written anew within its page and no index is touched (HOT): a quarter of the time that update took, a tenth of the statement.
drop index sign_in_of_user;
create index sign_in_of_user on sign_in (user_id) where user_id is not null;
-- A session's id is unique in `session`; nothing looks a sign-in up by it.
alter table sign_in drop constraint sign_in_session_id_key;
alter table sign_in set (fillfactor = 50);
