-- The one statement that commits decisions. Only reviews/commit.py calls it.
--
-- `p_decided` holds a row for each decision of a batch (of one, until micro-batching arrives) with its action
-- and its grant if it has one; every other parameter the rows of one table, or null for none. Everything is
-- set-based, all budgets are locked in key order, and the batch commits whole or not at all: it raises,
-- which undoes every row of the batch,
--   PL001  a budget or an in-flight limit would be passed: decide again with what is there now
--   PL002  this request was answered, or a twin of it is being written: read its answer
--   PL003  the over-cap case of this budget exists already: refuse as cap_exhausted
--   PL005  the same action waits in an open case, which the message names with its status: join that one, also when
--          nothing would stand against executing it now: a person was asked, so a person answers
--   PL006  the line of the agent, in all or of this type, or the entity has as many open cases as it may; the message says which
--   PL004  authority was narrowed or halted since it was gathered, a standing was written, its ticket ended, its run
--          began for another subject, or a budget was waited for: decide again
--
-- The shared advisory lock is the first lock taken. A halt or narrowing takes it exclusively, so
-- after one commits nothing decided under the old epoch can commit as an execution.
create function placet_commit(p_epoch bigint, p_decided jsonb, p_entries jsonb, p_budgets jsonb,
  p_cases jsonb, p_sealed jsonb, p_snapshots jsonb, p_facts jsonb, p_flights jsonb)
returns void language plpgsql volatile
-- As in placet_gather: plans are made once, perhaps while the tables are empty.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
set lock_timeout = '2s' as $$
declare t timestamptz; n int; grants int; moved int; latches int; lapsed int; pins int; waits text; instance bigint; epoch bigint;
begin
  perform pg_advisory_xact_lock_shared(7);
  -- who asks for the same action waits for the other's commit, so that the next statements see its case
  if jsonb_array_length(p_decided) = 1 then
    perform pg_advisory_xact_lock(13, hashtext(p_decided #>> '{0,digest}'));  -- a fifth of what the other costs
  else
    perform pg_advisory_xact_lock(13, h) from (
      select distinct hashtext(d->>'digest') as h from jsonb_array_elements(p_decided) d order by 1) l;
  end if;
  select authority_epoch, instance_epoch into epoch, instance from governance_instance where id = 1;
  t := clock_timestamp();

  -- one statement for four tables: starting another costs more than its row
  with r as materialized (
    select * from jsonb_to_recordset(p_decided) as r(id uuid, agent uuid, action_type bigint,
      idempotency_key text, body_hash text, run text, subject text, entity text, parameters jsonb, claims jsonb,
      digest text, amount bigint, in_flight text[], state text, ticket uuid, chain uuid[], trace_id text,
      parent_span text, report_by double precision, lease int,
      outcome text, effective_tier smallint, required_tier smallint, effective_risk smallint, bound_by text,
      ladder jsonb, inputs jsonb, answer jsonb, policy_revision bigint, cell text, probability numeric, day_key date,
      grant_id uuid, grant_by text, grant_from double precision, grant_until double precision, alert text,
      line uuid[], stands bigint, latches jsonb, pins boolean)
  ), acted as (
    insert into governance_action (id, agent_id, action_type_id, idempotency_key, body_hash, run, subject,
        entity, parameters, claims, digest, amount, in_flight, state, ticket_id, chain, trace_id, parent_span,
        created_at, report_by, started_at, lease_seconds, lease_until)
      select r.id, r.agent, r.action_type, r.idempotency_key, decode(r.body_hash, 'hex'), r.run, r.subject,
        r.entity, r.parameters, r.claims, decode(r.digest, 'hex'), r.amount, r.in_flight, r.state, r.ticket, r.chain,
        r.trace_id, r.parent_span, t, to_timestamp(r.report_by), case when r.report_by is not null then t end,
        r.lease, t + r.lease * interval '1 second'
      from r on conflict (agent_id, idempotency_key) do nothing returning id
  ), decided as (
    insert into governance_decision (action_id, outcome, effective_tier, required_tier, effective_risk, reasons,
        bound_by, ladder, inputs, answer, policy_revision, authority_epoch, cell, probability, day_key, decided_at)
      select r.id, r.outcome, r.effective_tier, r.required_tier, r.effective_risk, r.answer->'reasons', r.bound_by,
        r.ladder, r.inputs, r.answer, r.policy_revision, p_epoch, r.cell, r.probability, r.day_key, t
      from r
  ), granted as (
    insert into governance_grant (id, action_id, agent_id, digest, issued_by, policy_revision, authority_epoch,
        instance_epoch, issued_at, not_before, expires_at)
      select r.grant_id, r.id, r.agent, decode(r.digest, 'hex'), r.grant_by, r.policy_revision, p_epoch, instance, t,
        to_timestamp(r.grant_from), to_timestamp(r.grant_until)
      from r where r.grant_id is not null
  ), alerted as (
    insert into reviews_alert (kind, action_id, agent_id, action_type_id, owner_id, raised_at)
      select r.alert, r.id, r.agent, r.action_type, (select g.owner_id from governance_agent g where g.id = r.agent), t
      from r where r.alert is not null
  )
  select (select count(*) from acted), count(r.grant_id),
      count(*) filter (where r.grant_id is not null and r.stands <> (
        select sum((select coalesce(max(s.version), 0) from governance_standing s where s.agent_id = l.id))
          from unnest(r.line) l(id))),
      count(r.latches),
      -- a ticket ends by the clock as well, which moves no epoch
      count(*) filter (where case when r.ticket is null then false
        else not placet_ticket_stands(r.ticket, r.agent, r.action_type, t) end),
      count(*) filter (where r.pins),
      -- as a range in its order, for which planned on empty tables no index but that of the digests will do
      (select e.id || case when e.snapshot_id is null then ' checking' else ' pending' end
        from r cross join lateral (select o.id, o.snapshot_id, o.deadline from reviews_escalation o
          where o.state = 'open' and o.digest between decode(r.digest, 'hex') and decode(r.digest, 'hex')
          order by o.digest limit 1) e
        where r.outcome = 'execute' and (e.deadline > t or placet_case_due(e.id, t) > t) limit 1)
    into n, grants, moved, latches, lapsed, pins, waits from r;
  if n < jsonb_array_length(p_decided) then
    raise exception 'answered before, or a twin is being written' using errcode = 'PL002';
  end if;
  if grants > 0 and epoch <> p_epoch or moved > 0 or lapsed > 0 then
    raise exception 'authority moved' using errcode = 'PL004';
  end if;
  if waits is not null then raise exception '%', waits using errcode = 'PL005'; end if;
  if pins > 0 then
    perform placet_pin(r.run, r.subject, r.line) from (
      select * from jsonb_to_recordset(p_decided) as r(run text, subject text, line uuid[], pins boolean)
        where r.pins order by r.run) r;
  end if;

  if p_flights is not null then perform placet_fly(p_flights); end if;
  if p_budgets is not null then perform placet_reserve(p_budgets); end if;

  if p_snapshots is not null then
    insert into governance_snapshot (action_id, status, subject, source, version, "values", sentence, digest,
        read_at, asked_at)
      select s.action, s.status, s.subject, s.source, s.version, s."values", s.sentence, decode(s.digest, 'hex'),
        s.read_at, s.asked_at
      from jsonb_to_recordset(p_snapshots) as s(action uuid, status text, subject text, source text, version text,
        "values" jsonb, sentence jsonb, digest text, read_at timestamptz, asked_at timestamptz);
    insert into governance_fact (snapshot_id, position, name, claimed, recorded, result, required, material,
        show, source, version, read_at)
      select s.id, f.position, f.name, f.claimed, f.recorded, f.result, f.required, f.material, f.show,
        f.source, f.version, f.read_at
      from jsonb_to_recordset(p_facts) as f(action uuid, position smallint, name text, claimed jsonb,
        recorded jsonb, result text, required boolean, material boolean, show text, source text, version text,
        read_at timestamptz)
      join governance_snapshot s on s.action_id = f.action;
    insert into governance_toolreading (tool, good, degraded, latency_ms, source, read_at)
      select s.tool, s.good, false, s.latency_ms, 'connector', t
      from jsonb_to_recordset(p_snapshots) as s(tool text, good boolean, latency_ms integer)
      -- the lock of each that is bad is taken in this order at the end (migration tool_alerts)
      order by s.tool;
  end if;
  if jsonb_path_exists(p_decided, '$[*].shadows') then
    insert into governance_shadow (action_id, version_id, tier, outcome, decided)
      select r.id, s.version, s.tier, s.outcome, s.decided
      from jsonb_to_recordset(p_decided) as r(id uuid, shadows jsonb),
        jsonb_to_recordset(r.shadows) as s(version bigint, tier smallint, outcome text, decided text);
  end if;
  if p_sealed is not null then
    insert into governance_sealedtext (action_id, fields)
      select s.action, s.fields from jsonb_to_recordset(p_sealed) as s(action uuid, fields jsonb);
  end if;
  if p_cases is not null then perform placet_open(p_cases, t); end if;
  -- after everything that waits for others: whoever holds the lock of a standing waits for nobody
  if latches > 0 then perform placet_turn(p_decided); end if;

  insert into governance_ledgerentry (kind, actor, body)
    select e.kind, e.actor, convert_to(e.body, 'UTF8')
    from jsonb_to_recordset(p_entries) as e(kind text, actor text, body text);
end $$;

-- Raises PL004 where a run that had no subject when it was gathered has got another one since. Who names the first subject
-- of the same run, or of the run of an agent above, waits for the other's commit.
create function placet_pin(p_run text, p_subject text, p_line uuid[]) returns void language plpgsql volatile as $$
begin
  if cardinality(p_line) = 1 then
    perform pg_advisory_xact_lock(14, hashtext(p_line[1] || ' ' || p_run));
  else
    perform pg_advisory_xact_lock(14, place) from (
      select distinct hashtext(id || ' ' || p_run) as place from unnest(p_line) id order by 1) x;
  end if;
  -- a statement of its own, which sees what was committed while it waited; in the order of the runs, without which it
  -- would, planned on empty tables, read all of an agent's
  if exists (select 1 from unnest(p_line) l(id) cross join lateral (
      select 1 from governance_action a where a.agent_id = l.id and a.run = p_run and (a.subject = '') is false
        and a.subject <> p_subject order by a.created_at limit 1) other) then
    raise exception 'the run began for another subject' using errcode = 'PL004';
  end if;
end $$;

-- Reserves {"action", "key", "width", "amount", "cap"} in the rings, or raises PL001: the whole batch fits
-- each cap, or none of it. One statement: a row that is missing is made with what it holds; one that is
-- there is locked, in key order, and its cap checked against what the locked row holds. The clock is read
-- under the lock, for a slot chosen before waiting could already lie outside the window; the slot of a row
-- that is made here was chosen before, so who waited for another row decides again.
create function placet_reserve(p_budgets jsonb) returns void language plpgsql volatile as $$
declare missing int; stale int;
begin
  with asked as materialized (
    select b.action, b.key, b.width, b.amount, b.cap
      from jsonb_to_recordset(p_budgets) as b(action uuid, key text, width bigint, amount bigint, cap bigint)
  ), wanted as materialized (
    select key, min(width) as width, sum(amount)::bigint as total, min(cap) as cap,
        placet_slot(clock_timestamp(), min(width)) as slot
      from asked group by key
  ), held as (
    insert into governance_budget as g (key, width_ms, head, slots)
      select w.key, w.width, w.slot, placet_ring_add(w.slot, array_fill(0::bigint, array[61]), w.slot, w.total)
        from wanted w where w.cap is null or w.total <= w.cap order by w.key
    on conflict (key) do update set (head, slots) = (
        select x.slot, placet_ring_add(g.head, g.slots, x.slot, w.total)
          from wanted w, lateral (select greatest(g.head, placet_slot(clock_timestamp(), g.width_ms)) as slot) x
          where w.key = g.key)
      where (select w.cap is null
          or placet_ring_live(g.head, g.slots, placet_slot(clock_timestamp(), g.width_ms)) + w.total <= w.cap
        from wanted w where w.key = g.key)
    returning g.key, g.head, g.width_ms
  ), noted as (
    insert into governance_reservation (action_id, budgets, slots, amounts, reserved_at)
      select a.action, array_agg(a.key), array_agg(h.head), array_agg(a.amount), clock_timestamp()
        from asked a join held h on h.key = a.key group by a.action
    -- a withdrawn approval gave its reservation back; a later approval of the same action holds anew
    on conflict (action_id) do update set budgets = excluded.budgets, slots = excluded.slots,
      amounts = excluded.amounts, reserved_at = excluded.reserved_at, released_at = null
      where governance_reservation.released_at is not null
  )
  select (select count(*) from wanted) - count(*),
      count(*) filter (where head < placet_slot(clock_timestamp(), width_ms) - 1)
    into missing, stale from held;
  if missing > 0 then
    raise exception 'a budget would be passed' using errcode = 'PL001';
  elsif stale > 0 then
    raise exception 'waited longer than a slot lasts' using errcode = 'PL004';
  end if;
end $$;

-- Raises PL001 when more would be under way for any of [{"key", "most"}] than may be, this batch included. Who counts
-- the same key waits for the other's commit: 256 locks, taken in their order, stand for all keys.
create function placet_fly(p_flights jsonb) returns void language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(11, place) from (
    select distinct hashtext(f.key) & 255 as place from jsonb_to_recordset(p_flights) as f(key text) order by 1) l;
  -- a statement of its own, which sees what was committed while it waited
  if exists (select 1 from jsonb_to_recordset(p_flights) as f(key text, most bigint)
      where placet_flying(f.key) > f.most) then
    raise exception 'too much would be under way' using errcode = 'PL001';
  end if;
end $$;

-- Writes the latches that the decisions of a batch turned red or green, or raises PL004 where the standing of the
-- agent was written since it was gathered: the new values were computed from the old ones. Under the lock of the
-- agent that every write of a standing takes, so of two who turn a latch at once the second decides again, also
-- where there is no row yet. In one batch an agent turns its latches once.
create function placet_turn(p_decided jsonb) returns void language plpgsql volatile as $$
begin
  perform placet_lock_standing(r.agent) from (
    select distinct agent from jsonb_to_recordset(p_decided) as r(agent uuid, latches jsonb)
      where latches is not null order by agent) r;
  if exists (select 1 from jsonb_to_recordset(p_decided) as r(line uuid[], stands bigint, latches jsonb)
      where r.latches is not null and r.stands <> (
        select sum((select coalesce(max(s.version), 0) from governance_standing s where s.agent_id = l.id))
          from unnest(r.line) l(id))) then
    raise exception 'a standing moved' using errcode = 'PL004';
  end if;
  insert into governance_standing as g (agent_id, latch, strikes, in_episode, red_at, green_since, why,
      pulled_by, pulled_reason, restored_by, version)
    select r.agent, l.latch, l.strikes, l.in_episode, l.red_at, l.green_since, coalesce(l.why, ''), '', '', '', 0
      from jsonb_to_recordset(p_decided) as r(agent uuid, latches jsonb),
        jsonb_to_recordset(r.latches) as l(latch text, strikes int, in_episode boolean, red_at timestamptz,
          green_since timestamptz, why text)
    on conflict (agent_id, latch) do update set strikes = excluded.strikes, in_episode = excluded.in_episode,
      red_at = excluded.red_at, green_since = excluded.green_since, why = coalesce(nullif(excluded.why, ''), g.why);
end $$;

-- Opens the cases of a batch; an over-cap case that exists or still binds raises PL003, a case of the same digest PL005,
-- one that would be more than its line or its entity may have open PL006. Who opens a case of the same line or entity
-- waits for the other's commit, so that the count, of a later statement, sees it: 64 at once do not pass the quota.
-- A row that names the case it `joins` opens none: it is counted there, or raises PL004 where that closed meanwhile.
create function placet_open(p_cases jsonb, p_at timestamptz) returns void language plpgsql volatile as $$
declare n int; twin text;
begin
  if p_cases @? '$[*].joins' then
    perform placet_join(p_cases, p_at);
    p_cases := jsonb_path_query_array(p_cases, '$[*] ? (!exists(@.joins))');
  end if;
  if exists (select 1 from jsonb_to_recordset(p_cases) as c(cap_key text)
      join reviews_escalation e on e.cap_key = c.cap_key
      where e.state = 'open' or e.cap_frees_at > p_at) then
    raise exception 'this budget has its case' using errcode = 'PL003';
  end if;
  -- whose time is over waits for nobody, though it is not written down yet
  update reviews_escalation e set digest = null
    from jsonb_to_recordset(p_cases) as c(digest text)
    where e.digest = decode(c.digest, 'hex') and e.state = 'open' and e.deadline <= p_at
      and placet_case_due(e.id, p_at) <= p_at;
  perform pg_advisory_xact_lock(12, place) from (
    select distinct hashtext(each) as place
      from jsonb_to_recordset(p_cases) as c(line uuid, whom text), unnest(array[c.line::text, c.whom]) each
      where each is not null order by 1) l;
  insert into reviews_escalation (id, action_id, state, opened_by, opened_at, deadline, rank, sort_key,
      action_type_id, domain_id, risk, owners, entity, line_id, digest, cap_key, cap_frees_at, snapshot_id)
    select e.id, e.action, 'open', e.opened_by, p_at, to_timestamp(e.deadline), e.rank,
      e.sort_key, a.action_type_id, p.parent_id, e.risk,
      array(select distinct o.owner_id from governance_agent o where o.id = any(a.agent_id || a.chain) order by 1),
      a.entity, e.line, decode(e.digest, 'hex'), e.cap_key, to_timestamp(e.cap_frees_at),
      (select max(s.id) from governance_snapshot s where s.action_id = e.action)
    from (select c.*, row_number() over (partition by c.line) as of_line, row_number() over (partition by c.whom) as of_whom
      from jsonb_to_recordset(p_cases) as c(id uuid, action uuid, opened_by text, deadline double precision,
        rank smallint, risk smallint, sort_key bigint, digest text, cap_key text, cap_frees_at double precision,
        line uuid, line_most bigint, whom text, whom_most bigint, type_most bigint)) e
    join governance_action a on a.id = e.action
    join governance_agent ag on ag.id = a.agent_id
    join governance_scope p on p.id = ag.project_id
    where placet_open_of_line(e.line, e.line_most, p_at) + e.of_line <= e.line_most
      and case when e.type_most is null then true
        else placet_open_of_type(e.line, a.action_type_id, e.type_most, p_at) + e.of_line <= e.type_most end
      and case when e.whom is null then true
        else placet_open_of_entity(e.whom, p.parent_id, e.whom_most, p_at) + e.of_whom <= e.whom_most end
    on conflict do nothing;
  get diagnostics n = row_count;
  if n < jsonb_array_length(p_cases) then
    select e.id || case when e.snapshot_id is null then ' checking' else ' pending' end into twin
      from reviews_escalation e join jsonb_to_recordset(p_cases) as c(digest text) on e.digest = decode(c.digest, 'hex')
      where e.state = 'open' limit 1;
    if twin is not null then raise exception '%', twin using errcode = 'PL005'; end if;
    if exists (select 1 from jsonb_to_recordset(p_cases) as c(cap_key text)
        join reviews_escalation e on e.cap_key = c.cap_key and e.state = 'open') then
      raise exception 'this budget has its case' using errcode = 'PL003';
    end if;
    raise exception '%', case when exists (select 1 from jsonb_to_recordset(p_cases) as c(line uuid, line_most bigint)
        where placet_open_of_line(c.line, c.line_most, p_at) >= c.line_most) then 'line'
      when exists (select 1 from jsonb_to_recordset(p_cases) as c(action uuid, line uuid, type_most bigint)
        join governance_action a on a.id = c.action
        where placet_open_of_type(c.line, a.action_type_id, c.type_most, p_at) >= c.type_most) then 'type'
      else 'entity' end
      using errcode = 'PL006';
  end if;
end $$;

-- What joins an open case. Its row is locked by the count, so a verdict stands wholly before or wholly after.
create function placet_join(p_cases jsonb, p_at timestamptz) returns void language plpgsql volatile as $$
declare n int;
begin
  update reviews_escalation e set repeats = e.repeats + j.more
    from (select c.joins, count(*)::int as more from jsonb_to_recordset(p_cases) as c(joins uuid)
      where c.joins is not null group by 1) j
    where e.id = j.joins and e.state = 'open' and (e.deadline > p_at or placet_case_due(e.id, p_at) > p_at);
  get diagnostics n = row_count;
  if n < (select count(distinct c.joins) from jsonb_to_recordset(p_cases) as c(joins uuid)) then
    raise exception 'the case was closed' using errcode = 'PL004';
  end if;
  insert into reviews_repeat (escalation_id, action_id, at)
    select c.joins, c.action, p_at from jsonb_to_recordset(p_cases) as c(joins uuid, action uuid)
    where c.joins is not null;
end $$;
