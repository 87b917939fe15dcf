-- What was spent counts on when the council edits the caps of an action type. The one caller is the verb that saves
-- the type: it holds the authority lock exclusively, so nothing else reserves, releases or turns a latch meanwhile.
create index reservation_by_time on governance_reservation using brin (reserved_at);
create index action_by_start on governance_action using brin (started_at) where started_at is not null;

-- Whom an action concerns, as `governance.weigh.entities` spells it: p_names [[parameter, the type of its field]].
create function placet_concerned(p_action uuid, p_names jsonb) returns table (name text, value text)
language sql stable as $$
  select e->>0, coalesce(m.value, '?')
    from governance_action a, jsonb_array_elements(p_names) e
    left join lateral (
      select case when length(s.value) <= 96 then s.value
          else 'sha256:' || encode(sha256(convert_to(s.value, 'UTF8')), 'hex') end as value
        from (
          select case when e->>1 = 'email' then lower(v.value) else v.value end as value from (
            select coalesce((select case when s.status = 'read' then s.subject end from governance_snapshot s
                where s.action_id = a.id order by s.id desc limit 1), a.subject) as value where e->>0 = 'subject'
            union all
            select x.value from jsonb_array_elements_text(case when jsonb_typeof(a.parameters->(e->>0)) = 'array'
                then a.parameters->(e->>0) else jsonb_build_array(a.parameters->(e->>0)) end) x
              where e->>0 <> 'subject') v
          where v.value <> '') s) m on true
    where a.id = p_action
$$;

-- Writes into the rows of p_caps [{"key", "unit", "window", "limit"}] of a type what was authorised within their
-- windows and is not in them: by actions of the type itself, whether they were counted then or not, and by those of
-- its family in the rows of other windows. Each counts at the moment it was reserved, or began if nothing was. The
-- reservations say it too, so that what did not happen is given back everywhere. How much was written.
create function placet_carry(p_type bigint, p_caps jsonb, p_names jsonb) returns bigint language plpgsql volatile as $$
declare t timestamptz := clock_timestamp(); longest interval; carried bigint;
begin
  select max((c->>'window')::bigint) * interval '1 second' * 61 / 60 into longest from jsonb_array_elements(p_caps) c;
  with cap as (
    select c as cap, c->>'key' as kind, c->>'unit' as unit, (c->>'window')::bigint as seconds,
        case c->>'key' when 'guardrail' then ty.key else ty.family end as family
      from jsonb_array_elements(p_caps) c, governance_actiontype ty where ty.id = p_type
  ), spent as materialized (
    select a.id, a.amount, a.action_type_id = p_type as own, r.reserved_at as at, r.budgets, r.slots, r.amounts
      from governance_reservation r join governance_action a on a.id = r.action_id
      join governance_actiontype ty on ty.id = a.action_type_id
      where r.reserved_at > t - longest and r.released_at is null
        and (ty.id = p_type or ty.family = (select family from governance_actiontype where id = p_type))
    union all
    -- of a time without caps: what began, whatever was reported of it, and what was approved and may still begin
    select a.id, a.amount, true, coalesce(a.started_at, g.issued_at), '{}', '{}', '{}'
      from governance_action a left join governance_grant g on a.started_at is null and g.action_id = a.id
        and g.voided_at is null and g.closed_at is null and g.expires_at > t
      where a.action_type_id = p_type and (a.started_at > t - longest or a.started_at is null and g.id is not null)
        and not exists (select 1 from governance_reservation r where r.action_id = a.id and r.released_at is null)
  ), known as (
    select s.id, m[1] || '|' || cap.family || '|' || cap.unit || '|' || cap.seconds as key, cap.seconds, e.amount
      from spent s, unnest(s.budgets, s.amounts) e(key, amount),
        regexp_match(e.key, '^(.*)\|([^|]*)\|([^|]*)\|[0-9]+$') m, cap
      where cap.family = m[2] and cap.unit = m[3] and cap.kind = split_part(m[1], ':', 1)
    union
    select s.id, b->>'budget', (b->>'window')::bigint, case b->>'unit' when 'count' then 1 else coalesce(
        (select max(e.amount) from unnest(s.budgets, s.amounts) e(key, amount) where e.key ~ '\|money\|[0-9]+$'),
        s.amount, (b->>'limit')::bigint) end
      from spent s, lateral (
        select jsonb_agg(cap.cap || coalesce(jsonb_build_object('name', n.name, 'value', n.value), '{}')) as caps
          from cap left join placet_concerned(s.id, p_names) n on cap.kind = 'entity'
          where cap.kind <> 'guardrail' and (cap.kind <> 'entity' or n.name is not null)) c,
        jsonb_array_elements(placet_budgets_of(s.id, c.caps)) b
      where s.own and c.caps is not null
  ), wanted as materialized (
    select s.id, k.key, k.width, k.amount, placet_slot(s.at, k.width) as slot
      from (select id, key, seconds, seconds * 1000 / 60 as width, max(amount) as amount
          from known group by id, key, seconds) k join spent s on s.id = k.id
      where not k.key = any(s.budgets) and s.at > t - k.seconds * interval '1 second' * 61 / 60
  ), rings as (
    insert into governance_budget as g (key, width_ms, head, slots)
      select w.key, w.width, w.head, (
          select array_agg(coalesce((w.sums->>n::text)::bigint, 0)
              + case when n > b.head - 61 and n <= b.head then b.slots[mod(n, 61) + 1] else 0 end order by mod(n, 61))
            from generate_series(w.head - 60, w.head) n)
        from (select s.key, s.width, greatest(max(s.slot), coalesce(max(b.head), 0)) as head,
              jsonb_object_agg(s.slot, s.total) as sums
            from (select key, width, slot, sum(amount) as total from wanted group by key, width, slot) s
            left join governance_budget b on b.key = s.key group by s.key, s.width) w
        left join governance_budget b on b.key = w.key
    on conflict (key) do update set head = excluded.head, slots = excluded.slots
  ), noted as (
    insert into governance_reservation (action_id, budgets, slots, amounts, reserved_at)
      select s.id, s.budgets || w.keys, s.slots || w.slots, s.amounts || w.amounts, s.at
        from spent s join (select id, array_agg(key::varchar order by key) as keys, array_agg(slot order by key) as slots,
            array_agg(amount order by key) as amounts from wanted group by id) w on w.id = s.id
    on conflict (action_id) do update set budgets = excluded.budgets, slots = excluded.slots,
      amounts = excluded.amounts, reserved_at = excluded.reserved_at, released_at = null
  )
  select count(*) into carried from wanted;
  return carried;
end $$;

-- The key of a case or a latch in another family; null when it is of none of p_from.
create function placet_in_family(p_key text, p_from text, p_to text) returns text language sql immutable as $$
  select case when p_key like 'flight:%' then
      case when right(p_key, length(p_from) + 1) = '|' || p_from then left(p_key, -length(p_from)) || p_to end
    else (select m[1] || '|' || p_to || '|' || m[3]
      from regexp_match(p_key, '^(.*)\|([^|]*)\|([^|]*)$') m where m[2] = p_from) end
$$;

-- A type moves from one family to another: what is red in the one is red in the other too, the cases that its own
-- actions opened bind the keys there, and what is under way or may still begin counts there as well.
create function placet_move_family(p_type bigint, p_from text, p_to text) returns void language plpgsql volatile as $$
declare t timestamptz := clock_timestamp();
begin
  insert into governance_standing as g (agent_id, latch, strikes, in_episode, red_at, green_since, why, pulled_by,
      pulled_reason, restored_by, version)
    select s.agent_id, k.latch, s.strikes, s.in_episode, s.red_at, s.green_since, s.why, '', '', '', 0
      from governance_standing s, placet_in_family(s.latch, p_from, p_to) k(latch)
      where s.latch like 'key:%' and k.latch is not null
    -- where the key is known there already, the later of the two holds
    on conflict (agent_id, latch) do update set in_episode = excluded.in_episode, why = excluded.why,
      red_at = greatest(g.red_at, excluded.red_at),
      green_since = case when not excluded.in_episode then excluded.green_since end,
      strikes = case when excluded.red_at > g.red_at then least(greatest(g.strikes, excluded.strikes), g.strikes + 1)
        else g.strikes end
      where not g.in_episode and (excluded.in_episode or excluded.green_since > g.green_since);
  update reviews_escalation e set cap_key = k.key
    from reviews_escalation old join governance_action a on a.id = old.action_id and a.action_type_id = p_type,
      placet_in_family(old.cap_key, p_from, p_to) k(key)
    where e.id = old.id and k.key is not null and (old.state = 'open' or old.cap_frees_at > t)
      and not exists (select 1 from reviews_escalation o where o.cap_key = k.key and o.state = 'open');
  update governance_action a set in_flight = a.in_flight || array(
      select left(k, -length(p_from)) || p_to from unnest(a.in_flight) k
        where right(k, length(p_from) + 1) = '|' || p_from)
    where a.action_type_id = p_type and a.state in ('executing', 'escalated') and a.in_flight is not null;
end $$;

-- What is under way of a type, or may still begin, counts under the limits that it is edited to: p_keys "agent" and
-- "entity". What it counted under before stays.
create function placet_carry_flights(p_type bigint, p_keys text[], p_names jsonb) returns void
language sql volatile as $$
  update governance_action a set in_flight = array(
      select unnest(a.in_flight)
      union select 'entity:' || n.name || '=' || n.value || '|' || ty.family from placet_concerned(a.id, p_names) n
        where 'entity' = any(p_keys)
      union select 'agent:' || l.id || '|' || ty.family from unnest(a.agent_id || a.chain) l(id)
        where 'agent' = any(p_keys))
    from governance_actiontype ty
    where ty.id = p_type and a.action_type_id = p_type and a.state in ('executing', 'escalated') and a.id in (
      select x.id from governance_action x where x.state = 'executing'
      union all select e.action_id from reviews_escalation e where e.action_type_id = p_type and e.state = 'open'
      union all select g.action_id from governance_grant g where g.issued_by = 'human' and g.redeemed_at is null
        and g.voided_at is null and g.closed_at is null)
$$;

-- A whole line shares what its root may have under way and how fast it may ask -----------------------------------

-- [[key, how many, the place of its limit, its open case or null]] for "agent" and "entity:name=value": an agent counts
-- for everybody above it too, the agent itself first.
create function placet_flights(p_asked jsonb, p_line uuid[], p_family text) returns json language sql stable as $$
  select json_agg(json_build_array(k.key, placet_flying(k.key), k.o - 1,
      (select e.id from reviews_escalation e where e.cap_key = 'flight:' || k.key and e.state = 'open'))
      order by k.o, k.place) from (
    select case e.value when 'agent' then 'agent:' || l.id else e.value end || '|' || p_family as key, e.o, l.place
      from jsonb_array_elements_text(p_asked) with ordinality e(value, o)
      join unnest(p_line) with ordinality l(id, place) on l.place = 1 or e.value = 'agent') k
$$;

-- Counts a request of the holder of a key, for it and everybody above it, by the registry and by the ticket if it holds
-- it; false when it came too early for one of them. The rows are locked in the order of their ids. Notes the first use of
-- the key, as before.
-- Planned like placet_gather.
create function placet_paced(p_key bytea, p_ticket uuid default null) returns boolean language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off set enable_memoize = off set jit = off as $$
declare fits boolean;
begin
  -- nearly always it is one row: of an agent that nobody stands above, by a key that was used before
  if p_ticket is null then
    update governance_requestrate r set gap = g.gap, tat = greatest(r.tat, clock_timestamp()) + g.gap
      from governance_agentkey k join governance_keyuse u on u.key_id = k.id
        join governance_agent a on a.id = k.agent_id and a.parent_id is null,
        lateral (select interval '1 minute' / a.requests_per_minute as gap) g
      where k.digest = p_key and r.agent_id = a.id and r.tat <= clock_timestamp() + placet_burst(g.gap);
    if found then return true; end if;
  end if;
  with used as (
    insert into governance_keyuse (key_id) select k.id from governance_agentkey k
      where k.digest = p_key and not exists (select 1 from governance_keyuse u where u.key_id = k.id) on conflict do nothing
  ), line as materialized (
    select unnest(case when a.parent_id is null and p_ticket is null then array[a.id]
        else a.id || placet_lineage(a.id, (select t.id from governance_ticket t where t.id = p_ticket
          and t.child_id = a.id and t.revoked_at is null and t.expires_at > clock_timestamp())) end) as id
      from governance_agentkey k join governance_agent a on a.id = k.agent_id where k.digest = p_key
  ), counted as (
    insert into governance_requestrate as r (agent_id, gap, tat)
      select a.id, g.gap, clock_timestamp() + g.gap from line join governance_agent a on a.id = line.id,
        lateral (select interval '1 minute' / a.requests_per_minute as gap) g
        -- who is over the rate of one takes nothing from the others
        where (select count(*) from line) = 1 or not exists (select 1 from line o
          join governance_requestrate x on x.agent_id = o.id where x.tat > clock_timestamp() + placet_burst(x.gap))
        order by a.id
    on conflict (agent_id) do update
      set gap = excluded.gap, tat = greatest(r.tat, clock_timestamp()) + excluded.gap
      where r.tat <= clock_timestamp() + placet_burst(excluded.gap)
    returning 1
  )
  select count(*) > 0 and count(*) = (select count(*) from counted) into fits from line;
  return fits;
end $$;
