-- A request for a binding is written once, with its ledger entry, and only for a type that has none.
select placet_append_only('reviews_bindingrequest');
select placet_governed('reviews_bindingrequest');

create function placet_only_unbound() returns trigger language plpgsql as $$
begin
  -- saving a binding locks this row as well: the request stands wholly before or wholly after
  perform 1 from governance_actiontype where id = new.action_type_id for share;
  if exists (select 1 from governance_binding where action_type_id = new.action_type_id) then
    raise exception 'this action type is bound' using errcode = 'PL017';
  end if;
  return new;
end $$;
create trigger only_unbound before insert on reviews_bindingrequest for each row
  execute function placet_only_unbound();
alter table reviews_bindingrequest enable always trigger only_unbound;
