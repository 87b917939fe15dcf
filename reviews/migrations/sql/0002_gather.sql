-- One read for one decision. Who asks, what stands above them, what is halted, how the tool is, what
-- the budgets hold, and whether this very request was answered before. STABLE: one snapshot, no lock.
--
-- Each statement of a function costs more to start than to run, and each table in it too: there are two, and what is
-- rarely so (a parent, a record, a standing, a halt, an answer given before, a full budget) is looked at only where it is.
-- The key of a guardrail counts the type (its "value"), not the family.
-- p_caps: [{"key", "unit", "window", "name", "value", "room"}] in the order of the type; the keys are
-- spelled here because only here are owner, root and scopes known.
-- Casts are spelled out: with the polymorphic || it would not be immutable, and each call would start an executor.
create function placet_budget_key(p_cap jsonb, p_family text, p_run text, p_agent uuid, p_root uuid,
  p_owner bigint, p_project text, p_domain text, p_enterprise text)
returns text language sql immutable as $$
  select case p_cap->>'key'
    when 'entity' then 'entity:' || (p_cap->>'name') || '=' || (p_cap->>'value')
    when 'run' then 'run:' || p_root::text || ':' || p_run
    when 'agent' then 'agent:' || p_agent::text
    when 'root' then 'root:' || p_root::text
    when 'owner' then 'owner:' || p_owner::text
    when 'project' then 'project:' || p_project
    when 'domain' then 'domain:' || p_domain
    when 'enterprise' then 'enterprise:' || p_enterprise
    when 'guardrail' then 'guardrail:' || p_agent::text
  end || '|' || case p_cap->>'key' when 'guardrail' then p_cap->>'value' else p_family end || '|' || (p_cap->>'unit') || '|' || (p_cap->>'window')
$$;

-- A budget's key without its window: under it stand its case and its latch, which outlive an edit of the window.
create function placet_any_window(p_key text) returns text language sql immutable strict parallel safe as $$
  select rtrim(rtrim(p_key, '0123456789'), '|')
$$;

-- The rows of one cap over a whole chain, the agent's own first. Who acts for others spends what is theirs too:
-- `agent`, `owner`, `project` and `domain` count once for each of them, `root` and `run` for each who has nobody
-- registered above; a guardrail is of the agent alone. p_people: [{"id", "owner", "project", "domain", "root"}], the agent first.
create function placet_keys_over(p_cap jsonb, p_family text, p_run text, p_people jsonb, p_enterprise text)
returns text[] language sql immutable as $$
  select array_agg(key order by place) from (
    select key, min(place) as place from (
      select placet_budget_key(p_cap, p_family, p_run, (x->>'id')::uuid, (x->>'id')::uuid, (x->>'owner')::bigint,
          x->>'project', x->>'domain', p_enterprise) as key, place
        from jsonb_array_elements(p_people) with ordinality as e(x, place)
        where case when p_cap->>'key' in ('root', 'run') then (x->>'root')::boolean
          when p_cap->>'key' = 'guardrail' then place = 1 else true end) each
    group by key) rows
$$;

-- Of budgets without room for an action: [the case that binds each or null, the epoch when it would take it or null].
-- p_rooms: the most each may hold for the action to fit. All in the order of p_keys.
create function placet_bound(p_keys text[], p_rooms bigint[], p_at timestamptz)
returns json language sql stable as $$
  select json_build_array(array_agg((select e.id from reviews_escalation e
        where e.cap_key = placet_any_window(w.key) and (e.state = 'open' or e.cap_frees_at > p_at)
        order by e.opened_at desc limit 1) order by w.o),
    array_agg(extract(epoch from placet_ring_frees_at(b.head, b.slots, b.width_ms,
        placet_slot(p_at, b.width_ms), w.room)) order by w.o))
  from unnest(p_keys, p_rooms) with ordinality as w(key, room, o)
  left join governance_budget b on b.key = w.key
$$;

-- The agents above one, nearest first: [{"id", "name", "tier", "state", "level", "project", "domain", "ceiling",
-- "owner", "root"}]; null when the ticket does not stand. It names tables that are made later, so it is PL/pgSQL.
create function placet_chain(p_agent uuid, p_ticket uuid, p_type bigint, p_at timestamptz)
returns jsonb language plpgsql stable as $$
begin
  if p_ticket is not null and not placet_ticket_stands(p_ticket, p_agent, p_type, p_at) then return null; end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', ag.id, 'name', placet_named(ag), 'tier', ag.max_tier,
        'state', ag.state, 'level', perm.level, 'project', p.key, 'domain', d.key,
        'ceiling', least(p.ceiling, d.ceiling), 'owner', ag.owner_id, 'root', ag.parent_id is null)
        order by up.nearest), '[]')
      from unnest(placet_lineage(p_agent, p_ticket)) with ordinality as up(id, nearest)
      join governance_agent ag on ag.id = up.id
      join governance_scope p on p.id = ag.project_id
      left join governance_scope d on d.id = p.parent_id
      -- a permission for a type of another domain counts nothing, for its holder as for whoever acts for it
      left join governance_permission perm on perm.agent_id = ag.id and perm.action_type_id = p_type
        and (select coalesce(ty.domain_id = p.parent_id, true) from governance_actiontype ty where ty.id = p_type));
end $$;

-- What is halted above an action or recovers from a halt: [[in words, the epoch it was lifted or null, the seconds
-- of each stage of its recovery, the epoch it has recovered]]. The same reach as in placet_halts_over.
create function placet_halted(p_agent uuid, p_project text, p_domain text, p_chain jsonb, p_type text,
  p_type_domain text, p_at timestamptz) returns jsonb language plpgsql stable as $$
begin return (
  select jsonb_agg(jsonb_build_array(replace(h.target, '_', ' ') || ' ' || coalesce(
      (select placet_named(ag) from governance_agent ag where h.target = 'agent' and ag.id::text = h.key),
      (select s.name from governance_scope s where h.target in ('enterprise', 'domain', 'project') and s.key = h.key),
      h.key), extract(epoch from h.lifted_at), h.recovery_seconds, extract(epoch from h.recovers_until))
    order by h.id) from governance_halt h
    where (case when h.lifted_at is null then 'infinity'::timestamptz else h.recovers_until end) > p_at and (
      (h.target = 'enterprise') or (h.target = 'domain' and h.key in (p_domain, p_type_domain))
      or (h.target = 'project' and h.key = p_project)
      or (h.target = 'agent' and (h.key = p_agent::text
          or h.key in (select x->>'id' from jsonb_array_elements(p_chain) x)))
      or (h.target in ('project', 'domain') and exists (select 1 from jsonb_array_elements(p_chain) x
          where h.key = x->>h.target))
      or (h.target = 'action_type' and h.key = p_type)));
end $$;

-- What one agent was answered for one idempotency key.
create function placet_stored(p_action uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('action', ac.id, 'body_hash', encode(ac.body_hash, 'hex'),
      'answer', de.answer, 'grant', g.id, 'digest', encode(ac.digest, 'hex'),
      'expires_at', extract(epoch from g.expires_at))
    from governance_action ac join governance_decision de on de.action_id = ac.id
    left join governance_grant g on g.action_id = ac.id and g.issued_by <> 'human'
    where ac.id = p_action
$$;

-- p_key is null and p_watch names the "agent" where no agent asks: what if.
-- p_watch: {"flights", "values"} of a type that limits what is under way or asks for novelty, {"ticket"} under which
-- it is asked, else null. A ticket that does not stand is told, and adds nobody to the chain.
-- p_paced: answer {"wait": seconds} and nothing else to an agent that has asked for more than its rate.
create function placet_gather(p_key bytea, p_idem text, p_type text, p_caps jsonb, p_run text, p_watch jsonb,
  p_paced boolean)
returns text language plpgsql stable
-- A session plans each statement once, perhaps while the tables are still empty: only index paths stay
-- right as they grow. Costs of a path that is switched off would wake the JIT compiler, so it is off too.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
-- what is read once need not be kept
set enable_material = off set enable_memoize = off as $$
declare
  t timestamptz := clock_timestamp();
  a record; now_is record; bound json; over boolean := false;
  chain jsonb := '[]'; people jsonb; in_force boolean := true; own text[]; places int[];
  keys text[] := '{}'; rooms bigint[] := '{}'; lives bigint[] := '{}';
  line uuid[]; connector numeric[]; halts jsonb; latches json; recent text[]; opens timestamptz;
begin
  select ag.id as agent_id, case when ag.number is null then ag.name else placet_named(ag) end as name, ag.max_tier, ag.state, ag.fingerprint, ag.owner_id, ag.parent_id,
      p.key as project, p.parent_id as domain_of, p.name as project_name, p.ceiling as project_ceiling, d.key as domain,
      d.name as domain_name, d.ceiling as domain_ceiling, e.key as enterprise,
      e.name as enterprise_name, e.ceiling as enterprise_ceiling,
      ty.id as type_id, ty.revision, ty.family, ty.tool, ty.latency_ms, ty.domain_id, b.connector, perm.level,
      i.authority_epoch, i.instance_epoch, i.policy_revision, rate.tat - placet_burst(rate.gap) as opens
    into a
    from governance_agent ag
    join governance_scope p on p.id = ag.project_id
    join governance_instance i on i.id = 1
    left join governance_scope d on d.id = p.parent_id
    left join governance_scope e on e.id = d.parent_id
    left join governance_actiontype ty on ty.key = p_type
    left join governance_binding b on b.action_type_id = ty.id
    left join governance_permission perm on perm.agent_id = ag.id and perm.action_type_id = ty.id
    left join governance_requestrate rate on p_paced and rate.agent_id = ag.id
    where ag.id = case when p_key is null then (p_watch->>'agent')::uuid else (
      -- in words that no partial index answers: planned while there are few keys, it would read them all
      select agent_id from governance_agentkey where digest = p_key and num_nulls(revoked_at) = 1
        and (expires_at is null or expires_at > t)) end;
  if not found then return null; end if;
  if a.opens > t then
    return json_build_object('wait', ceil(extract(epoch from a.opens - t)));
  end if;

  line := array[a.agent_id];
  if a.parent_id is not null or p_watch ? 'ticket' then
    chain := placet_chain(a.agent_id, (p_watch->>'ticket')::uuid, a.type_id, t);
    if chain is null then
      in_force := false;
      chain := placet_chain(a.agent_id, null, a.type_id, t);
    end if;
    line := line || array(select (x->>'id')::uuid from jsonb_array_elements(chain) x);
    people := jsonb_build_object('id', a.agent_id, 'owner', a.owner_id, 'project', a.project, 'domain', a.domain,
      'root', a.parent_id is null) || chain;
    if p_paced then
      select max(r.tat - placet_burst(r.gap)) into opens from governance_requestrate r where r.agent_id = any(line);
      if opens > t then return json_build_object('wait', ceil(extract(epoch from opens - t))); end if;
    end if;
  end if;
  if a.type_id is not null and jsonb_array_length(p_caps) > 0 then
    for n in 0..jsonb_array_length(p_caps) - 1 loop
      if people is null then
        own := array[placet_budget_key(p_caps->n, a.family, p_run, a.agent_id, a.agent_id, a.owner_id,
          a.project, a.domain, a.enterprise)];
      else
        own := placet_keys_over(p_caps->n, a.family, p_run, people, a.enterprise);
        places := places || array_fill(n, array[cardinality(own)]);
      end if;
      keys := keys || own;
      rooms := rooms || array_fill((p_caps->n->>'room')::bigint, array[cardinality(own)]);
    end loop;
  end if;

  -- by the tool first: the order of the ids alone would be read off all readings of all tools
  select (select array[count(*) filter (where x.good), count(*),
        count(*) filter (where not x.good or x.latency_ms > a.latency_ms), floor(extract(epoch from t - max(x.read_at)))]
      from (select good, latency_ms, read_at from governance_toolreading
        where tool = any(array[a.tool]) and watcher_id is null order by tool, id desc limit 20) x
      where x.read_at > t - interval '7 days') as tool,
    exists (select 1 from governance_watch where tool in (a.tool, 'connector:' || a.connector)) as watched,
    (select count(*) from governance_breach where agent_id = a.agent_id
      and action_type_id = a.type_id and breached_at > t - interval '10 minutes') as breaches,
    (select subject from governance_action where agent_id = a.agent_id and run = p_run and (subject = '') is false
      order by created_at limit 1) as subject,
    -- by the key: planned before there are statistics, the order of the runs would do, and read all of an agent's
    (select id from governance_action where agent_id = a.agent_id and idempotency_key = any(array[p_idem])
      order by idempotency_key limit 1) as answered,
    exists (select 1 from governance_halt
      where (case when lifted_at is null then 'infinity'::timestamptz else recovers_until end) > t) as halted,
    exists (select 1 from governance_daykey where day = (t at time zone 'UTC')::date) as day_key,
    -- of one agent the highest number says all (migration standing); it has none where there is no latch
    coalesce((select version from governance_standing where agent_id = a.agent_id order by version desc limit 1), 0)
      as stands,
    (select jsonb_object_agg(key, placet_ring_live(head, slots, placet_slot(t, width_ms)))
      from governance_budget where key = any(keys)) as lives
    into now_is;

  if a.connector is not null then
    select array[count(*) filter (where x.good), count(*),
        count(*) filter (where not x.good or x.latency_ms > 1500), floor(extract(epoch from t - max(x.read_at)))]
      into connector from (select good, latency_ms, read_at from governance_toolreading
        where tool = any(array['connector:' || a.connector]) and watcher_id is null order by tool, id desc limit 20) x
      where x.read_at > t - interval '7 days';
  end if;
  if cardinality(line) > 1 then
    -- a run belongs to whoever began it: who is asked to go on with it acts for the same subject; of a chain the sum
    -- of the highest numbers says all
    select (select first.subject from unnest(line) l(id), lateral (
          select subject, created_at from governance_action
            where agent_id = l.id and run = p_run and (subject = '') is false order by created_at limit 1) first
        order by first.created_at limit 1),
      (select sum((select coalesce(max(s.version), 0) from governance_standing s where s.agent_id = l.id))
        from unnest(line) l(id)) into now_is.subject, now_is.stands;
  end if;
  if now_is.halted then
    halts := placet_halted(a.agent_id, a.project, a.domain, chain, p_type,
      (select key from governance_scope where id = a.domain_id), t);
  end if;
  if now_is.stands > 0 then
    select json_agg(json_build_array(s.agent_id, s.latch, s.strikes, s.in_episode, extract(epoch from s.red_at),
        extract(epoch from s.green_since), s.pulled_tier))
      into latches from unnest(line) l(id), (select distinct unnest(
          array['agent', 'cases', 'type:' || coalesce(a.type_id, 0), 'errors:' || coalesce(a.type_id, 0)]
            || array(select 'key:' || placet_any_window(k) from unnest(keys) k)) as latch) k,
        -- one by one: planned before there are statistics, it would read all that an agent ever passed
        lateral (select * from governance_standing o where o.agent_id = l.id and o.latch = any(array[k.latch])
          order by o.latch limit 1) s;
  end if;

  for n in 1..cardinality(keys) loop
    lives[n] := coalesce((now_is.lives->>keys[n])::bigint, 0);
    over := over or lives[n] > rooms[n];
  end loop;
  if over then
    bound := placet_bound(keys, rooms, t);
    -- in the order of its index, without which it would, planned on empty tables, read all that ever was red
    recent := array(select s.latch from governance_standing s where s.agent_id = a.agent_id
      and s.red_at > t - interval '1 hour' and s.latch like 'key:%' order by s.red_at desc);
  end if;

  return json_build_object(
    'now', extract(epoch from t), 'epoch', a.authority_epoch, 'instance_epoch', a.instance_epoch,
    'policy_revision', a.policy_revision,
    'agent', a.agent_id, 'name', a.name, 'tier', a.max_tier, 'state', a.state, 'fingerprint', a.fingerprint,
    'chain', chain, 'ticket', in_force, 'places', places,
    'scopes', json_build_array(a.enterprise_name, a.enterprise_ceiling, a.domain_name, a.domain_ceiling,
      a.project_name, a.project_ceiling),
    'domain', a.domain, 'type', a.type_id, 'revision', a.revision, 'level', a.level,
    'in_domain', a.domain_id is null or a.domain_id = a.domain_of,
    'halts', halts,
    'connector', a.connector, 'health', json_build_array(now_is.tool, connector),
    'watched', case when now_is.watched then json_build_array(placet_watched(a.tool, a.latency_ms, t),
      placet_watched('connector:' || a.connector, 1500, t)) end,
    'breaches', now_is.breaches, 'subject', now_is.subject,
    'day_key', now_is.day_key,
    'stored', case when now_is.answered is not null then placet_stored(now_is.answered) end,
    'keys', keys, 'lives', lives, 'line', line, 'stands', now_is.stands, 'latches', latches, 'recent', recent,
    'flights', case when p_watch ? 'flights' then placet_flights(p_watch->'flights', line, a.family) end,
    'familiar', case when p_watch ? 'values' then placet_familiar(a.agent_id, a.type_id, p_watch->'values') end,
    'bound', bound);
end $$;

-- The first read of a request, which also counts it: in one round trip, and in unlogged rows alone, so that its commit
-- waits for no disk. Who is over the rate is told so before anything else is read; the row is locked last, for a moment.
create function placet_asked(p_key bytea, p_idem text, p_type text, p_caps jsonb, p_run text, p_watch jsonb)
returns text language plpgsql volatile as $$
declare answer text := placet_gather(p_key, p_idem, p_type, p_caps, p_run, p_watch, true);
begin
  if answer is null or answer like '{"wait"%' or placet_paced(p_key, (p_watch->>'ticket')::uuid) then return answer; end if;
  return json_build_object('wait', 1);
end $$;
