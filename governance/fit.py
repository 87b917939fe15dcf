"""Whether an agent may give others work or itself a key: it and everybody above it is active, and nothing is halted."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from governance.problems import Code, Problem

_FIT = """
  with people as (
    select ag.id, ag.state, p.key as project, d.key as domain
      from unnest(placet_lineage(%(agent)s, null) || %(agent)s::uuid) as u(id)
      join governance_agent ag on ag.id = u.id
      join governance_scope p on p.id = ag.project_id left join governance_scope d on d.id = p.parent_id
  )
  select (select bool_and(state = 'active') from people),
    exists (select 1 from governance_halt h where h.lifted_at is null and (h.target = 'enterprise'
      or exists (select 1 from people where (h.target, h.key)
        in (('agent', people.id::text), ('project', people.project), ('domain', people.domain)))))
"""


def require_fit(agent: UUID) -> None:
    """Problems: FORBIDDEN (it, or an agent above it, is not active), HALTED (a halt covers one of them)."""
    with connection.cursor() as cursor:
        cursor.execute(_FIT, {"agent": agent})
        active, halted = cursor.fetchone()
    if not active:
        raise Problem(Code.FORBIDDEN, "This agent, or one above it, is not active.")
    if halted:
        raise Problem(Code.HALTED, "A halt covers this agent or one above it: nothing is given meanwhile.")
