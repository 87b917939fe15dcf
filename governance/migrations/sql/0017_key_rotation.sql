-- A revoked key never comes back, and nothing lengthens the life of one.
create or replace function placet_key_spent() returns trigger language plpgsql as $$
begin
  if new.revoked_at is distinct from old.revoked_at and old.revoked_at is not null
    or coalesce(new.expires_at, 'infinity') > coalesce(old.expires_at, 'infinity')
    or (new.agent_id, new.prefix, new.digest, new.created_at, new.ends_by, new.replaces_id, new.request_key)
       is distinct from
       (old.agent_id, old.prefix, old.digest, old.created_at, old.ends_by, old.replaces_id, old.request_key)
  then
    raise exception 'a key belongs to one agent, is revoked once and never lives longer' using errcode = 'PL016';
  end if;
  return new;
end $$;

-- A successor is of the same agent, of a live key whose own predecessor is dead, and ends when a person said.
create function placet_key_follows() returns trigger language plpgsql as $$
declare former governance_agentkey;
begin
  select * into former from governance_agentkey where id = new.replaces_id;
  if former.agent_id <> new.agent_id or new.expires_at is null or new.ends_by is distinct from former.ends_by
    or new.expires_at > new.ends_by
    or former.revoked_at is not null or former.expires_at <= clock_timestamp()
    or exists (select 1 from governance_agentkey k
      where k.id = former.replaces_id and k.revoked_at is null and k.expires_at > clock_timestamp())
  then
    raise exception 'a key follows a live one of its agent, and of one line two live' using errcode = 'PL016';
  end if;
  return new;
end $$;
create trigger key_follows before insert on governance_agentkey for each row when (new.replaces_id is not null)
  execute function placet_key_follows();
alter table governance_agentkey enable always trigger key_follows;
