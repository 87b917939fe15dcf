-- What a reviewer found lacking is written once, with its ledger entry; only its answer comes later, once.
select placet_governed('reviews_lack');
create trigger never_deleted before delete or truncate on reviews_lack for each statement
  execute function placet_refuse_delete();
alter table reviews_lack enable always trigger never_deleted;

create function placet_lack_kept() returns trigger language plpgsql as $$
begin
  if old.answer <> '' or new.answer = ''
    or (new.id, new.escalation_id, new.action_type_id, new.reviewer_id, new.kind, new.field, new.told_at)
       is distinct from (old.id, old.escalation_id, old.action_type_id, old.reviewer_id, old.kind, old.field,
         old.told_at)
  then
    raise exception 'what a screen lacks is answered once and changes in nothing else' using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger lack_kept before update on reviews_lack for each row execute function placet_lack_kept();
alter table reviews_lack enable always trigger lack_kept;
