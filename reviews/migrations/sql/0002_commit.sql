-- The one statement that commits decisions. Only reviews/commit.py calls it.
--
-- Each parameter holds the rows of one table for a batch of decisions (of one, until micro-batching
-- arrives), or null for none. Everything is set-based, all budgets are locked in key order, and the batch
-- commits whole or not at all: it raises, which undoes every row of the batch,
--   PL001  a budget would be passed: decide again with what the budgets hold now
--   PL002  this request was answered, or a twin of it is being written: read its answer
--   PL003  the over-cap case of this budget exists already: refuse as cap_exhausted
--   PL004  authority was narrowed or halted since it was gathered: decide again
--
-- The shared advisory lock is the first lock taken. A halt or narrowing takes it exclusively, so
-- after one commits nothing decided under the old epoch can commit as an execution.
create function placet_commit(p_epoch bigint, p_actions jsonb, p_decisions jsonb, p_entries jsonb,
  p_grants jsonb, p_budgets jsonb, p_cases jsonb, p_sealed jsonb, p_snapshots jsonb, p_facts jsonb)
returns void language plpgsql volatile
-- A session plans each statement once (planning again would cost more than running), perhaps while the
-- tables are still empty: only index paths stay right as they grow. Costs of a path that is switched off
-- would wake the JIT compiler, so it is off too.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
set lock_timeout = '2s' as $$
declare t timestamptz; n int; instance bigint; epoch bigint;
begin
  perform pg_advisory_xact_lock_shared(7);
  select authority_epoch, instance_epoch into epoch, instance from governance_instance where id = 1;
  t := clock_timestamp();

  insert into governance_action (id, agent_id, action_type_id, idempotency_key, body_hash, run, subject,
      entity, parameters, claims, digest, amount, state, trace_id, created_at, report_by)
    select a.id, a.agent, a.action_type, a.idempotency_key, decode(a.body_hash, 'hex'), a.run, a.subject,
      a.entity, a.parameters, a.claims, decode(a.digest, 'hex'), a.amount, a.state, a.trace_id, t,
      to_timestamp(a.report_by)
    from jsonb_to_recordset(p_actions) as a(id uuid, agent uuid, action_type bigint, idempotency_key text,
      body_hash text, run text, subject text, entity text, parameters jsonb, claims jsonb, digest text,
      amount bigint, state text, trace_id text, report_by double precision)
    on conflict (agent_id, idempotency_key) do nothing;
  get diagnostics n = row_count;
  if n < jsonb_array_length(p_actions) then
    raise exception 'answered before, or a twin is being written' using errcode = 'PL002';
  end if;
  if p_grants is not null and epoch <> p_epoch then
    raise exception 'authority moved' using errcode = 'PL004';
  end if;

  if p_budgets is not null then perform placet_reserve(p_budgets); end if;

  if p_snapshots is not null then
    insert into governance_snapshot (action_id, status, subject, source, version, "values", sentence, digest, read_at)
      select s.action, s.status, s.subject, s.source, s.version, s."values", s.sentence, decode(s.digest, 'hex'), s.read_at
      from jsonb_to_recordset(p_snapshots) as s(action uuid, status text, subject text, source text, version text,
        "values" jsonb, sentence jsonb, digest text, read_at timestamptz);
    insert into governance_fact (snapshot_id, position, name, claimed, recorded, result, required, material,
        show, source, version, read_at)
      select s.id, f.position, f.name, f.claimed, f.recorded, f.result, f.required, f.material, f.show,
        f.source, f.version, f.read_at
      from jsonb_to_recordset(p_facts) as f(action uuid, position smallint, name text, claimed jsonb,
        recorded jsonb, result text, required boolean, material boolean, show text, source text, version text,
        read_at timestamptz)
      join governance_snapshot s on s.action_id = f.action;
    insert into governance_toolreading (tool, good, source, read_at)
      select s.tool, s.good, 'connector', t
      from jsonb_to_recordset(p_snapshots) as s(tool text, good boolean);
  end if;

  insert into governance_decision (action_id, outcome, effective_tier, required_tier, effective_risk, reasons,
      bound_by, ladder, inputs, answer, policy_revision, authority_epoch, cell, probability, day_key, decided_at)
    select d.action, d.outcome, d.effective_tier, d.required_tier, d.effective_risk, d.reasons, d.bound_by,
      d.ladder, d.inputs, d.answer, d.policy_revision, p_epoch, d.cell, d.probability, d.day_key, t
    from jsonb_to_recordset(p_decisions) as d(action uuid, outcome text, effective_tier smallint,
      required_tier smallint, effective_risk smallint, reasons jsonb, bound_by text, ladder jsonb, inputs jsonb,
      answer jsonb, policy_revision bigint, cell text, probability numeric, day_key date);

  if p_grants is not null then
    insert into governance_grant (id, action_id, agent_id, digest, issued_by, policy_revision, authority_epoch,
        instance_epoch, issued_at, not_before, expires_at)
      select g.id, g.action, g.agent, decode(g.digest, 'hex'), 'machine', g.policy_revision, p_epoch, instance, t,
        to_timestamp(g.not_before), to_timestamp(g.expires_at)
      from jsonb_to_recordset(p_grants) as g(id uuid, action uuid, agent uuid, digest text, policy_revision bigint,
        not_before double precision, expires_at double precision);
  end if;

  if p_sealed is not null then
    insert into governance_sealedtext (action_id, fields)
      select s.action, s.fields from jsonb_to_recordset(p_sealed) as s(action uuid, fields jsonb);
  end if;
  if p_cases is not null then perform placet_open(p_cases, t); end if;

  insert into governance_ledgerentry (kind, actor, body)
    select e.kind, e.actor, convert_to(e.body, 'UTF8')
    from jsonb_to_recordset(p_entries) as e(kind text, actor text, body text);
end $$;

-- Reserves {"action", "key", "width", "amount", "cap"} in the rings, or raises PL001. The clock is read
-- after the row locks: a slot chosen before waiting could already lie outside the window.
create function placet_reserve(p_budgets jsonb) returns void language plpgsql volatile as $$
declare keys text[]; widths bigint[]; totals bigint[]; caps bigint[]; t timestamptz; ms double precision; n int;
begin
  select array_agg(key), array_agg(width), array_agg(total), array_agg(cap) into keys, widths, totals, caps
    from (select key, min(width) as width, sum(amount)::bigint as total, min(cap) as cap
      from jsonb_to_recordset(p_budgets) as b(key text, width bigint, amount bigint, cap bigint)
      group by key order by key) b;

  perform 1 from governance_budget where key = any(keys) order by key for update;
  get diagnostics n = row_count;
  if n < cardinality(keys) then
    insert into governance_budget (key, width_ms, head, slots)
      select k, w, floor(extract(epoch from clock_timestamp()) * 1000 / w)::bigint, array_fill(0::bigint, array[61])
      from unnest(keys, widths) as u(k, w) order by k
      on conflict do nothing;
    perform 1 from governance_budget where key = any(keys) order by key for update;
  end if;
  t := clock_timestamp();
  ms := extract(epoch from t)::double precision * 1000;

  -- the whole batch fits each cap, or none of it: what was admitted before can only have been less
  update governance_budget g set
      head = greatest(g.head, floor(ms / g.width_ms)::bigint),
      slots = placet_ring_add(g.head, g.slots, greatest(g.head, floor(ms / g.width_ms)::bigint), u.total)
    from unnest(keys, totals, caps) as u(key, total, cap)
    where g.key = u.key and (u.cap is null
      or placet_ring_live(g.head, g.slots, floor(ms / g.width_ms)::bigint) + u.total <= u.cap);
  get diagnostics n = row_count;
  if n < cardinality(keys) then
    raise exception 'a budget would be passed' using errcode = 'PL001';
  end if;

  insert into governance_reservation (action_id, budgets, slots, amounts, reserved_at)
    select b.action, array_agg(b.key), array_agg(floor(ms / b.width)::bigint), array_agg(b.amount), t
    from jsonb_to_recordset(p_budgets) as b(action uuid, key text, width bigint, amount bigint)
    group by b.action
    -- a withdrawn approval gave its reservation back; a later approval of the same action holds anew
    on conflict (action_id) do update set budgets = excluded.budgets, slots = excluded.slots,
      amounts = excluded.amounts, reserved_at = excluded.reserved_at, released_at = null
      where governance_reservation.released_at is not null;
end $$;

-- Opens the cases of a batch; an over-cap case that exists or still binds raises PL003.
create function placet_open(p_cases jsonb, p_at timestamptz) returns void language plpgsql volatile as $$
declare n int;
begin
  if exists (select 1 from jsonb_to_recordset(p_cases) as c(cap_key text)
      join reviews_escalation e on e.cap_key = c.cap_key
      where e.state = 'open' or e.cap_frees_at > p_at) then
    raise exception 'this budget has its case' using errcode = 'PL003';
  end if;
  insert into reviews_escalation (id, action_id, state, opened_by, opened_at, deadline, rank, sort_key,
      cap_key, cap_frees_at, snapshot_id)
    select e.id, e.action, 'open', e.opened_by, p_at, to_timestamp(e.deadline), e.rank,
      e.sort_key, e.cap_key, to_timestamp(e.cap_frees_at),
      (select max(s.id) from governance_snapshot s where s.action_id = e.action)
    from jsonb_to_recordset(p_cases) as e(id uuid, action uuid, opened_by text, deadline double precision,
      rank smallint, sort_key bigint, cap_key text, cap_frees_at double precision)
    on conflict (cap_key) where state = 'open' and cap_key is not null do nothing;
  get diagnostics n = row_count;
  if n < jsonb_array_length(p_cases) then
    raise exception 'this budget has its case' using errcode = 'PL003';
  end if;
end $$;
