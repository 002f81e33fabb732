-- Root certificates of makers of authenticators, as PEM: what an attestation must lead to where policy names models.
alter table device_settings
  add column attestation_roots text not null default '' check (octet_length(attestation_roots) <= 131072);
