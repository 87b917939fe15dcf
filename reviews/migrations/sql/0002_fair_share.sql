-- How many cases of a line are open, counted no further than p_most. Whose time is over holds no place, though nobody has
-- written down yet that it expired.
create function placet_open_of_line(p_line uuid, p_most bigint, p_at timestamptz) returns bigint language sql stable as $$
  select count(*) from (select 1 from reviews_escalation e where e.line_id = p_line and e.state = 'open'
    and (e.deadline > p_at or placet_case_due(e.id, p_at) > p_at) limit p_most) c
$$;

-- The same of one action type, among what the line has open.
create function placet_open_of_type(p_line uuid, p_type bigint, p_most bigint, p_at timestamptz) returns bigint
language sql stable as $$
  select count(*) from (select 1 from reviews_escalation e where e.line_id = p_line and e.state = 'open'
    and e.action_type_id = p_type and (e.deadline > p_at or placet_case_due(e.id, p_at) > p_at) limit p_most) c
$$;

-- The same of what one domain has open about one entity: its id means something else in another domain.
create function placet_open_of_entity(p_entity text, p_domain bigint, p_most bigint, p_at timestamptz) returns bigint
language sql stable as $$
  select count(*) from (select 1 from reviews_escalation e where e.entity = p_entity and e.entity <> '' and e.state = 'open'
    and e.domain_id is not distinct from p_domain
    and (e.deadline > p_at or placet_case_due(e.id, p_at) > p_at) limit p_most) c
$$;
