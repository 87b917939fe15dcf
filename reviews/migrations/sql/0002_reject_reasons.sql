insert into reviews_rejectreason (code, sentence, added_at) values
  ('facts_differ', 'The facts differ from the request', clock_timestamp()),
  ('wrong_subject', 'This is somebody else''s record', clock_timestamp()),
  ('not_verified', 'The record could not be verified', clock_timestamp()),
  ('over_limit', 'Too much for this customer or agent', clock_timestamp()),
  ('against_policy', 'Our policy does not allow it', clock_timestamp()),
  ('not_needed', 'The action is not needed', clock_timestamp());
-- no table is altered while a check of its rows waits
set constraints all immediate;
set constraints all deferred;

-- A reason is what was said to agents and is written in verdicts: it is only ever retired, once.
select placet_governed('reviews_rejectreason');
create function placet_reason_kept() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' then raise exception 'a reason is never deleted' using errcode = 'PL014'; end if;
  if old.retired_at is not null or new.retired_at is null
    or (to_jsonb(new) - 'retired_at') is distinct from (to_jsonb(old) - 'retired_at')
  then
    raise exception 'a reason is only ever retired, once' using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger reason_kept before update or delete on reviews_rejectreason for each row
  execute function placet_reason_kept();
create trigger reason_kept_whole before truncate on reviews_rejectreason for each statement
  execute function placet_reason_kept();
alter table reviews_rejectreason enable always trigger reason_kept;
alter table reviews_rejectreason enable always trigger reason_kept_whole;

-- Whoever answers for the agent sees that somebody approved against the record.
create function placet_alert_against_facts() returns trigger language plpgsql as $$
begin
  insert into reviews_alert (kind, action_id, agent_id, action_type_id, owner_id, raised_at)
    select 'against_facts', a.id, a.agent_id, a.action_type_id, ag.owner_id, new.decided_at
      from reviews_escalation e join governance_action a on a.id = e.action_id
      join governance_agent ag on ag.id = a.agent_id where e.id = new.escalation_id;
  return null;
end $$;
create trigger against_facts_alerts after insert on reviews_verdict for each row
  when (new.facts_override <> '') execute function placet_alert_against_facts();
alter table reviews_verdict enable always trigger against_facts_alerts;
