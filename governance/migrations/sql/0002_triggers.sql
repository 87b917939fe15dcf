-- What triggers of an escalation read: how fast an agent asks, what is under way, what it has handled before.

-- The pace of requests -------------------------------------------------------------------------
-- One row an agent, by the generic cell rate algorithm: `tat` is when the next request would be due at an even pace,
-- `gap` the time between two. Ten seconds' worth, and ten requests at least, may come at once. A crash that empties
-- the table forgets some seconds.
alter table governance_requestrate set unlogged;
alter table governance_requestrate set (fillfactor = 50);

create function placet_burst(p_gap interval) returns interval language sql immutable as $$
  select greatest(9 * p_gap, interval '10 seconds' - p_gap)
$$;

-- What is under way ----------------------------------------------------------------------------
create function placet_flying(p_key text) returns bigint language sql stable as $$
  select count(*) from governance_action where in_flight @> array[p_key] and state = 'executing'
$$;

-- What an agent has handled --------------------------------------------------------------------
-- {"handled", "amounts", "unseen"} of an agent and a type; p_values: [[parameter, hash]]; unseen: parameters.
create function placet_familiar(p_agent uuid, p_type bigint, p_values jsonb) returns json language sql stable as $$
  select json_build_object('handled', coalesce(max(f.handled), 0), 'amounts', coalesce(max(f.amounts), '{}'),
    'unseen', (select coalesce(json_agg(distinct v.value->>0), '[]') from jsonb_array_elements(p_values) v
      where not exists (select 1 from governance_seen s where s.agent_id = p_agent and s.action_type_id = p_type
        and s.parameter = v.value->>0 and s.value_hash = decode(v.value->>1, 'hex'))))
  from governance_familiar f where f.agent_id = p_agent and f.action_type_id = p_type
$$;

select placet_append_only(t::regclass) from unnest(array['governance_seen', 'governance_rate']) t;
select placet_governed(t::regclass) from unnest(array['governance_seen', 'governance_familiar', 'governance_rate']) t;
