-- The one statement that commits a decision. Only reviews/intake.py calls it.
--
-- p_items is a batch (of one, until micro-batching arrives): everything is set-based, all rows are
-- locked in key order, and the batch commits whole or not at all. It answers
--   {"is": "done"}             all of it is written
--   {"is": "stored"}           one of the idempotency keys was answered before: read it again
--   {"is": "moved"}            authority was narrowed or halted since it was gathered: decide again
-- and raises, which undoes every row of the batch,
--   PL001  a budget would be passed: decide again with what the budgets hold now
--   PL002  a twin of this request is being written by somebody else: read its answer
--   PL003  the over-cap case of this budget exists already: refuse as cap_exhausted
--
-- The shared advisory lock is the first lock taken. A halt or narrowing takes it exclusively, so
-- after one commits nothing decided under the old epoch can commit as an execution.
create function placet_commit(p_items jsonb) returns jsonb
language plpgsql volatile
-- A session plans each statement once, perhaps while the tables are still empty: only index paths stay
-- right as they grow. Costs of a path that is switched off would wake the JIT compiler, so it is off too.
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
set lock_timeout = '2s' as $$
declare t timestamptz; n int;
begin
  perform pg_advisory_xact_lock_shared(7);

  if exists (select 1 from jsonb_array_elements(p_items) x join governance_action a
      on a.agent_id = (x->'action'->>'agent')::uuid and a.idempotency_key = x->'action'->>'idempotency_key') then
    return '{"is": "stored"}';
  end if;
  if exists (select 1 from jsonb_array_elements(p_items) x, governance_instance i
      where x->'decision'->>'outcome' = 'execute' and (x->>'epoch')::bigint <> i.authority_epoch) then
    return '{"is": "moved"}';
  end if;

  t := clock_timestamp();
  insert into governance_action (id, agent_id, action_type_id, idempotency_key, body_hash, run, subject,
      entity, parameters, claims, digest, amount, state, trace_id, created_at, report_by)
    select a.id, a.agent, a.action_type, a.idempotency_key, decode(a.body_hash, 'hex'), a.run, a.subject,
      a.entity, a.parameters, a.claims, decode(a.digest, 'hex'), a.amount, a.state, a.trace_id, t,
      to_timestamp(a.report_by)
    from jsonb_array_elements(p_items) x, jsonb_to_record(x->'action') as a(id uuid, agent uuid,
      action_type bigint, idempotency_key text, body_hash text, run text, subject text, entity text,
      parameters jsonb, claims jsonb, digest text, amount bigint, state text, trace_id text, report_by numeric)
    on conflict (agent_id, idempotency_key) do nothing;
  get diagnostics n = row_count;
  if n < jsonb_array_length(p_items) then
    raise exception 'a twin is being written' using errcode = 'PL002';
  end if;

  if jsonb_path_exists(p_items, '$[*].budgets[*]') then
    perform placet_reserve(p_items);
  end if;

  if jsonb_path_exists(p_items, '$[*].snapshot.status') then
    insert into governance_snapshot (action_id, status, subject, source, version, "values", sentence, digest, read_at)
      select s.action, s.status, s.subject, s.source, s.version, s."values", s.sentence, decode(s.digest, 'hex'), s.read_at
      from jsonb_array_elements(p_items) x, jsonb_to_record(x->'snapshot') as s(action uuid, status text,
        subject text, source text, version text, "values" jsonb, sentence jsonb, digest text, read_at timestamptz)
      where s.status is not null;
    insert into governance_fact (snapshot_id, position, name, claimed, recorded, result, required, material,
        show, source, version, read_at)
      select s.id, f.position, f.name, f.claimed, f.recorded, f.result, f.required, f.material, f.show,
        f.source, f.version, f.read_at
      from jsonb_array_elements(p_items) x
      join governance_snapshot s on s.action_id = (x->'snapshot'->>'action')::uuid,
        jsonb_to_recordset(x->'snapshot'->'facts') as f(position smallint, name text, claimed jsonb,
          recorded jsonb, result text, required boolean, material boolean, show text, source text,
          version text, read_at timestamptz);
    insert into governance_toolreading (tool, good, source, read_at)
      select x->'reading'->>'tool', (x->'reading'->>'good')::boolean, 'connector', t
      from jsonb_array_elements(p_items) x where x->'reading'->>'tool' is not null;
  end if;

  insert into governance_decision (action_id, outcome, effective_tier, required_tier, effective_risk, reasons,
      bound_by, ladder, inputs, answer, policy_revision, authority_epoch, cell, probability, day_key, decided_at)
    select (x->'action'->>'id')::uuid, d.outcome, d.effective_tier, d.required_tier, d.effective_risk, d.reasons,
      d.bound_by, d.ladder, d.inputs, d.answer, d.policy_revision, (x->>'epoch')::bigint, d.cell, d.probability,
      d.day_key, t
    from jsonb_array_elements(p_items) x, jsonb_to_record(x->'decision') as d(outcome text,
      effective_tier smallint, required_tier smallint, effective_risk smallint, reasons jsonb, bound_by text,
      ladder jsonb, inputs jsonb, answer jsonb, policy_revision bigint, cell text, probability numeric, day_key date);

  insert into governance_grant (id, action_id, agent_id, digest, issued_by, policy_revision, authority_epoch,
      instance_epoch, issued_at, not_before, expires_at)
    select (x->'grant'->>'id')::uuid, (x->'action'->>'id')::uuid, (x->'action'->>'agent')::uuid,
      decode(x->'action'->>'digest', 'hex'), 'machine', (x->'decision'->>'policy_revision')::bigint,
      (x->>'epoch')::bigint, (x->>'instance_epoch')::bigint, t,
      to_timestamp((x->'grant'->>'not_before')::numeric), to_timestamp((x->'grant'->>'expires_at')::numeric)
    from jsonb_array_elements(p_items) x where x->'grant'->>'id' is not null;

  insert into governance_sealedtext (action_id, fields)
    select (x->'action'->>'id')::uuid, x->'sealed' from jsonb_array_elements(p_items) x
    where x->'sealed' <> '{}'::jsonb;

  if jsonb_path_exists(p_items, '$[*].escalation.id') then
    perform placet_open(p_items, t);
  end if;

  insert into governance_ledgerentry (kind, actor, body)
    select x->'ledger'->>'kind', x->'ledger'->>'actor', convert_to(x->'ledger'->>'body', 'UTF8')
    from jsonb_array_elements(p_items) x;
  return '{"is": "done"}';
end $$;

-- Reserves {"key", "width", "amount", "cap"} of every item in the rings, or raises PL001. The clock is
-- read after the row locks: a slot chosen before waiting could already lie outside the window.
create function placet_reserve(p_items jsonb) returns void language plpgsql volatile as $$
declare actions uuid[]; keys text[]; widths bigint[]; amounts bigint[]; caps bigint[]; t timestamptz; ms numeric;
begin
  select array_agg((x.v->'action'->>'id')::uuid order by o), array_agg(b.key order by o),
      array_agg(b.width order by o), array_agg(b.amount order by o), array_agg(b.cap order by o)
    into actions, keys, widths, amounts, caps
    from jsonb_array_elements(p_items) with ordinality as x(v, o),
      jsonb_to_recordset(x.v->'budgets') as b(key text, width bigint, amount bigint, cap bigint);

  perform 1 from governance_budget where key = any(keys) order by key for update;
  get diagnostics ms = row_count;
  if ms < (select count(distinct k) from unnest(keys) k) then
    insert into governance_budget (key, width_ms, head, slots)
      select distinct on (k) k, w, floor(extract(epoch from clock_timestamp()) * 1000 / w)::bigint,
        array_fill(0::bigint, array[61])
      from unnest(keys, widths) as u(k, w) order by k
      on conflict do nothing;
    perform 1 from governance_budget where key = any(keys) order by key for update;
  end if;
  t := clock_timestamp();
  ms := extract(epoch from t) * 1000;

  -- running totals in batch order: an item passes when all before it and itself still fit
  if exists (
    select 1 from (
      select u.cap, sum(u.amount) over (partition by u.key order by u.o) as adds, g.head, g.slots, g.width_ms
      from unnest(keys, amounts, caps) with ordinality as u(key, amount, cap, o)
      join governance_budget g on g.key = u.key
    ) r where r.cap is not null
      and placet_ring_live(r.head, r.slots, floor(ms / r.width_ms)::bigint) + r.adds > r.cap
  ) then
    raise exception 'a budget would be passed' using errcode = 'PL001';
  end if;

  update governance_budget g set
      head = greatest(g.head, floor(ms / g.width_ms)::bigint),
      slots = placet_ring_add(g.head, g.slots, greatest(g.head, floor(ms / g.width_ms)::bigint), u.amount)
    from (select key, sum(amount)::bigint as amount from unnest(keys, amounts) as x(key, amount) group by key) u
    where g.key = u.key;

  insert into governance_reservation (action_id, budgets, slots, amounts, reserved_at)
    select u.action, array_agg(u.key order by u.o), array_agg(g.head order by u.o), array_agg(u.amount order by u.o), t
    from unnest(actions, keys, amounts) with ordinality as u(action, key, amount, o)
    join governance_budget g on g.key = u.key
    group by u.action
    -- a withdrawn approval gave its reservation back; a later approval of the same action holds anew
    on conflict (action_id) do update set budgets = excluded.budgets, slots = excluded.slots,
      amounts = excluded.amounts, reserved_at = excluded.reserved_at, released_at = null
      where governance_reservation.released_at is not null;
end $$;

-- Opens the cases of a batch; an over-cap case that exists or still binds raises PL003.
create function placet_open(p_items jsonb, p_at timestamptz) returns void language plpgsql volatile as $$
declare wanted int; n int;
begin
  if exists (select 1 from jsonb_array_elements(p_items) x join reviews_escalation e
      on e.cap_key = x->'escalation'->>'cap_key'
      where e.state = 'open' or e.cap_frees_at > p_at) then
    raise exception 'this budget has its case' using errcode = 'PL003';
  end if;
  select count(*) into wanted from jsonb_array_elements(p_items) x where x->'escalation'->>'id' is not null;
  insert into reviews_escalation (id, action_id, state, opened_by, opened_at, deadline, rank, sort_key,
      cap_key, cap_frees_at, snapshot_id)
    select e.id, (x->'action'->>'id')::uuid, 'open', e.opened_by, p_at, to_timestamp(e.deadline), e.rank,
      e.sort_key, e.cap_key, to_timestamp(e.cap_frees_at),
      (select max(s.id) from governance_snapshot s where s.action_id = (x->'action'->>'id')::uuid)
    from jsonb_array_elements(p_items) x, jsonb_to_record(x->'escalation') as e(id uuid, opened_by text,
      deadline numeric, rank smallint, sort_key bigint, cap_key text, cap_frees_at numeric)
    where e.id is not null
    on conflict (cap_key) where state = 'open' and cap_key is not null do nothing;
  get diagnostics n = row_count;
  if n < wanted then raise exception 'this budget has its case' using errcode = 'PL003'; end if;
end $$;
