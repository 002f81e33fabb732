-- "Is this code ours?" is open to all, so its calls and reports are counted by address; a report is a notice to operators.
alter table address_count drop constraint address_count_kind_check, add check (kind in ('start', 'failure', 'scan', 'check', 'report'));
alter table notice drop constraint notice_kind_check,
  add check (kind in ('late-claim', 'late-inspect', 'session-binding', 'factor-changed', 'code-reported'));
-- Static codes are found by what they hold.
create index code_static on code ((coalesce(destination->>'url', destination->>'text'))) where kind = 'static';
