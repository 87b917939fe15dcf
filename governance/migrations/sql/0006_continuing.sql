-- Guards of running actions and of recovery after a halt.

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

-- A halt is kept for ever; all that may change is that it is lifted, once, and that its recovery ends earlier.
create or replace function placet_halt_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a halt is never deleted' using errcode = 'PL015'; end if;
  if new.lifted_at is null or new.lifted_by = ''
    or new.recovery_seconds is null or new.recovers_until is null or new.recovers_until < new.lifted_at
    or (new.target, new.key, new.reason, new.halted_at, new.halted_by)
       is distinct from (old.target, old.key, old.reason, old.halted_at, old.halted_by)
  then
    raise exception 'a halt is only ever lifted, once, by somebody' using errcode = 'PL015';
  end if;
  if old.lifted_at is not null and (new.recovers_until >= old.recovers_until
    or (new.lifted_at, new.lifted_by, new.recovery_seconds)
       is distinct from (old.lifted_at, old.lifted_by, old.recovery_seconds))
  then
    raise exception 'of a lifted halt only the recovery ends earlier' using errcode = 'PL015';
  end if;
  return new;
end $$;

-- What is in force, open or recovering, is found by one look: every decision asks.
create index halt_in_force on governance_halt
  ((case when lifted_at is null then 'infinity'::timestamptz else recovers_until end));
