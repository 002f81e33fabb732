-- The fifth wrong activation number ends a code: whom it concerns is told.
alter table notice drop constraint notice_kind_check;
alter table notice add check (kind in ('late-claim', 'late-inspect', 'session-binding', 'factor-changed', 'code-reported', 'code-guessed', 'not-me', 'relay', 'device-lost', 'device-cloned'));
