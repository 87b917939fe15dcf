-- What was handed to whom, and when, is written once, with its ledger entry.
select placet_append_only('reviews_showing');
select placet_governed('reviews_showing');
-- Only an approval goes against a fact, says why and which.
alter table reviews_verdict add constraint verdict_only_an_approval_goes_against_facts
  check ((facts_override = '') = (cardinality(overridden) = 0) and (facts_override = '' or approve));
-- A verdict is as it was given, whatever columns it has: only its withdrawal comes later, once and in time.
create or replace function placet_verdict_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a verdict is never deleted' using errcode = 'PL014'; end if;
  if old.withdrawn_at is not null or new.withdrawn_at is null
    or clock_timestamp() >= old.final_at
    or (to_jsonb(new) - 'withdrawn_at') is distinct from (to_jsonb(old) - 'withdrawn_at')
  then
    raise exception 'a verdict is final' using errcode = 'PL014';
  end if;
  return new;
end $$;
