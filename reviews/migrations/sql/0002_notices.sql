-- What people are to be told of is written with it, in the statement that makes it: nothing is told that did not happen,
-- and nothing that happened is forgotten. For each row, so that a decision that opens no case pays nothing.
create function placet_occasion_of_case() returns trigger language plpgsql as $$
begin
  insert into reviews_occasion (case_id, stage, due_at) values (new.id, 0, new.opened_at);
  return null;
end $$;
create trigger occasion_of_case after insert on reviews_escalation for each row
  when (new.state = 'open') execute function placet_occasion_of_case();
alter table reviews_escalation enable always trigger occasion_of_case;

-- Of what ran by itself at medium risk the digest tells: its alerts cost nothing here.
create function placet_occasion_of_alert() returns trigger language plpgsql as $$
begin
  insert into reviews_occasion (alert_id, stage, due_at) values (new.id, 0, new.raised_at);
  return null;
end $$;
create trigger occasion_of_alert after insert on reviews_alert for each row
  when (new.kind <> 'medium_execution') execute function placet_occasion_of_alert();
alter table reviews_alert enable always trigger occasion_of_alert;

-- A notice is about what it was about when it was written, and so is each of its channels; what was sent stays sent.
create function placet_delivery_kept() returns trigger language plpgsql as $$
begin
  if (new.id, new.notice_id, new.channel) is distinct from (old.id, old.notice_id, old.channel)
    or old.state in ('sent', 'skipped')
  then
    raise exception 'what was sent or left out stays so' using errcode = 'PL014';
  end if;
  return new;
end $$;
create trigger delivery_kept before update on reviews_delivery for each row execute function placet_delivery_kept();
alter table reviews_delivery enable always trigger delivery_kept;

select placet_append_only('reviews_notice');
select placet_governed('reviews_preference');
