-- What a phone has claimed of late: one request of a purpose is open before a person, and few that come to nothing (threat 25).
create index approval_claimed_by on approval (claim_key, scanned_at) where claim_key is not null;
