-- The first use of each key: whoever got no answer with a key in it never used one. A note of the server, no change of
-- authority, so it needs no entry; it is written once and stays.
create table governance_keyuse (
  key_id bigint primary key references governance_agentkey (id),
  first_used_at timestamptz not null default clock_timestamp()
);
select placet_append_only('governance_keyuse');

-- The pace of every other call: ten times that of requests, and as often as ten times a second at least. Unlogged like
-- the other: a crash forgets some seconds.
create unlogged table governance_callrate (agent_id uuid primary key, tat timestamptz not null) with (fillfactor = 50);

-- Who holds a live key, and how many seconds it must wait: 0 when this call was counted. No row for any other key.
create function placet_called(p_key bytea) returns table (agent uuid, name text, wait int)
language plpgsql volatile as $$
declare h record;
begin
  select k.id, k.agent_id, ag.name, interval '1 minute' / greatest(10 * ag.requests_per_minute, 600) as gap, r.tat,
      u.key_id is not null as used
    into h
    from governance_agentkey k join governance_agent ag on ag.id = k.agent_id
    left join governance_callrate r on r.agent_id = ag.id
    left join governance_keyuse u on u.key_id = k.id
    where k.digest = p_key and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp());
  if not found then return; end if;
  if not h.used then
    insert into governance_keyuse (key_id) values (h.id) on conflict do nothing;
  end if;
  insert into governance_callrate as r (agent_id, tat) values (h.agent_id, clock_timestamp() + h.gap)
    on conflict (agent_id) do update set tat = greatest(r.tat, clock_timestamp()) + h.gap
    where r.tat <= clock_timestamp() + placet_burst(h.gap);
  return query select h.agent_id, h.name::text,
    case when found then 0 else greatest(1, ceil(extract(epoch from h.tat - clock_timestamp() - placet_burst(h.gap))))::int end;
end $$;
