-- An alert is written once, with the entry of what it is about; only its acknowledgement comes later, once.
select placet_governed('reviews_alert');
create trigger never_deleted before delete or truncate on reviews_alert for each statement
  execute function placet_refuse_delete();
alter table reviews_alert enable always trigger never_deleted;

create function placet_alert_kept() returns trigger language plpgsql as $$
begin
  if old.acknowledged_at is not null or new.acknowledged_at is null
    or (new.id, new.kind, new.action_id, new.agent_id, new.action_type_id, new.halt_id, new.tool, new.owner_id,
        new.raised_at)
       is distinct from (old.id, old.kind, old.action_id, old.agent_id, old.action_type_id, old.halt_id, old.tool,
         old.owner_id, old.raised_at)
  then
    raise exception 'an alert is acknowledged once and changes in nothing else' using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger alert_kept before update on reviews_alert for each row execute function placet_alert_kept();
alter table reviews_alert enable always trigger alert_kept;

-- A halt tells everybody who is answerable for an agent that it stops, those below in a chain included, registered or
-- by a ticket in force; where it stops nobody's, it is told to nobody in particular. The reach of placet_halts_over.
create function placet_alert_halt() returns trigger language plpgsql as $$
begin
  insert into reviews_alert (kind, halt_id, agent_id, action_type_id, owner_id, raised_at)
    with recursive stopped as (
      select ag.id, ag.owner_id
        from governance_agent ag join governance_scope p on p.id = ag.project_id
        left join governance_scope d on d.id = p.parent_id
        where ag.state <> 'retired' and case new.target
          when 'enterprise' then true
          when 'domain' then d.key = new.key or exists (
            select 1 from governance_permission perm join governance_actiontype t on t.id = perm.action_type_id
              join governance_scope s on s.id = t.domain_id where perm.agent_id = ag.id and s.key = new.key)
          when 'project' then p.key = new.key
          when 'agent' then ag.id::text = new.key
          when 'action_type' then exists (
            select 1 from governance_permission perm join governance_actiontype t on t.id = perm.action_type_id
              where perm.agent_id = ag.id and t.key = new.key)
        end
      union select ag.id, ag.owner_id
        from stopped cross join lateral (
          select sub.id from governance_agent sub where sub.parent_id = stopped.id
          union all
          select k.child_id from governance_ticket k
            where k.parent_id = stopped.id and k.revoked_at is null and k.expires_at > new.halted_at
        ) below join governance_agent ag on ag.id = below.id
        where ag.state <> 'retired' and new.target <> 'action_type'
    )
    select 'halt', new.id, (select ag.id from governance_agent ag where new.target = 'agent' and ag.id::text = new.key),
      (select t.id from governance_actiontype t where new.target = 'action_type' and t.key = new.key),
      told.owner_id, new.halted_at
    from (select 1) one left join (select distinct owner_id from stopped) told on true;
  return null;
end $$;
create trigger halt_alerts after insert on governance_halt for each row execute function placet_alert_halt();
alter table governance_halt enable always trigger halt_alerts;
