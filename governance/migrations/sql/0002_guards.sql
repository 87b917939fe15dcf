-- Guards of the authority tables. They stand in the database so that the admin, a shell, psql and a
-- future programmer meet the same rule. The number 7 is the one advisory lock of Placet: every
-- transaction that touches budgets, grants or standing takes it shared and first, every halt and
-- narrowing takes it exclusively and first.

-- The ledger ----------------------------------------------------------------------------------
create function placet_ledger_leaf(p_seq bigint, p_at timestamptz, p_kind text, p_actor text, p_body bytea)
returns bytea language sql stable as $$
  select sha256('\x00'::bytea || int8send(p_seq)
    || int8send((extract(epoch from p_at) * 1000000)::bigint)
    || convert_to(p_kind, 'UTF8') || '\x1f'::bytea || convert_to(p_actor, 'UTF8') || '\x1f'::bytea
    || p_body)
$$;

create function placet_seal_leaf() returns trigger language plpgsql as $$
begin
  new.at := clock_timestamp();
  new.leaf := placet_ledger_leaf(new.seq, new.at, new.kind, new.actor, new.body);
  -- remembered for placet_needs_entry below, for the length of this transaction only
  perform set_config('placet.ledgered', pg_current_xact_id()::text, true);
  return new;
end $$;
create trigger ledger_leaf before insert on governance_ledgerentry
  for each row execute function placet_seal_leaf();
alter table governance_ledgerentry enable always trigger ledger_leaf;
-- no statement brings its own number; Django asked for one by default only
alter table governance_ledgerentry alter column seq set generated always;
alter table governance_ledgerentry add constraint ledger_parts_are_framed
  check (position(chr(31) in kind) = 0 and position(chr(31) in actor) = 0);

-- The ids that an entry names anywhere in its body: who searches by one reads what names it, and not the ledger. Of
-- decisions, the many, an index would cost each of them: those are found by the time of their action.
create function placet_entry_ids(p_body bytea) returns text[] language sql immutable parallel safe as $$
  select array(select m[1] from regexp_matches(convert_from(p_body, 'UTF8'),
    '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'g') m)
$$;
create index ledger_names on governance_ledgerentry using gin (placet_entry_ids(body)) where kind <> 'action_decided';
create index ledger_decided_at on governance_ledgerentry (at) where kind = 'action_decided';

create function placet_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'PL010';
end $$;

create function placet_append_only(p_table regclass) returns void language plpgsql as $$
begin
  execute format('create trigger append_only before update or delete or truncate on %s
    for each statement execute function placet_refuse_change()', p_table);
  execute format('alter table %s enable always trigger append_only', p_table);
end $$;
select placet_append_only(t::regclass) from unnest(array['governance_ledgerentry',
  'governance_decision', 'governance_execution', 'governance_refusal', 'governance_breach',
  'governance_snapshot', 'governance_fact', 'governance_toolreading', 'governance_sealedtext',
  'governance_daykey']) t;

-- A governed row may not be committed without a ledger entry in the same transaction ------------
create function placet_needs_entry() returns trigger language plpgsql as $$
begin
  if current_setting('placet.ledgered', true) is distinct from pg_current_xact_id()::text then
    raise exception '% of % has no ledger entry in its transaction', tg_op, tg_table_name
      using errcode = 'PL011';
  end if;
  return null;
end $$;

create function placet_governed(p_table regclass) returns void language plpgsql as $$
begin
  execute format('create constraint trigger needs_entry after insert or update or delete on %s
    deferrable initially deferred for each row execute function placet_needs_entry()', p_table);
  execute format('alter table %s enable always trigger needs_entry', p_table);
end $$;
select placet_governed(t::regclass) from unnest(array['governance_instance', 'governance_scope',
  'governance_agent', 'governance_agentkey', 'governance_actiontype', 'governance_binding',
  'governance_permission', 'governance_mandate', 'governance_halt', 'governance_action',
  'governance_execution', 'governance_breach', 'governance_grant', 'governance_snapshot',
  'governance_daykey']) t;
-- A decision is written once, beside its action; a reservation with its decision or its grant.
create constraint trigger needs_entry after update or delete on governance_reservation
  deferrable initially deferred for each row execute function placet_needs_entry();
alter table governance_reservation enable always trigger needs_entry;

-- Narrowing is seen by every decision that has not committed yet --------------------------------
create function placet_bump_epoch() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7);
  update governance_instance set authority_epoch = authority_epoch + 1;
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;
create trigger narrow_scope before update on governance_scope for each row
  when (new.ceiling < old.ceiling or new.parent_id is distinct from old.parent_id)
  execute function placet_bump_epoch();
create trigger narrow_agent before update on governance_agent for each row
  when (new.max_tier < old.max_tier or new.state <> old.state
    or new.parent_id is distinct from old.parent_id or new.project_id <> old.project_id)
  execute function placet_bump_epoch();
create trigger narrow_permission before update on governance_permission for each row
  when (new.level < old.level) execute function placet_bump_epoch();
create trigger revoke_permission before delete on governance_permission for each row
  execute function placet_bump_epoch();
create trigger halt_on before insert on governance_halt for each row
  execute function placet_bump_epoch();
create trigger edit_action_type before update on governance_actiontype for each row
  execute function placet_bump_epoch();
create trigger edit_binding before update or delete on governance_binding for each row
  execute function placet_bump_epoch();
alter table governance_scope enable always trigger narrow_scope;
alter table governance_agent enable always trigger narrow_agent;
alter table governance_permission enable always trigger narrow_permission;
alter table governance_permission enable always trigger revoke_permission;
alter table governance_halt enable always trigger halt_on;
alter table governance_actiontype enable always trigger edit_action_type;
alter table governance_binding enable always trigger edit_binding;

-- A child never stands above its parent ---------------------------------------------------------
create function placet_scope_under_parent() returns trigger language plpgsql as $$
declare parent governance_scope;
begin
  if new.parent_id is null then return new; end if;
  -- the share lock makes a concurrent narrowing of the parent and this write wait for each other
  select * into parent from governance_scope where id = new.parent_id for share;
  if (new.kind, parent.kind) not in (('domain', 'enterprise'), ('project', 'domain')) then
    raise exception 'a % cannot stand under a %', new.kind, parent.kind using errcode = 'PL012';
  end if;
  if new.ceiling > parent.ceiling then
    raise exception 'ceiling of % % is above its parent %', new.kind, new.key, parent.key
      using errcode = 'PL012';
  end if;
  return new;
end $$;
create trigger under_parent before insert or update on governance_scope for each row
  execute function placet_scope_under_parent();
alter table governance_scope enable always trigger under_parent;

create function placet_scope_over_children() returns trigger language plpgsql as $$
begin
  if exists (select 1 from governance_scope c join governance_scope p on p.id = c.parent_id
      where p.id = new.id and c.ceiling > p.ceiling) then
    raise exception 'a scope under % % stands above it', new.kind, new.key using errcode = 'PL012';
  end if;
  return null;
end $$;
create constraint trigger over_children after update on governance_scope
  deferrable initially deferred for each row execute function placet_scope_over_children();
alter table governance_scope enable always trigger over_children;

create function placet_agent_chain() returns trigger language plpgsql as $$
declare walk uuid := new.parent_id; steps int := 1; above smallint;
begin
  if new.parent_id is not null then
    perform pg_advisory_xact_lock(8);  -- two edits that close a cycle together must see each other
    select max_tier into above from governance_agent where id = new.parent_id for share;
    if new.max_tier > above then
      raise exception 'a sub-agent cannot stand above its parent' using errcode = 'PL012';
    end if;
  end if;
  while walk is not null loop
    if walk = new.id then raise exception 'delegation cycle' using errcode = 'PL012'; end if;
    steps := steps + 1;
    if steps > 8 then raise exception 'delegation deeper than 8' using errcode = 'PL012'; end if;
    select parent_id into walk from governance_agent where id = walk;
  end loop;
  return new;
end $$;
create trigger agent_chain before insert or update on governance_agent for each row
  execute function placet_agent_chain();
alter table governance_agent enable always trigger agent_chain;

create function placet_agent_over_children() returns trigger language plpgsql as $$
begin
  if exists (select 1 from governance_agent c join governance_agent p on p.id = c.parent_id
      where p.id = new.id and c.max_tier > p.max_tier) then
    raise exception 'a sub-agent of % stands above it', new.name using errcode = 'PL012';
  end if;
  return null;
end $$;
create constraint trigger over_children after update on governance_agent
  deferrable initially deferred for each row execute function placet_agent_over_children();
alter table governance_agent enable always trigger over_children;

-- A grant is used once and never un-used --------------------------------------------------------
create function placet_grant_once() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a grant is never deleted' using errcode = 'PL013'; end if;
  if (old.redeemed_at is not null and new.redeemed_at is distinct from old.redeemed_at)
    or (old.voided_at is not null and new.voided_at is distinct from old.voided_at)
    or (old.closed_at is not null and new.closed_at is distinct from old.closed_at)
    or (new.action_id, new.agent_id, new.digest, new.issued_at, new.not_before, new.expires_at)
       is distinct from (old.action_id, old.agent_id, old.digest, old.issued_at, old.not_before, old.expires_at)
  then
    raise exception 'a grant is used once and its terms are fixed' using errcode = 'PL013';
  end if;
  return new;
end $$;
create trigger grant_once before update or delete on governance_grant for each row
  execute function placet_grant_once();
alter table governance_grant enable always trigger grant_once;

-- Agents and action types are named by actions without a foreign key: they stay.
create function placet_refuse_delete() returns trigger language plpgsql as $$
begin
  raise exception '% is never deleted', tg_table_name using errcode = 'PL013';
end $$;
create trigger never_deleted before delete or truncate on governance_agent for each statement
  execute function placet_refuse_delete();
create trigger never_deleted before delete or truncate on governance_actiontype for each statement
  execute function placet_refuse_delete();
alter table governance_agent enable always trigger never_deleted;
alter table governance_actiontype enable always trigger never_deleted;

create function placet_action_frozen() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'an action is never deleted' using errcode = 'PL013'; end if;
  if (new.agent_id, new.action_type_id, new.body_hash, new.digest, new.run, new.parameters, new.claims)
     is distinct from (old.agent_id, old.action_type_id, old.body_hash, old.digest, old.run, old.parameters, old.claims)
  then
    raise exception 'an action is frozen when it is posted' using errcode = 'PL013';
  end if;
  return new;
end $$;
create trigger action_frozen before update or delete on governance_action for each row
  execute function placet_action_frozen();
alter table governance_action enable always trigger action_frozen;

-- The ring of 61 slots: slot number n lives at index n mod 61 (counted from 0) -------------------
-- Loops count steps: a slot's number does not fit into the integer of a PL/pgSQL loop when slots are short.
create function placet_slot(p_at timestamptz, p_width bigint) returns bigint language sql stable parallel safe as $$
  select floor(extract(epoch from p_at)::double precision * 1000 / p_width)::bigint
$$;

create function placet_ring_live(p_head bigint, p_slots bigint[], p_now bigint)
returns bigint language plpgsql immutable strict parallel safe as $$
-- Everything, less what has left the window since the ring was last turned.
declare total bigint := 0; each bigint;
begin
  foreach each in array p_slots loop total := total + each; end loop;
  for gone in 0..least(p_now - p_head - 1, 60) loop
    total := total - p_slots[mod(p_head - 60 + gone, 61) + 1];
  end loop;
  return total;
end $$;

create function placet_ring_add(p_head bigint, p_slots bigint[], p_to bigint, p_amount bigint)
returns bigint[] language plpgsql immutable parallel safe as $$
declare ring bigint[] := p_slots; place bigint := mod(p_to, 61) + 1;
begin
  if p_to - p_head >= 61 then
    ring := array_fill(0::bigint, array[61]);
  else
    for step in 1..p_to - p_head loop ring[mod(p_head + step, 61) + 1] := 0; end loop;
  end if;
  ring[place] := ring[place] + p_amount;
  return ring;
end $$;

create function placet_ring_frees_at(p_head bigint, p_slots bigint[], p_width bigint, p_now bigint, p_room bigint)
returns timestamptz language plpgsql immutable strict parallel safe as $$
-- The first slot boundary at which what is still live fits in p_room, the cap less the amount.
declare remaining bigint := placet_ring_live(p_head, p_slots, p_now); moment bigint := greatest(p_head, p_now);
  oldest bigint := greatest(p_head, p_now) - 60; slot bigint;
begin
  for step in 0..least(p_head - oldest, 60) loop
    exit when remaining <= p_room;
    slot := oldest + step;
    if p_slots[mod(slot, 61) + 1] > 0 then
      remaining := remaining - p_slots[mod(slot, 61) + 1];
      moment := slot + 61;
    end if;
  end loop;
  return to_timestamp(moment * p_width / 1000.0);
end $$;

-- Django adds a second, pattern index to every unique text column. Nothing here searches by prefix, and on
-- the hot tables each index is paid for by every decision.
do $$
declare i text;
begin
  for i in select indexname from pg_indexes where schemaname = current_schema()
      and tablename in ('governance_budget', 'governance_action', 'governance_agentkey', 'governance_actiontype')
      and indexname like '%\_like' loop
    execute format('drop index %I', i);
  end loop;
end $$;

-- A decision with its inputs is two to four kilobytes. Compressing and moving it aside at the default of
-- two would cost every decision more than the space is worth.
alter table governance_decision set (toast_tuple_target = 8160);
