-- Codes by letter: the claim also asks for an activation number, which is handed over apart from the letter.
alter table code
  add column deliver text not null default 'none' check (deliver in ('none', 'letter')),
  add column activation_hash bytea check (length(activation_hash) = 32),
  add column activation_tries smallint not null default 0 check (activation_tries between 0 and 5),
  add check (activation_hash is null or secret_hash is not null),
  add check ((deliver = 'letter') = (activation_hash is not null));
