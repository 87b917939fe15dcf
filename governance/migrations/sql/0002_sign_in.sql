-- Who loses authority loses the browsers in which they are signed in, and the cases they hold, at the same commit.

select placet_governed('governance_invitation');
select placet_governed('governance_identity');

-- Names whoever waits for it: the verbs call it, and so do the guards below, whoever writes.
create function placet_sign_out(p_person integer) returns integer language plpgsql volatile as $$
declare released integer;
begin
  delete from governance_session where person_id = p_person;
  -- in one order, so that two of these never wait for each other
  perform 1 from reviews_escalation where taken_by_id = p_person and state = 'open' order by id for no key update;
  update reviews_escalation set taken_by_id = null, taken_until = null
    where taken_by_id = p_person and state = 'open' and taken_until > clock_timestamp();
  get diagnostics released = row_count;
  return released;
end $$;

create function placet_person_lowered() returns trigger language plpgsql as $$
begin
  perform placet_sign_out(old.id);
  return null;
end $$;
create trigger signed_out after update on auth_user for each row
  when (old.is_active and not new.is_active) execute function placet_person_lowered();
alter table auth_user enable always trigger signed_out;

-- A password that is only hashed anew while its owner signs in is changed too: no case is given back for that.
create function placet_password_changed() returns trigger language plpgsql as $$
begin
  delete from governance_session where person_id = old.id;
  return null;
end $$;
create trigger password_changed after update on auth_user for each row
  when (new.password is distinct from old.password) execute function placet_password_changed();
alter table auth_user enable always trigger password_changed;

create function placet_member_left() returns trigger language plpgsql as $$
begin
  perform placet_sign_out(old.user_id);
  return null;
end $$;
create trigger member_left after delete or update on auth_user_groups for each row
  execute function placet_member_left();
alter table auth_user_groups enable always trigger member_left;

create function placet_mandate_lowered() returns trigger language plpgsql as $$
begin
  perform placet_sign_out(old.reviewer_id);
  return null;
end $$;
create trigger mandate_ended after delete on governance_mandate for each row
  execute function placet_mandate_lowered();
create trigger mandate_lowered after update on governance_mandate for each row
  when (new.rank < old.rank or new.max_risk < old.max_risk or new.money_limit < old.money_limit
    or new.reviewer_id <> old.reviewer_id)
  execute function placet_mandate_lowered();
alter table governance_mandate enable always trigger mandate_ended;
alter table governance_mandate enable always trigger mandate_lowered;

-- A type that a mandate no longer reaches: its cases go back. Looked at when the transaction ends, as one that names
-- several types may name them in any order; without any name it reaches every type.
create function placet_qualification_ended() returns trigger language plpgsql as $$
declare whose integer := (select m.reviewer_id from governance_mandate m where m.id = coalesce(new.mandate_id, old.mandate_id));
  named bigint[] := array(select q.action_type_id from governance_qualification q
    where q.mandate_id = coalesce(new.mandate_id, old.mandate_id));
  reached bigint[] := array(select q.action_type_id from governance_qualification q
    where q.mandate_id = coalesce(new.mandate_id, old.mandate_id) and coalesce(q.expires_at, 'infinity') > clock_timestamp());
begin
  if named = '{}' then
    return null;
  end if;
  perform 1 from reviews_escalation where taken_by_id = whose and state = 'open' and action_type_id <> all(reached)
    order by id for no key update;
  update reviews_escalation set taken_by_id = null, taken_until = null
    where taken_by_id = whose and state = 'open' and taken_until > clock_timestamp() and action_type_id <> all(reached);
  return null;
end $$;
create constraint trigger qualification_ended after insert or update or delete on governance_qualification
  deferrable initially deferred for each row execute function placet_qualification_ended();
alter table governance_qualification enable always trigger qualification_ended;

-- An invitation is closed once; its terms are fixed.
create function placet_invitation_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.closed_at is not null or new.closed_at is null
    or (new.person_id, new.token_hash, new.made_at, new.expires_at)
       is distinct from (old.person_id, old.token_hash, old.made_at, old.expires_at)
  then
    raise exception 'an invitation is closed once and its terms are fixed' using errcode = 'PL013';
  end if;
  return new;
end $$;
create trigger invitation_kept before update or delete on governance_invitation for each row
  execute function placet_invitation_kept();
alter table governance_invitation enable always trigger invitation_kept;
