-- Why a rule of policy was overridden is part of the verdict: only an approval has it, and it never changes.
alter table reviews_verdict add constraint verdict_only_an_approval_overrides
  check (override_reason = '' or approve);
create or replace function placet_verdict_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a verdict is never deleted' using errcode = 'PL014'; end if;
  if old.withdrawn_at is not null or new.withdrawn_at is null
    or clock_timestamp() >= old.final_at
    or (new.escalation_id, new.reviewer_id, new.approve, new.reject_reason, new.override_reason, new.action_digest,
        new.snapshot_digest, new.policy_revision, new.rank, new.decided_at, new.final_at)
       is distinct from (old.escalation_id, old.reviewer_id, old.approve, old.reject_reason, old.override_reason,
        old.action_digest, old.snapshot_digest, old.policy_revision, old.rank, old.decided_at, old.final_at)
  then
    raise exception 'a verdict is final' using errcode = 'PL014';
  end if;
  return new;
end $$;
