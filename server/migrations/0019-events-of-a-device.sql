-- What a device did, and which one came of a code.
create index event_device on event (device_id, id) where device_id is not null;
create index device_of_code on device (code_id) where code_id is not null;
