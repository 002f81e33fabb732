-- Where a device was used last, where the deployment's database of places knows cities.
alter table device add column last_city text;
