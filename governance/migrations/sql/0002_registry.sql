-- Guards of the registry that the verbs keep too: names, membership of groups, halts, keys.

-- People's groups are authority: `is_superuser` means nothing, membership means everything.
insert into auth_group (name) values ('reviewer'), ('council'), ('auditor'), ('operator')
  on conflict (name) do nothing;
select placet_governed('auth_user_groups');

create function placet_person_named_once() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger names people by user name: it is never changed' using errcode = 'PL014';
end $$;
create trigger named_once before update on auth_user for each row
  when (new.username is distinct from old.username) execute function placet_person_named_once();
alter table auth_user enable always trigger named_once;
create constraint trigger activity_needs_entry after update on auth_user
  deferrable initially deferred for each row
  when (new.is_active is distinct from old.is_active) execute function placet_needs_entry();
alter table auth_user enable always trigger activity_needs_entry;

-- Names stand on reviewer pages: plain ASCII, so that no two of them look alike by their letters.
alter table governance_agent add constraint agent_name_is_plain check
  (octet_length(name) <= 80 and name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*( [A-Za-z0-9._-]+)*$');
alter table governance_scope add constraint scope_name_is_plain check
  (octet_length(name) <= 80 and name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*( [A-Za-z0-9._-]+)*$');
alter table governance_scope add constraint scope_key_is_plain check
  (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$');
create unique index scope_name_is_unique_below_its_parent
  on governance_scope (coalesce(parent_id, 0), lower(name));

-- A halt is kept for ever; all that may change is that it is lifted, once, and that its recovery ends earlier.
create function placet_halt_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'a halt is never deleted' using errcode = 'PL015'; end if;
  if new.lifted_at is null or new.lifted_by = ''
    or new.recovery_seconds is null or new.recovers_until is null or new.recovers_until < new.lifted_at
    or (new.target, new.key, new.reason, new.halted_at, new.halted_by)
       is distinct from (old.target, old.key, old.reason, old.halted_at, old.halted_by)
  then
    raise exception 'a halt is only ever lifted, once, by somebody' using errcode = 'PL015';
  end if;
  if old.lifted_at is not null and (new.recovers_until >= old.recovers_until
    or (new.lifted_at, new.lifted_by, new.recovery_seconds)
       is distinct from (old.lifted_at, old.lifted_by, old.recovery_seconds))
  then
    raise exception 'of a lifted halt only the recovery ends earlier' using errcode = 'PL015';
  end if;
  return new;
end $$;
create trigger halt_kept before update or delete on governance_halt for each row
  execute function placet_halt_kept();
alter table governance_halt enable always trigger halt_kept;

-- A revoked key ends with the decisions that have not committed yet and never comes back; nothing lengthens the life
-- of one, and who issued it stays who did.
create function placet_key_spent() returns trigger language plpgsql as $$
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
create trigger key_spent before update on governance_agentkey for each row
  execute function placet_key_spent();
alter table governance_agentkey enable always trigger key_spent;
create trigger revoke_key before update on governance_agentkey for each row
  when (new.revoked_at is distinct from old.revoked_at or new.expires_at is distinct from old.expires_at)
  execute function placet_bump_epoch();
alter table governance_agentkey enable always trigger revoke_key;
