-- What judging needs of the database: who is halted above an action, when a case is due, and the
-- budgets of a person's grant.

-- Every halt, lifted or not, that covers an action where its agents stand now. The same reach as in
-- placet_gather: enterprise, scopes of the agent and of everybody above it, their ids, the type, its domain.
create function placet_halts_over(p_action uuid) returns setof governance_halt
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

-- When a case is due, as seen at p_at: its deadline and the time it was frozen by halts since it was
-- opened. While a halt is on, the time left stays as it was.
create function placet_case_due(p_case uuid, p_at timestamptz) returns timestamptz
language sql stable as $$
  select e.deadline + coalesce((
    select sum(upper(frozen) - lower(frozen)) from unnest((
      select range_agg(tstzrange(greatest(h.halted_at, e.opened_at), coalesce(h.lifted_at, p_at)))
        from placet_halts_over(e.action_id) h
        where greatest(h.halted_at, e.opened_at) < coalesce(h.lifted_at, p_at)
    )) frozen), interval '0')
  from reviews_escalation e where e.id = p_case
$$;

-- The budget rows an action counts in, in the order of the caps. p_caps: [{"key", "unit", "window", "name",
-- "value", "amount", "limit", "hard"}] -> the same with "budget" (the row's key) and "width"; a cap that counts
-- for others of the chain too comes once for each row.
create function placet_budgets_of(p_action uuid, p_caps jsonb) returns jsonb
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

-- Gives back what an action holds, because it verifiably did not happen. What already left the window is
-- not given back twice: a slot that the ring has reused belongs to somebody else. Of a grant from before a restore
-- nobody knows whether it was used in the time that was lost: what it holds stays.
create function placet_release(p_action uuid) returns boolean language plpgsql volatile as $$
declare held governance_reservation;
begin
  select * into held from governance_reservation
    where action_id = p_action and released_at is null and settled_at is null for update;
  if not found or exists (select 1 from governance_grant g join governance_instance i on g.instance_epoch <> i.instance_epoch
      where g.action_id = p_action) then
    return false;
  end if;
  perform 1 from governance_budget where key = any(held.budgets) order by key for update;
  update governance_budget g set slots = (
      select array_agg(case when b.amount is null then v else greatest(v - b.amount, 0) end order by o)
      from unnest(g.slots) with ordinality as ring(v, o)
      left join (
        select mod(h.slot, 61) + 1 as place, sum(h.amount)::bigint as amount
        from unnest(held.budgets, held.slots, held.amounts) as h(key, slot, amount)
        where h.key = g.key and h.slot > g.head - 61 and h.slot <= g.head group by 1
      ) b on b.place = ring.o)
    where g.key = any(held.budgets);
  update governance_reservation set released_at = clock_timestamp() where action_id = p_action;
  return true;
end $$;

-- A closed auto-executed action waits here until it was looked at for a draw.
create function placet_drawable() returns trigger language plpgsql as $$
begin
  insert into reviews_drawable (action_id)
    select d.action_id from governance_decision d
    where d.action_id = new.action_id and d.outcome = 'execute'
    on conflict do nothing;
  return null;
end $$;
create trigger drawable after insert on governance_execution for each row
  execute function placet_drawable();
alter table governance_execution enable always trigger drawable;

-- A verdict has at most one grant; approvals that wait to be picked up; draws by agent and action type,
-- the first and third part of a cell's name.
create unique index grant_one_per_verdict on governance_grant (verdict_id) where verdict_id is not null;
create index grant_unused on governance_grant (expires_at)
  where issued_by = 'human' and redeemed_at is null and voided_at is null and closed_at is null;
create index draw_by_agent_and_type on reviews_draw (split_part(cell, '|', 1), split_part(cell, '|', 3));
