-- What reviewers read for an agent: the name that a person gave it or, of one that an agent registered, numbers below
-- the nearest that a person named. "Sub-agent 2.1" is the first of the second. No other reader prints a name.
create function placet_named(p_agent governance_agent) returns text language plpgsql stable as $$
declare above governance_agent := p_agent; path text;
begin
  while above.number is not null loop
    path := above.number || coalesce('.' || path, '');
    select * into above from governance_agent where id = above.parent_id;
  end loop;
  return case when path is null then above.name else 'sub-agent ' || path || ' of ' || above.name end;
end $$;

-- A number is given once: the pages of yesterday mean the same agent tomorrow.
create function placet_number_kept() returns trigger language plpgsql as $$
begin
  raise exception 'the number of a sub-agent is never changed' using errcode = 'PL013';
end $$;
create trigger number_kept before update on governance_agent for each row
  when (new.number is distinct from old.number or old.number is not null and new.parent_id is distinct from old.parent_id)
  execute function placet_number_kept();
alter table governance_agent enable always trigger number_kept;
