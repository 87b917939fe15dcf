-- The records that are a person's own are governed like their mandate.
select placet_governed('governance_account');

-- A revoked key never comes back, nothing lengthens the life of one, and who issued it stays who did.
create or replace function placet_key_spent() returns trigger language plpgsql as $$
begin
  if new.revoked_at is distinct from old.revoked_at and old.revoked_at is not null
    or coalesce(new.expires_at, 'infinity') > coalesce(old.expires_at, 'infinity')
    or (new.agent_id, new.prefix, new.digest, new.created_at, new.ends_by, new.replaces_id, new.request_key,
        new.issued_by_id)
       is distinct from
       (old.agent_id, old.prefix, old.digest, old.created_at, old.ends_by, old.replaces_id, old.request_key,
        old.issued_by_id)
  then
    raise exception 'a key belongs to one agent, is revoked once and never lives longer' using errcode = 'PL016';
  end if;
  return new;
end $$;
