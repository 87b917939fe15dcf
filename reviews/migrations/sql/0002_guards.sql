select placet_append_only(t::regclass) from unnest(array['reviews_draw', 'reviews_finding']) t;
select placet_governed(t::regclass) from unnest(array['reviews_escalation', 'reviews_verdict',
  'reviews_draw', 'reviews_finding']) t;

-- A verdict is fixed when it is written. Until its hold ends its reviewer may withdraw it, once; an approval that did
-- not close its case may be set aside, once.
create function placet_verdict_fixed() returns trigger language plpgsql as $$
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
create trigger verdict_fixed before update or delete on reviews_verdict for each row
  execute function placet_verdict_fixed();
alter table reviews_verdict enable always trigger verdict_fixed;

-- A closed case stays closed. Withdrawing, within its hold, the verdict that closed it reopens it; an approval that was
-- not used yet may be superseded (its ground is gone) or withdrawn by the agent.
create function placet_case_closed() returns trigger language plpgsql as $$
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
create trigger case_closed before update or delete on reviews_escalation for each row
  execute function placet_case_closed();
alter table reviews_escalation enable always trigger case_closed;
