-- Whom a ledger entry is about. The bytes are RFC 8785 in UTF-8 by the one function that appends them.
create function placet_entry_agent(p_body bytea) returns text language sql immutable parallel safe as $$
  select convert_from(p_body, 'UTF8')::jsonb->>'agent'
$$;

-- What changed a level or a standing of an agent, newest first: few of all entries.
create index ledger_of_agent on governance_ledgerentry (placet_entry_agent(body), seq desc)
  where kind in ('permission_set', 'permission_revoked', 'level_lowered', 'standing_pulled', 'standing_restored');
create index alert_red_of_agent on reviews_alert (agent_id, id desc) where kind = 'red';
