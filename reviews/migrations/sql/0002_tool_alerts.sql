-- What was last known of a tool or connector: its sources that are red, '' for reports and readings, else the watcher.
-- Nothing is decided by it. It says which turn was told, and its row is the lock under which readings that are written
-- at the same time see each other.
create table reviews_toolstate (tool varchar(80) primary key, red text[] not null default '{}');

-- What one source says now, by the rule of governance/policy/health.py, its silence aside: the figures of its newest
-- readings, whether they are enough to say anything, and whether they are red.
create function placet_source(p_tool text, p_watcher uuid) returns table (enough boolean, red boolean)
language plpgsql volatile as $$
begin
  if p_watcher is null then
    return query select count(*) >= 5, count(*) >= 5 and count(*) filter (where x.good) * 100 < count(*) * 50
      from (select good, read_at from governance_toolreading
        where tool = any(array[p_tool]) and watcher_id is null order by tool, id desc limit 20) x
      where x.read_at > clock_timestamp() - interval '7 days';
  else
    return query select count(*) >= 5, count(*) >= 5 and count(*) filter (where x.good) * 100 < count(*) * 50
      from (select good, read_at from governance_toolreading
        where tool = any(array[p_tool]) and watcher_id = p_watcher order by tool, id desc limit 20) x
      where x.read_at > clock_timestamp() - interval '7 days';
  end if;
end $$;

-- Whether a source that was red when it was last heard makes its tool red now: it is no watcher of old, and was heard
-- within the 10 minutes after which silence is no red.
create function placet_red_still(p_tool text, p_source text) returns boolean language sql volatile as $$
  select (p_source = '' or exists (select 1 from governance_watch
      where tool = p_tool and agent_id = nullif(p_source, '')::uuid))
    and exists (select 1 from (
      (select read_at from governance_toolreading
        where p_source = '' and tool = any(array[p_tool]) and watcher_id is null
          order by tool, id desc limit 1)
      union all
      (select read_at from governance_toolreading
        where tool = any(array[p_tool]) and watcher_id = nullif(p_source, '')::uuid
          order by tool, id desc limit 1)) x
      where x.read_at >= clock_timestamp() - interval '10 minutes')
$$;

-- A tool that turns red is told to everybody who answers for an agent that may use it, once, in the transaction of the
-- reading that turned it; where that is nobody, to nobody in particular. That is a change of its own, with its entry.
create function placet_alert_tool(p_tool text, p_watcher uuid) returns void language plpgsql as $$
begin
  insert into governance_ledgerentry (kind, actor, body) values ('tool_turned_red', 'system:health', convert_to(
    format('{"tool":%s,"watcher":%s}', to_json(p_tool), coalesce(to_json(p_watcher)::text, 'null')), 'UTF8'));
  insert into reviews_alert (kind, tool, owner_id, raised_at)
    select 'tool_red', p_tool, told.owner_id, clock_timestamp()
    from (select 1) one left join (
      select distinct ag.owner_id from governance_agent ag
        join governance_permission p on p.agent_id = ag.id
        join governance_actiontype ty on ty.id = p.action_type_id
        left join governance_binding b on b.action_type_id = ty.id
        where ag.state <> 'retired' and p_tool in (ty.tool, 'connector:' || b.connector)) told on true;
end $$;

create function placet_tool_heard() returns trigger language plpgsql as $$
declare source text := coalesce(new.watcher_id::text, ''); were text[]; said record;
begin
  -- Most readings are good, of a source that is well and known: they turn nothing and wait for nobody. Only a bad one
  -- can turn it, or the one that makes enough of them.
  if new.good then
    select s.red into were from reviews_toolstate s where s.tool = new.tool;
    select * into said from placet_source(new.tool, new.watcher_id);
    if said.enough and not said.red and not coalesce(source = any(were), false) then return null; end if;
  end if;
  insert into reviews_toolstate (tool) values (new.tool) on conflict do nothing;
  -- held until the commit: whoever comes next sees these readings as well
  select s.red into were from reviews_toolstate s where s.tool = new.tool for update;
  select * into said from placet_source(new.tool, new.watcher_id);
  if said.red = (source = any(were)) then return null; end if;
  update reviews_toolstate s set red = case when said.red then were || source else array_remove(were, source) end
    where s.tool = new.tool;
  if said.red and not exists (select 1 from unnest(were) other where placet_red_still(new.tool, other)) then
    perform placet_alert_tool(new.tool, new.watcher_id);
  end if;
  return null;
end $$;
-- At the very end, when a transaction waits for nothing else: the lock is the last one and is held shortly.
create constraint trigger tool_heard after insert on governance_toolreading deferrable initially deferred
  for each row execute function placet_tool_heard();
alter table governance_toolreading enable always trigger tool_heard;
