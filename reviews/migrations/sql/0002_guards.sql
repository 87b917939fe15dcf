select placet_append_only(t::regclass) from unnest(array['reviews_draw', 'reviews_finding']) t;
select placet_governed(t::regclass) from unnest(array['reviews_escalation', 'reviews_verdict',
  'reviews_draw', 'reviews_finding']) t;

-- A verdict is fixed when it is written; until its hold ends its reviewer may withdraw it, once.
create function placet_verdict_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a verdict is never deleted' using errcode = 'PL014'; end if;
  if old.withdrawn_at is not null or new.withdrawn_at is null
    or clock_timestamp() >= old.final_at
    or (new.escalation_id, new.reviewer_id, new.approve, new.reject_reason, new.action_digest,
        new.snapshot_digest, new.policy_revision, new.rank, new.decided_at, new.final_at)
       is distinct from (old.escalation_id, old.reviewer_id, old.approve, old.reject_reason, old.action_digest,
        old.snapshot_digest, old.policy_revision, old.rank, old.decided_at, old.final_at)
  then
    raise exception 'a verdict is final' using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger verdict_fixed before update or delete on reviews_verdict for each row
  execute function placet_verdict_fixed();
alter table reviews_verdict enable always trigger verdict_fixed;

-- A closed case stays closed: only a verdict withdrawn within its hold reopens it, and only an
-- approved one can be superseded (its record changed before redemption).
create function placet_case_closed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a case is never deleted' using errcode = 'PL014'; end if;
  if new.state = old.state or old.state = 'open' then return new; end if;
  if new.state = 'open' and old.state in ('approved', 'rejected') and not exists (
      select 1 from reviews_verdict v where v.escalation_id = old.id and v.withdrawn_at is null) then
    return new;
  end if;
  if new.state = 'superseded' and old.state = 'approved' then return new; end if;
  raise exception 'case % is closed as %', old.id, old.state using errcode = 'PL014';
end $$;
create trigger case_closed before update or delete on reviews_escalation for each row
  execute function placet_case_closed();
alter table reviews_escalation enable always trigger case_closed;
