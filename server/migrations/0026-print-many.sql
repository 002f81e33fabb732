-- Symbols of many codes that exist, as a job: nothing of them changes.
alter table bulk_job drop constraint bulk_job_action_check;
alter table bulk_job add constraint bulk_job_action_check
  check (action in ('revoke', 'reissue', 'edit', 'issue', 'print', 'import-users', 'import-codes'));
