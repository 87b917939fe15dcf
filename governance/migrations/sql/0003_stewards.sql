-- Who may lower a ceiling is authority: no row of it changes without a ledger entry, and the enterprise has none.
select placet_governed('governance_steward');

create function placet_steward_below() returns trigger language plpgsql as $$
begin
  if exists (select 1 from governance_scope where id = new.scope_id and kind = 'enterprise') then
    raise exception 'the enterprise belongs to the council' using errcode = 'PL019';
  end if;
  return new;
end $$;
create trigger steward_below before insert or update on governance_steward
  for each row execute function placet_steward_below();
alter table governance_steward enable always trigger steward_below;
