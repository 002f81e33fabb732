-- What a device holds open ends with it, and its codes are a filter of the list: both are found at once, whatever else there is.
create index approval_of_device on approval (device_id) where device_id is not null;
create index approval_of_claimer on approval (claim_key) where claim_key is not null;
create index code_of_session on code (for_session) where for_session is not null;
-- also of sessions that are over: the codes that they showed may be open
drop index session_of_device;
create index session_of_device on session (device_id) where device_id is not null;
