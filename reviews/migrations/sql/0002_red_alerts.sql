-- A red that begins an episode is told to the owner of the agent. What a claim contradicts is told with its decision
-- already, which it names.
create function placet_alert_red() returns trigger language plpgsql as $$
begin
  if new.in_episode and new.why <> 'contradicted' and (tg_op = 'INSERT' or not old.in_episode) then
    insert into reviews_alert (kind, agent_id, action_type_id, owner_id, raised_at)
      select 'red', ag.id, case when new.latch ~ '^(type|level|errors):' then split_part(new.latch, ':', 2)::bigint end,
        ag.owner_id, clock_timestamp()
      from governance_agent ag where ag.id = new.agent_id;
  end if;
  return null;
end $$;
create trigger red_alerts after insert or update on governance_standing for each row
  execute function placet_alert_red();
alter table governance_standing enable always trigger red_alerts;
