-- What the queue asks for, in the row of every case that was opened before. Nobody decided anything by it, so it is
-- no change of the ledger's.
alter table reviews_escalation disable trigger needs_entry;
update reviews_escalation e set action_type_id = a.action_type_id, domain_id = p.parent_id,
    risk = (select d.effective_risk from governance_decision d where d.action_id = a.id), entity = a.entity,
    owners = array(select distinct o.owner_id from governance_agent o where o.id = any(a.agent_id || a.chain) order by 1)
  from governance_action a
  join governance_agent ag on ag.id = a.agent_id
  join governance_scope p on p.id = ag.project_id
  where a.id = e.action_id;
alter table reviews_escalation enable always trigger needs_entry;
