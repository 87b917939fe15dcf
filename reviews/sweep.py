"""The verbs that close what time has closed. Statements judge time by themselves; this only writes it down.

Every one takes a bounded batch, skips what another worker holds, and can be run by any number at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from governance import locks, record
from governance.latches import TYPE
from governance.models import Action, ActionState, Grant
from governance.policy.standing import Why
from governance.redden import health_constants, turn_red
from reviews.answers import GRACE
from reviews.cases import counters, locked_action
from reviews.models import Escalation, EscalationState
from reviews.relink import give_back
from reviews.report import close
from reviews.verify import note_report

BY = "system:sweep"
BATCH = 200
# Before that the ring of the opening transaction is probably still on its way.
UNREAD_AFTER = timedelta(seconds=5)

# A frozen case keeps its place in the index. What is halted is read once and kept out by plain comparisons; how long a
# halt froze a case, which walks its chain, is asked of the others alone.
_DUE = """
with halted as materialized (select target, key from governance_halt where lifted_at is null),
  domains as materialized (
    select s.id from halted h join governance_scope s on s.kind = 'domain' and s.key = h.key where h.target = 'domain')
select e.id from (
    select e.id, e.action_id, e.deadline from reviews_escalation e
      join governance_action a on a.id = e.action_id
      join governance_agent ag on ag.id = a.agent_id
      join governance_scope p on p.id = ag.project_id
      where e.state = 'open' and e.deadline <= clock_timestamp()
        and not exists (select 1 from halted where target = 'enterprise')
        and not coalesce(p.parent_id = any(array(select id from domains)), false)
        and not (p.key = any(array(select key from halted where target = 'project')))
        and not (a.action_type_id = any(array(select t.id from governance_actiontype t
          where t.domain_id in (table domains) or t.key in (select key from halted where target = 'action_type'))))
        and not ((a.agent_id || a.chain) && array(select key::uuid from halted where target = 'agent'))
      -- a fence: what is asked of the rows outside is not asked before
      order by e.deadline offset 0) c
  join reviews_escalation e on e.id = c.id and e.state = 'open' and e.deadline <= clock_timestamp()
  where placet_case_due(c.id, clock_timestamp()) <= clock_timestamp()
    and not exists (select 1 from placet_halts_over(c.action_id) where lifted_at is null)
  order by c.deadline limit %s for no key update of e skip locked
"""

# Each half has its index; the conditions stand outside again for a row that was renewed while this waited for it.
_OVERDUE = """
select id from governance_action where state = 'executing'
    and (report_by <= clock_timestamp() or lease_until <= clock_timestamp() - %(grace)s)
    and id in (
      (select id from governance_action where state = 'executing' and report_by <= clock_timestamp()
        order by report_by limit %(most)s)
      union all
      (select id from governance_action where state = 'executing' and lease_until is not null
        and lease_until <= clock_timestamp() - %(grace)s order by lease_until limit %(most)s))
  order by least(report_by, lease_until) limit %(most)s for no key update skip locked
"""

_LAPSED = """
select e.id from governance_grant g
  join reviews_verdict v on v.id = g.verdict_id join reviews_escalation e on e.id = v.escalation_id
  where g.issued_by = 'human' and g.redeemed_at is null and g.voided_at is null and g.closed_at is null
    and g.expires_at <= clock_timestamp()
  order by g.expires_at limit %s for no key update of e skip locked
"""

_UNREAD = """
select id from reviews_escalation
  where state = 'open' and snapshot_id is null and opened_at <= clock_timestamp() - %s
  order by opened_at limit %s
"""


# Two weeks of looking back bound the search; whoever is later than that only keeps a key for longer.
_OLD_KEYS = """
update governance_action set idempotency_key = null where id in (
  select id from governance_action where idempotency_key is not null
    and created_at between clock_timestamp() - interval '21 days' and clock_timestamp() - interval '7 days'
  order by created_at limit %s for no key update skip locked)
"""


@transaction.atomic
def forget_keys(limit: int = BATCH) -> int:
    """Let go of idempotency keys after their week: from then on the same key asks for something new. How many."""
    with connection.cursor() as cursor:
        cursor.execute(_OLD_KEYS, [limit])
        forgotten: int = cursor.rowcount
    if forgotten:
        record.append(event=record.Event.KEYS_FORGOTTEN, actor=BY, body={"actions": forgotten})
    return forgotten


@transaction.atomic
def expire_due(limit: int = BATCH) -> int:
    """Close the cases whose deadline has passed: expiry rejects. None that a halt covers. How many."""
    cases = Escalation.objects.filter(pk__in=_ids(_DUE, [limit])).order_by("deadline", "pk")
    return sum(1 for case in cases if _expire(case))


@transaction.atomic
def abandon_overdue(limit: int = BATCH) -> int:
    """Close the executing actions whose report or checkpoint is overdue as abandoned, a bad mark for their tool.

    How many.
    """
    locks.share_authority()
    overdue = _ids(_OVERDUE, {"most": limit, "grace": GRACE})
    found = Action.objects.filter(pk__in=overdue).annotate(tool=F("action_type__tool"))
    # agent by agent, as every standing is locked; then tool by tool, as the state of each is when this commits
    actions = list(found.order_by("agent_id", "pk"))
    for action in actions:
        _abandon(action)
    for action in sorted(actions, key=attrgetter("tool")):
        note_report(action, good=False)
    return len(actions)


@transaction.atomic
def lapse_unused(limit: int = BATCH) -> int:
    """Close the approvals that nobody picked up in time, and give back what they reserved. How many.

    Such a grant was never redeemed. A token may have been minted when the agent asked for its case: it proves who
    allowed what and allows nothing by itself. So nothing was executed on it, and it is no sign against anybody.
    """
    locks.share_authority()
    cases = _ids(_LAPSED, [limit])
    return sum(1 for case in Escalation.objects.filter(pk__in=cases).order_by("pk") if _lapse(case))


def unread(limit: int = BATCH) -> list[UUID]:
    """The open cases whose record nobody has read yet, oldest first: those whose ring was lost."""
    return _ids(_UNREAD, [UNREAD_AFTER, limit])


def _expire(case: Escalation) -> bool:
    now = locks.database_now()
    action = locked_action(case.action_id)
    action.state = ActionState.REFUSED
    action.save(update_fields=["state"])
    case.state, case.closed_at = EscalationState.EXPIRED.value, now
    case.save(update_fields=["state", "closed_at"])
    body = {"escalation": str(case.pk), "action": str(action.pk), **counters(case)}
    record.append(event=record.Event.CASE_EXPIRED, actor=BY, body=body)
    return True


def _abandon(action: Action) -> None:
    """The one end of what nobody answers for any more, whether its report or its checkpoint is overdue."""
    now = locks.database_now()
    lease = action.lease_until is not None and action.lease_until <= now - GRACE
    execution = close(action, ActionState.ABANDONED.value, now)
    kind = action.action_type_id
    red = turn_red(action.agent_id, f"{TYPE}{kind}", Why.ABANDONED, health_constants(kind))
    body: dict[str, Any] = {"action": str(action.pk), "execution": execution.pk, "standing": red}
    body["overdue"] = "checkpoint" if lease else "report"
    record.append(event=record.Event.ACTION_ABANDONED, actor=BY, body=body)


def _lapse(case: Escalation) -> bool:
    action = locked_action(case.action_id)
    now = locks.database_now()
    unused = Grant.objects.filter(
        action=action, issued_by="human", redeemed_at=None, voided_at=None, closed_at=None, expires_at__lte=now
    ).first()
    if unused is None:
        return False
    unused.closed_at = now
    unused.save(update_fields=["closed_at"])
    action.state = ActionState.NOT_EXECUTED
    action.save(update_fields=["state"])
    body = {"grant": str(unused.pk), "action": str(action.pk), "released": give_back(case, action)}
    case.save(update_fields=["cap_frees_at"])
    record.append(event=record.Event.GRANT_LAPSED, actor=BY, body=body)
    return True


def _ids(sql: str, params: Mapping[str, Any] | Sequence[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]
