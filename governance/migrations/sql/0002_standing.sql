-- Guards of the standing: what the verbs keep too.
select placet_governed('governance_standing');
create trigger never_deleted before delete or truncate on governance_standing for each statement
  execute function placet_refuse_delete();
alter table governance_standing enable always trigger never_deleted;

-- Every write gets a number of its own, taken under a lock of the agent that is held until the commit: so of one
-- agent the numbers become visible in their order, and its highest one says that nothing changed since.
create sequence governance_standing_version as bigint;

create function placet_lock_standing(p_agent uuid) returns void language sql volatile as $$
  select pg_advisory_xact_lock(10, hashtext(p_agent::text))
$$;

create function placet_standing_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if (new.agent_id, new.latch) is distinct from (old.agent_id, old.latch) then
      raise exception 'a latch belongs to one agent' using errcode = 'PL018';
    end if;
    -- a strike comes with its red; fewer only by what whole days of green forgive before the next one
    if new.strikes <> old.strikes and (new.red_at is not distinct from old.red_at or new.strikes > old.strikes + 1
        or new.strikes <= old.strikes
          - coalesce(floor(extract(epoch from clock_timestamp() - old.green_since) / 86400), 0)) then
      raise exception 'strikes are not set by hand' using errcode = 'PL018';
    end if;
    if old.pulled_tier is not null and (new.pulled_tier is null or new.pulled_tier > old.pulled_tier)
        and (new.restored_by = '' or new.restored_at is not distinct from old.restored_at) then
      raise exception 'what a person pulled only a person restores' using errcode = 'PL018';
    end if;
  end if;
  if new.pulled_tier is not null and (tg_op = 'INSERT' or old.pulled_tier is null or new.pulled_tier < old.pulled_tier)
  then
    perform pg_advisory_xact_lock(7);
    update governance_instance set authority_epoch = authority_epoch + 1;
  end if;
  perform placet_lock_standing(new.agent_id);
  new.version := nextval('governance_standing_version');
  return new;
end $$;
create trigger standing_kept before insert or update on governance_standing for each row
  execute function placet_standing_kept();
alter table governance_standing enable always trigger standing_kept;

-- Django adds a pattern index to the text column; nothing here searches by prefix.
do $$
declare i text;
begin
  for i in select indexname from pg_indexes where schemaname = current_schema()
      and tablename = 'governance_standing' and indexname like '%\_like' loop
    execute format('drop index %I', i);
  end loop;
end $$;
