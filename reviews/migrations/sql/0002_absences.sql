-- An absence is written with its ledger entry; all that may change is that it ends earlier, once.
select placet_governed('reviews_absence');
create trigger never_deleted before delete or truncate on reviews_absence for each statement
  execute function placet_refuse_delete();
alter table reviews_absence enable always trigger never_deleted;

create function placet_absence_kept() returns trigger language plpgsql as $$
begin
  if old.ended_at is not null or new.ended_at is null
    or (new.id, new.person_id, new.begins_at, new.ends_at, new.cover_id, new.set_at)
       is distinct from (old.id, old.person_id, old.begins_at, old.ends_at, old.cover_id, old.set_at)
  then
    raise exception 'an absence ends earlier once and changes in nothing else' using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger absence_kept before update on reviews_absence for each row execute function placet_absence_kept();
alter table reviews_absence enable always trigger absence_kept;
