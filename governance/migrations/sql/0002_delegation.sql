-- Delegation. A ticket lets one agent act for another; a chain has no cycle and no ninth link, whether its
-- links are registered or tickets. Advisory lock 8 is the lock of chains: two edits that would close a
-- cycle together must see each other.

alter table governance_action alter column chain set default '{}', alter column parent_span set default '';
alter table governance_agent alter column shared set default false;

select placet_governed('governance_ticket');
create trigger never_deleted before delete or truncate on governance_ticket for each statement
  execute function placet_refuse_delete();
alter table governance_ticket enable always trigger never_deleted;

-- The agents above one, nearest first: those it is registered under, then who gave the ticket and those above
-- them, then who gave the ticket which that one rests on. Whether the tickets are in force is asked elsewhere.
create function placet_lineage(p_agent uuid, p_ticket uuid) returns uuid[] language sql stable as $$
  with recursive link as (
    select k.parent_id as id, k.via_id, 1 as place from governance_ticket k where k.id = p_ticket
    union all
    select k.parent_id, k.via_id, link.place + 1 from governance_ticket k join link on k.id = link.via_id
      where link.place < 9
  ), up as (
    select s.id, s.place, 0 as depth from (select p_agent as id, 0 as place union all select id, place from link) s
    union all
    select ag.parent_id, up.place, up.depth + 1 from governance_agent ag join up on ag.id = up.id
      where ag.parent_id is not null and up.depth < 9
  )
  select coalesce(array_agg(id order by nearest), '{}') from (
    select id, min(place * 100 + depth) as nearest from up where id <> p_agent group by id) x
$$;

-- Whether this agent may act under this ticket in this action type at this moment: each link is in force, is
-- held by who uses it, covers the type, and leads to an agent that is shared or its own; and the chain is short.
create function placet_ticket_stands(p_ticket uuid, p_agent uuid, p_type bigint, p_at timestamptz)
returns boolean language sql stable as $$
  with recursive link as (
    select k.parent_id, k.child_id, k.via_id, k.action_types, k.revoked_at, k.expires_at, p_agent as held_by, 1 as place
      from governance_ticket k where k.id = p_ticket
    union all
    select k.parent_id, k.child_id, k.via_id, k.action_types, k.revoked_at, k.expires_at, link.parent_id, link.place + 1
      from governance_ticket k join link on k.id = link.via_id where link.place < 9
  )
  select coalesce(bool_and(link.child_id = link.held_by and link.revoked_at is null and link.expires_at > p_at
      and p_type = any(link.action_types) and (c.shared or c.parent_id is not distinct from link.parent_id)), false)
    and cardinality(placet_lineage(p_agent, p_ticket)) <= 7
    from link join governance_agent c on c.id = link.child_id
$$;

-- Everybody whose authority an action uses: its agent, its chain as it was decided, and who is registered above
-- them now. `nearest` orders them, the agent first.
create function placet_people(p_action uuid) returns table (id uuid, nearest bigint) language sql stable as $$
  with recursive up as (
    select s.id, s.place, 0 as depth from (
        select a.agent_id as id, 0::bigint as place from governance_action a where a.id = p_action
        union all
        select c.id, c.place from governance_action a, unnest(a.chain) with ordinality as c(id, place)
          where a.id = p_action) s
    union all
    select ag.parent_id, up.place, up.depth + 1 from governance_agent ag join up on ag.id = up.id
      where ag.parent_id is not null and up.depth < 8
  )
  select up.id, min(up.place * 100 + up.depth) from up group by up.id
$$;

-- Whether neither this ticket nor any that it rests on has ended: no such end is ever taken back.
create function placet_ticket_lasts(p_ticket uuid, p_at timestamptz) returns boolean language sql stable as $$
  with recursive link as (
    select k.via_id, k.revoked_at is null and k.expires_at > p_at as lasts, 1 as place
      from governance_ticket k where k.id = p_ticket
    union all
    select k.via_id, k.revoked_at is null and k.expires_at > p_at, link.place + 1
      from governance_ticket k join link on k.id = link.via_id where link.place < 9
  )
  select bool_and(lasts) from link
$$;

-- Everybody above an agent by registry or by any ticket in force, itself included.
create function placet_over(p_agent uuid, p_at timestamptz) returns setof uuid language sql stable as $$
  with recursive up as (
    select p_agent as id
    union
    select above.id from up, lateral (
      select ag.parent_id as id from governance_agent ag where ag.id = up.id and ag.parent_id is not null
      union all
      select k.parent_id from governance_ticket k
        where k.child_id = up.id and k.revoked_at is null and k.expires_at > p_at
          and (k.via_id is null or placet_ticket_lasts(k.via_id, p_at))
    ) above
  )
  select id from up
$$;

create function placet_ticket_chain() returns trigger language plpgsql as $$
declare above governance_ticket;
begin
  perform pg_advisory_xact_lock(8);
  if new.via_id is not null then
    select * into above from governance_ticket where id = new.via_id;
    if above.child_id is distinct from new.parent_id or above.revoked_at is not null
      or above.expires_at < new.expires_at or not new.action_types <@ above.action_types
    then
      raise exception 'a ticket reaches no further than the one it rests on' using errcode = 'PL012';
    end if;
  end if;
  if new.child_id in (select placet_over(new.parent_id, clock_timestamp())) then
    raise exception 'delegation cycle' using errcode = 'PL012';
  end if;
  return new;
end $$;
create trigger ticket_chain before insert on governance_ticket for each row
  execute function placet_ticket_chain();
alter table governance_ticket enable always trigger ticket_chain;

create function placet_ticket_depth() returns trigger language plpgsql as $$
begin
  if cardinality(placet_lineage(new.child_id, new.id)) > 7 then
    raise exception 'delegation deeper than 8' using errcode = 'PL012';
  end if;
  return null;
end $$;
create trigger ticket_depth after insert on governance_ticket for each row
  execute function placet_ticket_depth();
alter table governance_ticket enable always trigger ticket_depth;

-- agent_chain knows the registry alone: who moves under a parent must not stand above it by a ticket either.
create function placet_agent_ticket_chain() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(8);
  if new.id in (select placet_over(new.parent_id, clock_timestamp())) then
    raise exception 'delegation cycle' using errcode = 'PL012';
  end if;
  return new;
end $$;
create trigger agent_ticket_chain before update on governance_agent for each row
  when (new.parent_id is not null and new.parent_id is distinct from old.parent_id)
  execute function placet_agent_ticket_chain();
alter table governance_agent enable always trigger agent_ticket_chain;

-- A ticket is ended once; nothing else of it changes.
create function placet_ticket_kept() returns trigger language plpgsql as $$
begin
  if old.revoked_at is not null or new.revoked_at is null
    or (new.id, new.parent_id, new.child_id, new.via_id, new.action_types, new.issued_at, new.expires_at,
        new.request_key, new.request_hash)
       is distinct from (old.id, old.parent_id, old.child_id, old.via_id, old.action_types, old.issued_at,
        old.expires_at, old.request_key, old.request_hash)
  then
    raise exception 'a ticket is only ever ended, once' using errcode = 'PL013';
  end if;
  return new;
end $$;
create trigger ticket_kept before update on governance_ticket for each row execute function placet_ticket_kept();
alter table governance_ticket enable always trigger ticket_kept;

-- Both end what somebody may do: seen by every decision that has not committed yet.
create trigger end_ticket before update on governance_ticket for each row
  when (new.revoked_at is distinct from old.revoked_at) execute function placet_bump_epoch();
alter table governance_ticket enable always trigger end_ticket;
create trigger unshare_agent before update on governance_agent for each row
  when (old.shared and not new.shared) execute function placet_bump_epoch();
alter table governance_agent enable always trigger unshare_agent;

-- Under which authority an action was asked is part of what it is.
create function placet_delegation_frozen() returns trigger language plpgsql as $$
begin
  raise exception 'an action is frozen when it is posted' using errcode = 'PL013';
end $$;
create trigger delegation_frozen before update on governance_action for each row
  when ((new.ticket_id, new.chain, new.trace_id, new.parent_span)
    is distinct from (old.ticket_id, old.chain, old.trace_id, old.parent_span))
  execute function placet_delegation_frozen();
alter table governance_action enable always trigger delegation_frozen;

-- The lock of the standing of an agent, shared, and that of everybody above it: in the order of their ids, as the
-- writers of standings take it. Many may judge at once; whoever turns a latch waits for them.
create function placet_share_standing(p_agent uuid, p_ticket uuid) returns void language sql volatile as $$
  select pg_advisory_xact_lock_shared(10, hashtext(l.id::text)) from (
    select id from unnest(p_agent || placet_lineage(p_agent, p_ticket)) id order by id) l
$$;
