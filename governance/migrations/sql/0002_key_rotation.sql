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
