-- The lock of the standing of an agent, shared, and that of everybody above it: in the order of their ids, as the
-- writers of standings take it. Many may judge at once; whoever turns a latch waits for them.
create function placet_share_standing(p_agent uuid, p_ticket uuid) returns void language sql volatile as $$
  select pg_advisory_xact_lock_shared(10, hashtext(l.id::text)) from (
    select id from unnest(p_agent || placet_lineage(p_agent, p_ticket)) id order by id) l
$$;
