-- One read for one decision. Who asks, what stands above them, what is halted, how the tool is, what
-- the budgets hold, and whether this very request was answered before. STABLE: one snapshot, no lock.
-- p_caps: [{"key", "unit", "window", "name", "value"}] in the order of the type; the keys are spelled
-- here because only here are owner, root and scopes known.
create function placet_budget_key(p_cap jsonb, p_family text, p_run text, p_agent uuid, p_root uuid,
  p_owner bigint, p_project text, p_domain text, p_enterprise text)
returns text language sql immutable as $$
  select case p_cap->>'key'
    when 'entity' then 'entity:' || (p_cap->>'name') || '=' || (p_cap->>'value')
    when 'run' then 'run:' || p_root || ':' || p_run
    when 'agent' then 'agent:' || p_agent
    when 'root' then 'root:' || p_root
    when 'owner' then 'owner:' || p_owner
    when 'project' then 'project:' || p_project
    when 'domain' then 'domain:' || p_domain
    when 'enterprise' then 'enterprise:' || p_enterprise
  end || '|' || p_family || '|' || (p_cap->>'unit') || '|' || (p_cap->>'window')
$$;

create function placet_gather(p_key bytea, p_idem text, p_type text, p_caps jsonb, p_run text)
returns jsonb language plpgsql stable
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
  t timestamptz := clock_timestamp();
  a record; i record; ty record;
  chain jsonb; root uuid; missing boolean; stored jsonb; usages jsonb;
begin
  select key.agent_id, ag.name, ag.max_tier, ag.state, ag.fingerprint, ag.owner_id, ag.parent_id,
      p.key as project, p.name as project_name, p.ceiling as project_ceiling, d.key as domain,
      d.name as domain_name, d.ceiling as domain_ceiling, e.key as enterprise,
      e.name as enterprise_name, e.ceiling as enterprise_ceiling
    into a
    from governance_agentkey key join governance_agent ag on ag.id = key.agent_id
    join governance_scope p on p.id = ag.project_id
    left join governance_scope d on d.id = p.parent_id
    left join governance_scope e on e.id = d.parent_id
    where key.digest = p_key and key.revoked_at is null
      and (key.expires_at is null or key.expires_at > t);
  if not found then return null; end if;

  select ty0.id, ty0.revision, ty0.family, ty0.tool, s.key as domain into ty
    from governance_actiontype ty0 left join governance_scope s on s.id = ty0.domain_id
    where ty0.key = p_type;
  select * into i from governance_instance;

  chain := '[]'; root := a.agent_id; missing := false;
  if a.parent_id is not null then
    with recursive up as (
      select ag.id, ag.name, ag.max_tier, ag.state, ag.parent_id, ag.project_id, 1 as depth
        from governance_agent ag where ag.id = a.parent_id
      union all
      select ag.id, ag.name, ag.max_tier, ag.state, ag.parent_id, ag.project_id, up.depth + 1
        from governance_agent ag join up on ag.id = up.parent_id where up.depth < 8
    ), standing as (
      select up.*, perm.level, p.ceiling as pc, d.ceiling as dc, p.key as pk, d.key as dk from up
        join governance_scope p on p.id = up.project_id
        left join governance_scope d on d.id = p.parent_id
        left join governance_permission perm on perm.agent_id = up.id and perm.action_type_id = ty.id
    )
    select jsonb_agg(jsonb_build_object('id', id, 'name', name, 'tier', max_tier, 'state', state,
        'level', level, 'project', pk, 'domain', dk, 'ceiling', least(pc, dc)) order by depth),
      (array_agg(id order by depth desc))[1], bool_or(level is null)
      into chain, root, missing from standing;
  end if;

  if p_idem is not null then
    select jsonb_build_object('action', ac.id, 'body_hash', encode(ac.body_hash, 'hex'),
        'answer', de.answer, 'grant', g.id, 'digest', encode(ac.digest, 'hex'),
        'expires_at', extract(epoch from g.expires_at))
      into stored
      from governance_action ac join governance_decision de on de.action_id = ac.id
      left join governance_grant g on g.action_id = ac.id and g.issued_by = 'machine'
      where ac.agent_id = a.agent_id and ac.idempotency_key = p_idem;
  end if;

  if ty.id is not null and jsonb_array_length(p_caps) > 0 then
    -- when it frees is asked for only where the action does not fit
    with caps as (
      select c, o, placet_budget_key(c, ty.family, p_run, a.agent_id, root, a.owner_id,
        a.project, a.domain, a.enterprise) as key,
        (c->>'window')::bigint * 1000 / 60 as width, (c->>'room')::bigint as room
      from jsonb_array_elements(p_caps) with ordinality as x(c, o)
    ), held as (
      select caps.*, b.head, b.slots, floor(extract(epoch from t)::double precision * 1000 / width)::bigint as slot
      from caps left join governance_budget b on b.key = caps.key
    ), used as (
      select held.*, coalesce(placet_ring_live(head, slots, slot), 0) as live from held
    )
    select jsonb_agg(jsonb_build_object('key', key, 'width', width, 'live', live,
        'case', case when live > room then (select e.id from reviews_escalation e where e.cap_key = used.key
            and (e.state = 'open' or e.cap_frees_at > t) order by e.opened_at desc limit 1) end,
        'frees_at', case when live > room then
            extract(epoch from placet_ring_frees_at(head, slots, width, slot, room)) end
      ) order by o) into usages from used;
  end if;

  return jsonb_build_object(
    'now', extract(epoch from t), 'epoch', i.authority_epoch, 'instance_epoch', i.instance_epoch,
    'policy_revision', i.policy_revision,
    'agent', jsonb_build_object('id', a.agent_id, 'name', a.name, 'tier', a.max_tier,
      'state', a.state, 'fingerprint', a.fingerprint, 'owner', a.owner_id),
    'chain', chain, 'root', root, 'chain_permitted', not missing,
    'scopes', jsonb_build_array(
      jsonb_build_array('enterprise', a.enterprise_name, a.enterprise_ceiling),
      jsonb_build_array('domain', a.domain_name, a.domain_ceiling),
      jsonb_build_array('project', a.project_name, a.project_ceiling)),
    'type', case when ty.id is null then null else jsonb_build_object('id', ty.id,
      'revision', ty.revision, 'domain', ty.domain) end,
    'level', (select level from governance_permission
      where agent_id = a.agent_id and action_type_id = ty.id),
    'domain', a.domain,
    'halts', (select coalesce(jsonb_agg(h.target || ' ' || h.key order by h.id), '[]') from governance_halt h
      where h.lifted_at is null and (
        (h.target = 'enterprise') or (h.target = 'domain' and h.key in (a.domain, ty.domain))
        or (h.target = 'project' and h.key = a.project)
        or (h.target = 'agent' and (h.key = a.agent_id::text
            or h.key in (select x->>'id' from jsonb_array_elements(chain) x)))
        or (h.target in ('project', 'domain') and exists (select 1 from jsonb_array_elements(chain) x
            where h.key = x->>h.target))
        or (h.target = 'action_type' and h.key = p_type))),
    'health', (select jsonb_build_array(count(*) filter (where good), count(*)) from (
      select good from governance_toolreading where tool = ty.tool order by id desc limit 20) x),
    'breaches', (select count(*) from governance_breach where agent_id = a.agent_id
      and action_type_id = ty.id and breached_at > t - interval '10 minutes'),
    'subject', (select subject from governance_action where agent_id = a.agent_id and run = p_run
      order by created_at limit 1),
    'day_key', exists (select 1 from governance_daykey where day = (t at time zone 'UTC')::date),
    'stored', stored, 'usages', coalesce(usages, '[]'::jsonb));
end $$;
