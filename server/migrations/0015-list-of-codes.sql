-- The list of codes at a million. The state of a row as a column: as it was at `seen_at`, by the facts of now. It is the state of
-- now until `turns_at`, when time alone changes it; housekeeping then looks again. So each state of each kind is a range of one
-- index, and what decides still asks the clock.
-- Letters as a search compares them, whatever the database's locale: small, without accents, Greek and Cyrillic as Latin, one for one.
create function plain_letters(t text) returns text language sql immutable parallel safe
  return case when octet_length(t) = length(t) then lower(t collate "C") else translate(lower(t collate "C"),
    'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĦħĨĩĪīĬĭĮįİıĴĵĶķĸĹĺĻļĽľŁłŃńŅņŇňŊŋŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюяѐёђѓєѕіїјљњћќѝўџҐґ',
    'aaaaaaaceeeeiiiidnoooooouuuuytsaaaaaaaceeeeiiiidnoooooouuuuytyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiijjkkkllllllllnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzaehiouwiabgdezhqiklmncoprstufxywiuaehiuabgdezhqiklmncoprsstufxywiuouweedgesiijlnckiudabvgdejziiklmnoprstufhccssqyqeuaabvgdejziiklmnoprstufhccssqyqeuaeedgesiijlnckiudgg') end;
-- at a million codes longer than a statement of the server may take
set local statement_timeout = 0;
alter table code
  add column seen_at timestamptz not null default now(),
  add column seen_state text not null generated always as (case
    when revoked_at is not null then 'revoked' when claimed_at is not null then 'used' when expires_at <= seen_at then 'expired'
    when not_before > seen_at then 'not-yet-valid' when scans >= scan_limit then 'used-up' else 'live' end) stored,
  add column turns_at timestamptz not null generated always as (case
    when revoked_at is not null or claimed_at is not null or expires_at <= seen_at then 'infinity'
    when not_before > seen_at then least(not_before, expires_at) else expires_at end) stored,
  -- the id again, for the order of `code_list` alone: by `id` other indexes are sorted too, and the planner would read on in one
  -- of them until it met enough codes of a state that few are in
  add column list_id uuid not null generated always as (id) stored,
  -- what a search looks at: the label, and where the code leads
  add column words text not null generated always as (plain_letters(label
    || coalesce(E'\n' || (destination->>'url'), '') || coalesce(E'\n' || (destination->>'text'), '') || coalesce(E'\n' || (destination->>'otherwise'), '')
    || coalesce(E'\n' || (destination->>'ios'), '') || coalesce(E'\n' || (destination->>'android'), ''))) stored;
drop index code_kind, code_open;
create index code_list on code (kind, seen_state, list_id);
-- for the estimates of large counts
create statistics code_kind_state (mcv) on kind, seen_state from code;
create index code_turns on code (turns_at) where turns_at < 'infinity';
-- a restore voids what authenticates and is open: until it was looked at again it is found by its epoch
create index code_epoch on code (epoch) where secret_hash is not null and turns_at < 'infinity';
do $$ begin
  create extension if not exists pg_trgm;
  create index code_search on code using gin (words gin_trgm_ops) with (gin_pending_list_limit = 512);
  create index users_search on users using gin (plain_letters(username) gin_trgm_ops);
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise notice 'pg_trgm could not be created here (%): a search without a hit reads all codes', sqlerrm;
end $$;
