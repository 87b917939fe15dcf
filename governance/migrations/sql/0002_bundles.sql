-- Guards of policy bundles. Who activates is not who proposed (check constraints of the table), what a version
-- says never changes, and whatever changes what governs is seen by every decision that has not committed yet.
select placet_governed('governance_bundle');
select placet_governed('governance_bundleversion');
select placet_append_only('governance_shadow');

create function placet_version_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a version of a bundle is never deleted' using errcode = 'PL040';
  elsif tg_op = 'INSERT' then
    if new.state <> 'proposed' then
      raise exception 'a version of a bundle begins as proposed' using errcode = 'PL040';
    end if;
    return new;
  end if;
  if (new.bundle_id, new.number, new.files, new.digest, new.report)
      is distinct from (old.bundle_id, old.number, old.files, old.digest, old.report) then
    raise exception 'what a version of a bundle says never changes' using errcode = 'PL040';
  end if;
  if new.state <> old.state
      and (old.state, new.state) not in (('proposed', 'active'), ('active', 'retired'), ('retired', 'proposed')) then
    raise exception 'a % version does not become %', old.state, new.state using errcode = 'PL040';
  end if;
  if (new.proposed_by, new.proposed_at) is distinct from (old.proposed_by, old.proposed_at)
      and (old.state, new.state) is distinct from ('retired', 'proposed') then
    raise exception 'who proposed a version stays' using errcode = 'PL040';
  end if;
  return new;
end $$;
create trigger version_fixed before insert or update or delete on governance_bundleversion
  for each row execute function placet_version_fixed();
alter table governance_bundleversion enable always trigger version_fixed;

create function placet_policy_moved() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7);
  -- a time, so that no revision is ever used twice: what a process knows under one is never another policy
  update governance_instance set authority_epoch = authority_epoch + 1,
    policy_revision = greatest(policy_revision + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint);
  return new;
end $$;
create trigger policy_moved before update on governance_bundleversion for each row
  when (new.shadow <> old.shadow or (new.state <> old.state and 'active' in (new.state, old.state)))
  execute function placet_policy_moved();
alter table governance_bundleversion enable always trigger policy_moved;
