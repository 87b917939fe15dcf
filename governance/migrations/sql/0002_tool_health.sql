-- What a gather must know of a type beside its columns, read out of the documents by the database itself.
alter table governance_actiontype add column latency_ms integer
  generated always as ((document->>'latency_ms')::integer) stored;
alter table governance_binding add column connector text
  generated always as (document->>'connector') stored;

select placet_governed('governance_watch');
select placet_append_only('governance_toolsignal');
select placet_governed('governance_toolsignal');

-- What the watchers of a tool say of it: [[good, total, slow, age in seconds, overdue]]. The rule over them is in
-- governance/policy/health.py. A watcher that was never heard has no age; its heartbeat is overdue if it promised one.
-- Whoever looks for the newest readings orders them by their tool first: by their numbers alone they would be read off
-- all readings of all tools, to the end for a tool that nobody reported on.
create function placet_watched(p_tool text, p_slow_ms integer, p_at timestamptz)
returns json language sql stable as $$
  select json_agg(json_build_array(s.good, s.total, s.slow, s.age, s.overdue))
  from governance_watch w, lateral (
    select count(*) filter (where x.good) as good, count(*) as total,
      count(*) filter (where not x.good or x.degraded or x.latency_ms > p_slow_ms) as slow,
      floor(extract(epoch from p_at - max(x.read_at))) as age,
      w.heartbeat_seconds is not null
        and coalesce(max(x.read_at) < p_at - make_interval(secs => w.heartbeat_seconds), true) as overdue
    from (select good, degraded, latency_ms, read_at from governance_toolreading
      where tool = any(array[p_tool]) and watcher_id = w.agent_id order by tool, id desc limit 20) x
    where x.read_at > p_at - interval '7 days') s
  where w.tool = p_tool
$$;

-- An agent, those above it and those below it.
create function placet_kin(p_agent uuid) returns setof uuid language sql stable as $$
  with recursive up as (
    select id, parent_id from governance_agent where id = p_agent
    union select ag.id, ag.parent_id from governance_agent ag join up on ag.id = up.parent_id
  ), down as (
    select id from governance_agent where id = p_agent
    union select ag.id from governance_agent ag join down on ag.parent_id = down.id
  )
  select id from up union select id from down
$$;

-- Whether an agent, or one above or below it, has a permission for a type that needs this tool or connector.
create function placet_uses(p_agent uuid, p_tool text) returns boolean language sql stable as $$
  select exists (select 1 from placet_kin(p_agent) kin(id)
    join governance_permission p on p.agent_id = kin.id
    join governance_actiontype ty on ty.id = p.action_type_id
    left join governance_binding b on b.action_type_id = ty.id
    where p_tool in (ty.tool, 'connector:' || b.connector))
$$;

-- Evidence is independent: nobody reports on what they use. Watches are few, so whatever could make it so looks at all.
create function placet_independent() returns trigger language plpgsql as $$
begin
  if exists (select 1 from governance_watch w where placet_uses(w.agent_id, w.tool)) then
    raise exception 'a watcher never uses what it watches' using errcode = 'PL020';
  end if;
  return null;
end $$;
create trigger independent after insert or update on governance_watch
  for each statement execute function placet_independent();
create trigger independent after insert or update on governance_permission
  for each statement execute function placet_independent();
create trigger independent after insert or update on governance_actiontype
  for each statement execute function placet_independent();
create trigger independent after insert or update on governance_binding
  for each statement execute function placet_independent();
create trigger independent after update on governance_agent
  for each statement execute function placet_independent();
alter table governance_watch enable always trigger independent;
alter table governance_permission enable always trigger independent;
alter table governance_actiontype enable always trigger independent;
alter table governance_binding enable always trigger independent;
alter table governance_agent enable always trigger independent;
