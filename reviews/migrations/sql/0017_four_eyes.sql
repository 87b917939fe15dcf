-- A verdict is fixed when it is written. Until its hold ends its reviewer may withdraw it, once; an approval that did
-- not close its case may be set aside, once.
create or replace function placet_verdict_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a verdict is never deleted' using errcode = 'PL014'; end if;
  if old.withdrawn_at is null and old.set_aside_at is null
    and (to_jsonb(new) - 'withdrawn_at' - 'set_aside_at') = (to_jsonb(old) - 'withdrawn_at' - 'set_aside_at')
    and (new.set_aside_at is null and new.withdrawn_at is not null and clock_timestamp() < old.final_at
      or new.set_aside_at is not null and new.withdrawn_at is null and not old.closes)
  then
    return new;
  end if;
  raise exception 'a verdict is final' using errcode = 'PL014';
end $$;

-- A closed case stays closed. Withdrawing, within its hold, the verdict that closed it reopens it; an approval that was
-- not used yet may be superseded (its ground is gone) or withdrawn by the agent.
create or replace function placet_case_closed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a case is never deleted' using errcode = 'PL014'; end if;
  if new.state = old.state or old.state = 'open' then return new; end if;
  if new.state = 'open' and old.state in ('approved', 'rejected') and not exists (
      select 1 from reviews_verdict v where v.escalation_id = old.id and v.withdrawn_at is null and v.closes) then
    return new;
  end if;
  if new.state in ('superseded', 'withdrawn') and old.state = 'approved' then return new; end if;
  raise exception 'case % is closed as %', old.id, old.state using errcode = 'PL014';
end $$;

-- A person's grant is given by the last of all the approvals that its case needed, each of another person and of the
-- same facts.
create function placet_grant_by_all() returns trigger language plpgsql as $$
declare last reviews_verdict;
begin
  select * into last from reviews_verdict v where v.id = new.verdict_id;
  if last.id is null or not last.approve or not last.closes or last.withdrawn_at is not null or last.stages <> (
      select count(*) from reviews_verdict v where v.escalation_id = last.escalation_id and v.approve
        and v.withdrawn_at is null and v.set_aside_at is null and v.snapshot_digest = last.snapshot_digest
        and v.action_digest = new.digest)
  then
    raise exception 'the grant of verdict % lacks an approval', new.verdict_id using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger grant_by_all before insert on governance_grant for each row when (new.issued_by = 'human')
  execute function placet_grant_by_all();
alter table governance_grant enable always trigger grant_by_all;
