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
