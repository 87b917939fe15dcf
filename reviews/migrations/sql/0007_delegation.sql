-- What walks the registered parents of an agent walks the whole chain of an action: who gave a ticket too.

-- Every halt, lifted or not, that covers an action where its agents stand now. The same reach as in
-- placet_gather: enterprise, scopes of the agent and of everybody above it, their ids, the type, its domain.
create or replace function placet_halts_over(p_action uuid) returns setof governance_halt
language sql stable as $$
  with people as materialized (
    select ag.id, ag.project_id from placet_people(p_action) pe join governance_agent ag on ag.id = pe.id
  ), reach as (
    select 'agent' as target, people.id::text as key from people
    union select 'project', p.key from people join governance_scope p on p.id = people.project_id
    union select 'domain', d.key from people join governance_scope p on p.id = people.project_id
      join governance_scope d on d.id = p.parent_id
    union select 'action_type', t.key from governance_action a
      join governance_actiontype t on t.id = a.action_type_id where a.id = p_action
    union select 'domain', s.key from governance_action a
      join governance_actiontype t on t.id = a.action_type_id
      join governance_scope s on s.id = t.domain_id where a.id = p_action
  )
  select h.* from governance_halt h
  where h.target = 'enterprise' or (h.target, h.key) in (select target, key from reach)
$$;

-- The budget rows an action counts in, in the order of the caps. p_caps: [{"key", "unit", "window", "name",
-- "value", "amount", "limit", "hard"}] -> the same with "budget" (the row's key) and "width"; a cap that counts
-- for others of the chain too comes once for each row.
create or replace function placet_budgets_of(p_action uuid, p_caps jsonb) returns jsonb
language sql stable as $$
  with people as (
    select jsonb_agg(jsonb_build_object('id', ag.id, 'owner', ag.owner_id, 'project', p.key, 'domain', d.key,
        'root', ag.parent_id is null) order by pe.nearest) as chain
      from placet_people(p_action) pe join governance_agent ag on ag.id = pe.id
      join governance_scope p on p.id = ag.project_id left join governance_scope d on d.id = p.parent_id
  )
  select coalesce(jsonb_agg(c || jsonb_build_object('budget', k.key,
      'width', (c->>'window')::bigint * 1000 / 60) order by x.o, k.o), '[]'::jsonb)
  from jsonb_array_elements(p_caps) with ordinality as x(c, o), governance_action a
  join governance_actiontype t on t.id = a.action_type_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_scope p on p.id = ag.project_id
  left join governance_scope d on d.id = p.parent_id
  left join governance_scope e on e.id = d.parent_id
  cross join people
  cross join lateral unnest(placet_keys_over(c, t.family, a.run, people.chain, e.key)) with ordinality as k(key, o)
  where a.id = p_action
$$;
