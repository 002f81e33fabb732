-- What a person has claimed or approved ends with them: few rows stand in these states, among all that ever were.
create index approval_approved_by on approval (user_id) where state = 'approved';
create index approval_claimed_for on approval (for_user) where state = 'claimed';
