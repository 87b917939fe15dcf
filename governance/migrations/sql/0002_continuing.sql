-- Guards of running actions, and which halts are in force.

-- Who was told to stop stays told: neither a lifted halt nor a later checkpoint takes it back.
create function placet_stop_latched() returns trigger language plpgsql as $$
begin
  raise exception 'an action that was told to stop stays so' using errcode = 'PL013';
end $$;
create trigger stop_latched before update on governance_action for each row
  when (old.stopped_at is not null
    and (new.stopped_at, new.stop_reason) is distinct from (old.stopped_at, old.stop_reason))
  execute function placet_stop_latched();
alter table governance_action enable always trigger stop_latched;

-- What is in force, open or recovering, is found by one look: every decision asks.
create index halt_in_force on governance_halt
  ((case when lifted_at is null then 'infinity'::timestamptz else recovers_until end));
